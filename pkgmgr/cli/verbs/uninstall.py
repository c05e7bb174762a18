"""``ckpm uninstall``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.install.store import Store
from pkgmgr.jobs.exporting import require_entry
from pkgmgr.model.errors import NotFoundError

EXAMPLES = """
ckpm uninstall entry:lib.zlib-1.2.13-8924ddca
ckpm uninstall package:lib-zlib                every version and target of it
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``uninstall``."""
    parser.add_argument("what", nargs="+", metavar="KIND:NAME", help="entries or packages")


def call(options: Namespace) -> Outcome:
    """Remove installed entries; refused while others need them."""
    workspace = workspace_of(options)
    store = Store(home=workspace.home)
    removed = []
    for reference in references_of(options.what, default_kind="entry", kinds=("entry", "package")):
        if reference.kind == "entry":
            found = [require_entry(workspace, reference.name)]
        else:
            workspace.catalog.require_package(reference.name)
            found = [entry for entry in store.installed() if entry.package == reference.name]
            if not found:
                raise NotFoundError(f"{reference.name} is not installed")
        for entry in found:
            store.remove(entry)
            removed.append(entry.id)
    return Outcome(data=removed, text="".join(f"removed {name}\n" for name in removed))
