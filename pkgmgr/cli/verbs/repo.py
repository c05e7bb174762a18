"""``ckpm repo``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.repositories import repositories_outcome
from pkgmgr.jobs.settings import add_repository, remove_repository
from pkgmgr.model.errors import UsageError

EXAMPLES = """
ckpm repo add ./our-plugins --trust
ckpm repo remove our-plugins
ckpm repo list
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``repo``."""
    parser.add_argument("action", nargs="?", choices=("list", "add", "remove"), default="list")
    parser.add_argument("what", nargs="?", help="a folder to add, or a name to remove")
    parser.add_argument("--name", help="its name; default: the folder's")
    parser.add_argument("--trust", action="store_true", help="let the hooks of its softs run")


def call(options: Namespace) -> Outcome:
    """Show the repositories of softs, packages, envs and targets; add or remove one."""
    workspace = workspace_of(options)
    if options.action == "list":
        return repositories_outcome(workspace)
    if options.what is None:
        what = "which folder" if options.action == "add" else "which repository"
        raise UsageError(f"ckpm repo {options.action}: {what}?", hint="'ckpm repo list' shows those there are")
    if options.action == "add":
        row = add_repository(workspace, Path(options.what), name=options.name, trusted=options.trust)
        return Outcome(data=row, text=f"added {row.name}: {row.path}\n")
    remove_repository(workspace, options.what)
    return Outcome(data=options.what, text=f"removed {options.what}\n")
