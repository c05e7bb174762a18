"""What ``ckpm add`` and ``ckpm remove`` have in common: one env's document, and requirements in it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence

from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.jobs.editing import write_env
from pkgmgr.jobs.envs import LoadedEnv, find_env
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.reference import Reference, parse_reference

Change = Callable[[Workspace, LoadedEnv, Sequence[Reference], str], str]
"""Gives the document's new text for requirements and the glob of targets that they are for."""


def add_requirement_arguments(parser: ArgumentParser) -> None:
    """Add the arguments that say which requirements, of which env."""
    parser.add_argument("what", nargs="+", metavar="KIND:NAME", help="softs (also python.NAME) or packages")
    parser.add_argument("--env", metavar="env:NAME", help="the env; default: the one of this folder")
    parser.add_argument("--target", metavar="GLOB", default="", help="in the section of these targets")


def edit(options: Namespace, change: Change) -> Outcome:
    """Change the env's document and say whether anything became different."""
    workspace = workspace_of(options)
    loaded = find_env(workspace, parse_reference(options.env, kind="env") if options.env else None)
    references = references_of(options.what, default_kind="soft", kinds=("soft", "package"))
    text = change(workspace, loaded, references, options.target)
    did = "changed" if write_env(loaded, text) else "nothing changed in"
    return Outcome(data={"path": str(loaded.path)}, text=f"{did} {loaded.path}\n")
