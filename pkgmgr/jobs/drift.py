"""What has changed since a lock was made or an entry was installed: named, with before and after.

A quick look reads only the files whose identity (device, inode, size, time) is another than when they were last read,
and starts no process unless something has changed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from pkgmgr.install.store import RECORD, Store, read_manifest
from pkgmgr.install.venv.made import read_pins
from pkgmgr.jobs.locks import is_inside_environment, locked_host
from pkgmgr.jobs.registry import Registry
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.lock.compare import best_match, compare_entry, compare_host
from pkgmgr.lock.seen import Seen
from pkgmgr.model.entry import Entry
from pkgmgr.model.lock import Drift, LockedEntry, LockedTarget

_SHOWN = 12
"""Digits of a hash that a person is shown."""


def verify_target(workspace: Workspace, part: LockedTarget, *, full: bool = False) -> list[Drift]:
    """Give every difference between a lock's part and this machine."""
    return [*entry_drifts(workspace, part.entries, full=full), *compare_host(part, locked_host(workspace))]


def entry_drifts(workspace: Workspace, locked: Sequence[LockedEntry], *, full: bool = False) -> list[Drift]:
    """Give the differences between locked entries and what is there now."""
    store = {entry.id: entry for entry in Store(home=workspace.home).installed()}
    drifts: list[Drift] = []
    for pin in locked:
        if pin.python is not None and not pin.deps:
            continue  # another machine's
        if pin.prefix is None:
            drifts += _installed_drifts(workspace, store.get(pin.id), pin, full=full)
        else:
            drifts += _found_drifts(workspace, pin, full=full)
    return drifts


def _installed_drifts(workspace: Workspace, entry: Entry | None, pin: LockedEntry, *, full: bool) -> Iterator[Drift]:
    if entry is None:
        yield Drift(what="removed", name=pin.id, before="in the store", after="not there")
        return
    if pin.python is not None:
        pins = read_pins(Path(entry.prefix))
        before = {wheel.name: wheel for wheel in pin.python.wheels}
        after = {wheel.name: wheel for wheel in pins.wheels} if pins is not None else {}
        for name in sorted({*before, *after}):
            old, new = before.get(name), after.get(name)
            if old != new:
                yield Drift(
                    what="changed",
                    name=f"{pin.id}: {name}",
                    before=old.version if old else "none",
                    after=new.version if new else "none",
                )
        yield from entry_state(workspace, entry, full=full)
        return
    yield from _content(workspace, pin, Path(entry.prefix), full=full)
    if full:
        yield from _added(entry)


def _content(workspace: Workspace, pin: LockedEntry, prefix: Path, *, full: bool) -> Iterator[Drift]:
    seen = Seen(workspace.cache / "seen", pin.id, full=full)
    root = str(prefix)  # text: there may be tens of thousands
    for file in pin.content:
        yield from _compare(seen, os.path.join(root, file.path), pin.id, file.path, file.sha256)
    seen.save()


def _compare(seen: Seen, path: str, owner: str, file: str, sha256: str) -> Iterator[Drift]:
    digest = seen.digest(path)
    if digest == sha256:
        return
    name = f"{owner}: {file}"
    if digest is None:
        yield Drift(what="removed", name=name, before=sha256[:_SHOWN], after="not there")
    else:
        yield Drift(what="changed", name=name, before=sha256[:_SHOWN], after=digest[:_SHOWN])


def _found_drifts(workspace: Workspace, pin: LockedEntry, *, full: bool) -> Iterator[Drift]:
    """Compare what a found entry's files hold; only where that is another, ask again what is there."""
    files = list(_content(workspace, pin, Path(pin.prefix or "/"), full=full))
    if files or not pin.content:
        yield from _asked_again(workspace, pin, files)
    yield from _shadowed(workspace, pin)


