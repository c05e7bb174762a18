"""``ckpm lint``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.jobs.linting import lint_catalog, lint_word
from pkgmgr.model.errors import UsageError
from pkgmgr.model.reference import KINDS

EXAMPLES = """
ckpm lint                                     everything that is visible
ckpm lint soft:tool.ninja package:lib-zlib    what is visible under these names
ckpm lint my-softs/tool.ninja/soft.toml       one file
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``lint``."""
    parser.add_argument("words", nargs="*", metavar="WHAT", help="KIND:NAME, documents or their folders; none: all")


def call(options: Namespace) -> Outcome:
    """Check documents and run the recorded cases of softs."""
    workspace = workspace_of(options)
    if options.words:
        problems, checked = [], 0
        for word in _words(options.words):
            found, count = lint_word(workspace, word)
            problems += found
            checked += count
    else:
        problems, checked = lint_catalog(workspace)
    text = "".join(f"{problem}\n" for problem in problems) + f"{checked} checked, {len(problems)} problems\n"
    error = {"code": "failed", "message": f"{len(problems)} problems", "hint": None} if problems else None
    return Outcome(
        data={"checked": checked, "problems": problems}, text=text, exit_code=1 if problems else 0, error=error
    )


def _words(words: list[str]) -> list[str]:
    """Read ``soft tool.ninja tool.meson`` like ``soft:tool.ninja soft:tool.meson``."""
    if words[0] in KINDS and not Path(words[0]).exists():
        if len(words) == 1:
            raise UsageError(f"lint which {words[0]}?", hint=f"ckpm lint {words[0]}:NAME")
        return [word if ":" in word else f"{words[0]}:{word}" for word in words[1:]]
    return words
