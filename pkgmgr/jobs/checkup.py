"""What is wrong with this installation of ckpm."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from pkgmgr.install.store import RECORD, Store
from pkgmgr.jobs.drift import entry_state
from pkgmgr.jobs.workspace import Workspace


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was checked."""

    state: str
    """``ok``, ``note`` or ``bad``."""
    subject: str
    message: str


def check_installation(workspace: Workspace) -> list[Finding]:
    """Check the home, the catalog, the store and the programs that fetching needs."""
    return [*_home(workspace), *_catalog(workspace), *_store(workspace), *_clients()]


def _home(workspace: Workspace) -> Iterator[Finding]:
    place = workspace.home
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK):
        yield Finding(state="bad", subject="home", message=f"{workspace.home} can't be written; set CKPM_HOME")
        return
    free = shutil.disk_usage(place).free
    state = "ok" if free > 1 << 30 else "note"
    yield Finding(state=state, subject="home", message=f"{workspace.home}, {free >> 30} GiB free")


def _catalog(workspace: Workspace) -> Iterator[Finding]:
    catalog = workspace.catalog
    counts = f"{len(catalog.softs())} softs, {len(catalog.packages())} packages, {len(catalog.envs())} envs"
    yield Finding(state="ok", subject="catalog", message=f"{counts}, {len(catalog.targets())} targets")
    for problem in catalog.problems:
        yield Finding(state="bad", subject="catalog", message=str(problem.error))
    for clash in catalog.clashes:
        yield Finding(state="note", subject="catalog", message=clash)


def _store(workspace: Workspace) -> Iterator[Finding]:
    store = Store(home=workspace.home)
    entries = store.installed()
    yield Finding(state="ok", subject="store", message=f"{len(entries)} installed entries")
    for entry in entries:
        drifts = entry_state(workspace, entry, full=False)
        if drifts:
            message = f"{drifts[0].name} {drifts[0].what}; uninstall {entry.id} and install it again"
            yield Finding(state="bad", subject="store", message=message)
    for folder in sorted(store.root.glob("*/*")):
        if folder.is_dir() and not (folder / RECORD / "entry.json").is_file():
            message = f"{Path(folder).name} is a leftover of a killed process; the next install replaces it"
            yield Finding(state="note", subject="store", message=message)


def _clients() -> Iterator[Finding]:
    for name, what in (("npm", "npm: sources"), ("apt-get", "apt: sources"), ("git", "git sources")):
        place = shutil.which(name)
        message = place or f"not there: {what} can't be fetched"
        yield Finding(state="ok" if place else "note", subject=name, message=message)
