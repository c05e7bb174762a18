"""``ckpm uninstall``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.install.store import Store
from pkgmgr.jobs.exporting import require_entry
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
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
    with store.removing():
        for entry in _named(workspace, store, options.what):
            if store.remove(entry):
                removed.append(entry.id)
    return Outcome(data=removed, text="".join(f"removed {name}\n" for name in removed))


def _named(workspace: Workspace, store: Store, texts: list[str]) -> list[Entry]:
    found: dict[str, Entry] = {}
    for reference in references_of(texts, default_kind="entry", kinds=("entry", "package")):
        if reference.kind == "entry":
            entries = [require_entry(workspace, reference.name)]
        else:
            workspace.catalog.require_package(reference.name)
            entries = [entry for entry in store.installed() if entry.package == reference.name]
            if not entries:
                raise NotFoundError(f"{reference.name} is not installed")
        found |= {entry.id: entry for entry in entries}
    return list(found.values())
