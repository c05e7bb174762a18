"""Run by an interpreter that has pip: pip, with environment markers of another machine.

    python pip_solve.py '{"platform_machine": "aarch64", …}' install --dry-run …

pip takes wheels of another machine by ``--platform``, but holds ``; platform_machine == "x86_64"`` against its own.
Works with pip 22.2 to 26. Imports nothing of ckpm.
"""

import importlib
import json
import sys
from typing import Any


def main(markers: str, *arguments: str) -> int:
    """Run pip."""
    module = importlib.import_module("pip._vendor.packaging.markers")  # type: Any
    usual = module.default_environment
    other = json.loads(markers)
    module.default_environment = lambda: dict(usual(), **other)
    return int(importlib.import_module("pip._internal.cli.main").main(list(arguments)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
