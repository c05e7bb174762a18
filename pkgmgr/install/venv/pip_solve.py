"""Run by an interpreter that has pip: pip, with environment markers of another machine.

    python pip_solve.py '{"platform_machine": "aarch64", …}' install --dry-run …

pip takes wheels of another machine by ``--platform``, but holds ``; platform_machine == "x86_64"`` against its own.
Works with pip 22.2 to 26. Imports nothing of ckpm.
"""

import importlib
import json
import sys


def main(markers: str, *arguments: str) -> int:
    """Run pip."""
    module = importlib.import_module("pip._vendor.packaging.markers")
    usual = getattr(module, "default_environment")  # noqa: B009 - a private module, unknown to type checkers
    other = json.loads(markers)
    setattr(module, "default_environment", lambda: dict(usual(), **other))  # noqa: B010
    return int(importlib.import_module("pip._internal.cli.main").main(list(arguments)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
