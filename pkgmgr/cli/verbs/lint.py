"""``ckpm lint``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.jobs.linting import lint_catalog, lint_file

EXAMPLES = """
ckpm lint                                  everything that is visible
ckpm lint my-softs/tool.ninja/soft.toml    one file
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``lint``."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="documents or their folders; none: all")


def call(options: Namespace) -> Outcome:
    """Check documents and run the recorded cases of softs."""
    workspace = workspace_of(options)
    if options.files:
        problems, checked = [], 0
        for name in options.files:
            found, count = lint_file(workspace, Path(name))
            problems += found
            checked += count
    else:
        problems, checked = lint_catalog(workspace)
    text = "".join(f"{problem}\n" for problem in problems) + f"{checked} checked, {len(problems)} problems\n"
    error = {"code": "failed", "message": f"{len(problems)} problems", "hint": None} if problems else None
    return Outcome(
        data={"checked": checked, "problems": problems}, text=text, exit_code=1 if problems else 0, error=error
    )
