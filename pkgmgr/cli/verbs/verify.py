"""``ckpm verify``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.table import table
from pkgmgr.jobs.drift import entry_state, everything, found_state, verify_target
from pkgmgr.jobs.envs import find_env
from pkgmgr.jobs.exporting import require_entry
from pkgmgr.jobs.locks import locked_target, require_lock
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import IntegrityError
from pkgmgr.model.lock import Drift
from pkgmgr.model.reference import Reference

EXAMPLES = """
ckpm verify                                everything that is installed or was found
ckpm verify env:hello-cross                has anything changed that its lock relies on
ckpm verify env:hello-cross --full         read every file anew
ckpm verify entry:lib.zlib-1.2.13-8924ddca --full
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``verify``."""
    parser.add_argument("what", nargs="*", metavar="KIND:NAME", help="envs or entries; none: all entries")
    parser.add_argument("--full", action="store_true", help="read and hash every file")
    parser.add_argument("--target", metavar="T", help="which part of a lock")


def call(options: Namespace) -> Outcome:
    """Name every difference; exit 5 when there is one that is not accepted."""
    workspace = workspace_of(options)
    references = references_of(options.what, default_kind="env", kinds=("env", "entry"))
    drifts: list[Drift] = []
    for reference in references:
        drifts += _of(workspace, reference, options)
    if not references:
        drifts = everything(workspace, full=options.full)
    return _outcome(drifts)


def _of(workspace: Workspace, reference: Reference, options: Namespace) -> Sequence[Drift]:
    if reference.kind == "env":
        loaded = find_env(workspace, reference)
        lock = require_lock(workspace, loaded, frozen=True)
        target = workspace.catalog.require_target(options.target or workspace.host.target)[0]
        return verify_target(workspace, locked_target(lock, target), full=options.full)
    entry = require_entry(workspace, reference.name)
    if entry.package is None:
        return found_state(workspace, [entry])
    return entry_state(workspace, entry, full=options.full)


def _outcome(drifts: Sequence[Drift]) -> Outcome:
    bad = [drift for drift in drifts if not drift.is_accepted]
    rows = [
        [drift.what, drift.name, drift.before, drift.after, "accepted" if drift.is_accepted else ""] for drift in drifts
    ]
    text = table(rows, head=["DRIFT", "OF", "BEFORE", "NOW"]) if rows else "nothing has changed\n"
    if not bad:
        return Outcome(data=drifts, text=text)
    error = {
        "code": IntegrityError.code,
        "message": f"{len(bad)} difference{'s' if len(bad) != 1 else ''} found",
        "hint": "'ckpm lock' accepts the machine as it is now",
    }
    return Outcome(data=drifts, text=text, exit_code=IntegrityError.exit_code, error=error)