def _asked_again(workspace: Workspace, pin: LockedEntry, files: Sequence[Drift]) -> Iterator[Drift]:
    from pkgmgr.detect.where import Where  # 30 ms together, where something has changed
    from pkgmgr.jobs.detection import Search, make_detector

    soft = workspace.catalog.soft(pin.soft)
    if soft is None and pin.soft.startswith("python."):
        from pkgmgr.detect.distributions import distribution_soft

        soft = distribution_soft(pin.soft.removeprefix("python."))
    if soft is None:
        yield Drift(what="removed", name=pin.soft, before="a soft of the catalog", after="not in this catalog")
        return
    where = Where()
    if pin.origin == "search-path" and pin.prefix and Path(pin.prefix).is_dir():
        where = Where(search_paths=(pin.prefix,), system=False)
    found = best_match(pin, make_detector(workspace, Search(where=where)).detect([soft]).entries)
    told = list(compare_entry(pin, found))
    if found is None and any(drift.what == "changed" for drift in files):
        was = f"{pin.soft} {pin.version}"
        yield Drift(what="replaced", name=pin.id, before=was, after="something that is not recognised")
        told = []
    yield from told
    accepted = bool(told) and all(drift.is_accepted for drift in told)
    for drift in files:
        yield Drift(what=drift.what, name=drift.name, before=drift.before, after=drift.after, is_accepted=accepted)


def _shadowed(workspace: Workspace, pin: LockedEntry) -> Iterator[Drift]:
    """Tell whether another program has come to stand before a locked one on PATH."""
    files = {Path(path).name: path for path in pin.files.values()}
    for name in pin.on_path:
        first = shutil.which(name, path=workspace.variables.get("PATH", ""))
        if name in files and first is not None and Path(first).resolve() != Path(files[name]).resolve():
            yield Drift(what="shadowed", name=f"{pin.id}: {name}", before=files[name], after=first)


def entry_state(workspace: Workspace, entry: Entry, *, full: bool) -> list[Drift]:
    """Hold an installed entry against the manifest that was written when it was made."""
    prefix = Path(entry.prefix)
    seen = Seen(workspace.cache / "seen", entry.id, full=full)
    drifts: list[Drift] = []
    for row in read_manifest(prefix):
        path = prefix / row.path
        name = f"{entry.id}: {row.path}"
        if row.kind == "file":
            drifts += _compare(seen, str(path), entry.id, row.path, row.sha256)
        elif not path.is_symlink():
            drifts.append(Drift(what="removed", name=name, before="a link", after="not there"))
    seen.save()
    if full:
        drifts += _added(entry)
    return drifts


def _added(entry: Entry) -> Iterator[Drift]:
    """Name the files that stand in an installed entry and were not made with it; compiled Python is no change."""
    prefix = Path(entry.prefix)
    known = {row.path for row in read_manifest(prefix)}
    for path in sorted(prefix.rglob("*")):
        name = path.relative_to(prefix).as_posix()
        is_own = name == RECORD or name.startswith(f"{RECORD}/") or "__pycache__" in path.parts
        if not is_own and not (path.is_dir() and not path.is_symlink()) and name not in known:
            yield Drift(what="added", name=f"{entry.id}: {name}", before="not there", after="a file")


def found_state(workspace: Workspace, entries: Sequence[Entry]) -> list[Drift]:
    """Hold registered entries against what detection finds now; answers of unchanged programs are remembered."""
    from pkgmgr.jobs.detection import Search, make_detector, softs_named
    from pkgmgr.lock.make import lock_entry

    names = dict.fromkeys(entry.soft for entry in entries if workspace.catalog.soft(entry.soft) is not None)
    softs = softs_named(workspace, list(names))
    now = make_detector(workspace, Search()).detect(softs).entries if softs else ()
    drifts: list[Drift] = []
    for entry in entries:
        # What lies in an environment of the store is that environment's, and looked at with it.
        if entry.soft in names and entry.origin != "search-path" and not is_inside_environment(entry):
            pin = lock_entry(entry, accept="exact")
            drifts += compare_entry(pin, best_match(pin, now))
    return drifts


def everything(workspace: Workspace, *, full: bool) -> list[Drift]:
    """Hold all entries of the home against what they were: installed ones by content, registered ones by detection."""
    drifts = found_state(workspace, Registry(workspace.home).entries())
    for entry in Store(home=workspace.home).installed():
        drifts += entry_state(workspace, entry, full=full)
    return drifts
