"""``ckpm gc``."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.install.leftovers import sweep_leftovers
from pkgmgr.install.store import Store
from pkgmgr.jobs.collecting import unneeded
from pkgmgr.jobs.served import forget_gone

EXAMPLES = """
ckpm gc --dry-run
ckpm gc
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``gc``."""
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be removed")


def call(options: Namespace) -> Outcome:
    """Remove installed entries that no env and no other entry needs, and what failed builds left."""
    workspace = workspace_of(options)
    store = Store(home=workspace.home)
    if options.dry_run:
        found = unneeded(workspace)
    else:
        with store.removing():
            found = [entry for entry in unneeded(workspace) if store.remove(entry)]
            store.staging_area.sweep(kept=True)
            shutil.rmtree(workspace.home / "logs", ignore_errors=True)
            sweep_leftovers()
            forget_gone(workspace.home)
    did = "would remove" if options.dry_run else "removed"
    text = "".join(f"{did} {entry.id}\n" for entry in found) or "nothing to remove\n"
    return Outcome(data=[entry.id for entry in found], text=text)
