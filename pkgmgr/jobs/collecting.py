"""What nothing needs any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pkgmgr.install.store import Store
from pkgmgr.install.use import is_used
from pkgmgr.jobs.envs import lock_beside
from pkgmgr.jobs.locks import read_lock_at
from pkgmgr.jobs.served import Served, served_envs
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import LockError


def unneeded(workspace: Workspace) -> list[Entry]:
    """Give the installed entries that no env needs, no program runs in and no kept entry needs.

    Those that need others come first.

    :raises LockError: for a lock that can't be read: it may name anything.
    """
    installed = {entry.id: entry for entry in Store(home=workspace.home).installed()}
    kept = {name for name, entry in installed.items() if is_used(entry)}
    for served in _envs(workspace):
        kept |= _needed(served)
    waiting = [name for name in kept if name in installed]
    while waiting:
        for name in installed[waiting.pop()].deps:
            if name in installed and name not in kept:
                kept.add(name)
                waiting.append(name)
    gone = [entry for name, entry in sorted(installed.items()) if name not in kept]
    return sorted(gone, key=lambda entry: sum(entry.id in other.deps for other in gone))


def _envs(workspace: Workspace) -> Iterator[Served]:
    """Give those of the catalog, which may have a lock that this home never met, and those that were made ready."""
    for env in workspace.catalog.envs():
        yield Served(path=str(workspace.catalog.located("env", env.name).path))
    yield from served_envs(workspace.home)


def _needed(served: Served) -> set[str]:
    """Give the ids that an env's lock names, and of what it was given last for each target.

    The two differ where there is no lock, or where an accepted interpreter carries the locked Python packages.
    """
    path = lock_beside(Path(served.path))
    try:
        lock = read_lock_at(path)
    except LockError as error:
        hint = f"mend {path} or remove it: until then nothing can be said to be unneeded"
        raise LockError(error.message, hint=hint) from error
    given = {name for names in served.made.values() for name in names}
    return given if lock is None else given | {pin.id for part in lock.targets.values() for pin in part.entries}
