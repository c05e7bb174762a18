"""What nothing needs any more."""

from __future__ import annotations

from pkgmgr.install.store import Store
from pkgmgr.install.use import is_used
from pkgmgr.jobs.envs import LoadedEnv
from pkgmgr.jobs.locks import read_lock
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import LockError


def unneeded(workspace: Workspace) -> list[Entry]:
    """Give the installed entries that no lock names, no program runs in and no kept entry needs.

    Those that need others come first.
    """
    installed = {entry.id: entry for entry in Store(home=workspace.home).installed()}
    kept = {name for name, entry in installed.items() if is_used(entry)}
    for env in workspace.catalog.envs():
        loaded = LoadedEnv(env=env, path=workspace.catalog.located("env", env.name).path)
        try:
            lock = read_lock(loaded)
        except LockError:
            # A lock that can't be read may name anything: nothing of it can be told to be unneeded.
            return []
        if lock is not None:
            kept |= {entry.id for part in lock.targets.values() for entry in part.entries}
    kept |= set(_pinned_elsewhere(workspace))
    waiting = [name for name in kept if name in installed]
    while waiting:
        for name in installed[waiting.pop()].deps:
            if name in installed and name not in kept:
                kept.add(name)
                waiting.append(name)
    gone = [entry for name, entry in sorted(installed.items()) if name not in kept]
    return sorted(gone, key=lambda entry: sum(entry.id in other.deps for other in gone))


def _pinned_elsewhere(workspace: Workspace) -> list[str]:
    """Give the ids that locks outside of the catalog name: `sync` notes where those lie."""
    try:
        return (workspace.home / "roots.txt").read_text(encoding="utf-8").split()
    except OSError:
        return []
