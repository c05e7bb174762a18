"""Which installed entries a person means to remove, and removing them."""

from __future__ import annotations

from collections.abc import Sequence

from pkgmgr.install.store import Store
from pkgmgr.jobs.detection import fits_target
from pkgmgr.jobs.exporting import require_entry
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import NotFoundError, UsageError
from pkgmgr.model.reference import Reference
from pkgmgr.model.target import ANY
from pkgmgr.model.version import Version


def meant(
    workspace: Workspace, references: Sequence[Reference], *, target: str | None = None, all_builds: bool = False
) -> list[Entry]:
    """Give the installed entries that references name; the packages' by version, variants and target.

    :raises UsageError: when a package has several such builds and not all are asked for.
    :raises NotFoundError: when it has none.
    """
    wanted = str(workspace.catalog.require_target(target)[0]) if target else None
    found: dict[str, Entry] = {}
    for reference in references:
        if reference.kind == "entry":
            entries = [require_entry(workspace, reference.name)]
        else:
            workspace.catalog.require_package(reference.name)
            builds = [entry for entry in Store(home=workspace.home).installed() if entry.package == reference.name]
            entries = _chosen(reference, builds, wanted, all_builds=all_builds)
        found |= {entry.id: entry for entry in entries}
    return list(found.values())


def _chosen(reference: Reference, builds: Sequence[Entry], target: str | None, *, all_builds: bool) -> list[Entry]:
    if not builds:
        raise NotFoundError(f"{reference.name} is not installed", hint="'ckpm list entry' shows what is")
    fitting = [entry for entry in builds if _fits(entry, reference, target)]
    if not fitting:
        wanted = str(reference).partition(":")[2] + (f" for {target}" if target else "")
        raise NotFoundError(f"{wanted} is not installed", hint=f"there is {_list(builds)}")
    if len(fitting) > 1 and not all_builds:
        raise UsageError(
            f"{reference.name} is installed {len(fitting)} times: {_list(fitting)}",
            hint="say which with --target, a version or entry:ID, or give --all",
        )
    return fitting


def _fits(entry: Entry, reference: Reference, target: str | None) -> bool:
    if target is not None and entry.target != ANY and not fits_target(entry.target, target):
        return False
    version = Version(entry.version or "")
    if not reference.range.is_any and not reference.range.admits(version, prereleases=True):
        return False
    made_with = entry.attributes.get("variants")
    variants = made_with if isinstance(made_with, dict) else {}
    return all(variants.get(name) == value for name, value in reference.variants.items())


def _list(entries: Sequence[Entry]) -> str:
    return ", ".join(f"{entry.id} for {entry.target}" for entry in entries)


def remove(workspace: Workspace, entries: Sequence[Entry]) -> list[Entry]:
    """Remove entries, those that need others first, and give those that were still there. Call it within `removing`.

    :raises CkpmError: when an entry that stays needs one of them.
    """
    store = Store(home=workspace.home)
    gone: list[Entry] = []
    waiting = list(entries)
    while waiting:
        needed = {name for entry in waiting for name in entry.deps}
        free = [entry for entry in waiting if entry.id not in needed] or waiting
        gone += [entry for entry in free if store.remove(entry)]
        waiting = [entry for entry in waiting if entry not in free]
    return gone
