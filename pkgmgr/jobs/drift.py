"""What has changed since a lock was made or an entry was installed: named, with before and after.

A quick look reads only the files whose identity (device, inode, size, time) is another than when they were last read,
and starts no process unless something has changed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pkgmgr.install.store import Store, read_manifest
from pkgmgr.install.venv.made import read_pins
from pkgmgr.install.venv.wanted import ENVIRONMENT
from pkgmgr.jobs.locks import is_inside_environment, locked_host
from pkgmgr.jobs.registry import Registry
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.lock.compare import accepts, best_match, compare_entry, compare_host
from pkgmgr.lock.seen import Seen
from pkgmgr.lock.tree import look_at_tree, manifest_line, recall_manifest, short
from pkgmgr.model.entry import Entry
from pkgmgr.model.lock import Drift, LockedEntry, LockedPython, LockedTarget


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
        if pin.python is not None:
            drifts += _environment_drifts(workspace, store, pin, pin.python, full=full)
        elif pin.prefix is None:
            drifts += _installed_drifts(workspace, store.get(pin.id), pin, full=full)
        else:
            drifts += _found_drifts(workspace, pin, full=full)
    return drifts


def _environment_drifts(
    workspace: Workspace, store: Mapping[str, Entry], pin: LockedEntry, wanted: LockedPython, *, full: bool
) -> Iterator[Drift]:
    """Compare a Python environment: it is the locked one by its wheels, whichever accepted interpreter carries it."""
    entry, pins = _environment_of(store, pin, wanted)
    if entry is None:
        yield Drift(what="removed", name=pin.id, before="in the store", after="not there")
        return
    before = {wheel.name: wheel for wheel in wanted.wheels}
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


def _environment_of(
    store: Mapping[str, Entry], pin: LockedEntry, wanted: LockedPython
) -> tuple[Entry | None, LockedPython | None]:
    entry = store.get(pin.id)
    if entry is not None:
        return entry, read_pins(Path(entry.prefix))
    hashes = {wheel.sha256 for wheel in wanted.wheels}
    for other in store.values():
        pins = read_pins(Path(other.prefix)) if other.soft == ENVIRONMENT and other.target == pin.target else None
        if pins is not None and {wheel.sha256 for wheel in pins.wheels} == hashes:
            return other, pins
    return None, None


def _installed_drifts(workspace: Workspace, entry: Entry | None, pin: LockedEntry, *, full: bool) -> Iterator[Drift]:
    if entry is None:
        yield Drift(what="removed", name=pin.id, before="in the store", after="not there")
        return
    tree = look_at_tree(entry, workspace.cache / "seen", full=full)
    yield from tree.drifts
    if pin.manifest and pin.manifest != tree.manifest:
        yield from _rebuilt(workspace, entry, pin, tree.manifest)
    elif not pin.manifest:  # an earlier lock, which lists the files themselves
        yield from _other_content(entry, pin)


def _rebuilt(workspace: Workspace, entry: Entry, pin: LockedEntry, now: str) -> Iterator[Drift]:
    """Tell that an entry was made of other files than the locked one, and of which, where the locked list is known."""
    yield Drift(what="rebuilt", name=pin.id, before=short(pin.manifest), after=short(now))
    made = {row.path: row for row in read_manifest(Path(entry.prefix))}
    kept = {row.path: row for row in recall_manifest(workspace.cache, pin.manifest)}
    for path in sorted({*kept, *made}) if kept else ():
        old, new = kept.get(path), made.get(path)
        if old is None or new is None or manifest_line(old) != manifest_line(new):
            what = "added" if old is None else "removed" if new is None else "changed"
            before = short(old.sha256) if old is not None else "not there"
            after = short(new.sha256) if new is not None else "not there"
            yield Drift(what=what, name=f"{pin.id}: {path}", before=before, after=after)


def _other_content(entry: Entry, pin: LockedEntry) -> Iterator[Drift]:
    made = {row.path: row.sha256 for row in read_manifest(Path(entry.prefix))}
    for file in pin.content:
        if made.get(file.path) != file.sha256:
            after = short(made[file.path]) if file.path in made else "not there"
            what = "changed" if file.path in made else "removed"
            yield Drift(what=what, name=f"{pin.id}: {file.path}", before=short(file.sha256), after=after)


def _content(workspace: Workspace, pin: LockedEntry, prefix: Path, *, full: bool) -> Iterator[Drift]:
    seen = Seen(workspace.cache / "seen", pin.id, full=full)
    for file in pin.content:
        digest = seen.digest(os.path.join(prefix, file.path))
        name = f"{pin.id}: {file.path}"
        if digest is None:
            yield Drift(what="removed", name=name, before=short(file.sha256), after="not there")
        elif digest != file.sha256:
            yield Drift(what="changed", name=name, before=short(file.sha256), after=short(digest))
    seen.save()


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
            is_accepted = pin.accept != "exact" and _would_do(workspace, pin, name, first)
            what = f"{pin.id}: {name}"
            yield Drift(what="shadowed", name=what, before=files[name], after=first, is_accepted=is_accepted)


def _would_do(workspace: Workspace, pin: LockedEntry, name: str, program: str) -> bool:
    """Tell whether what a program belongs to is something that the lock accepts in its entry's place."""
    from pkgmgr.jobs.detection import Search, look  # 30 ms, where something is shadowed

    if workspace.catalog.soft(pin.soft) is None:
        return False
    real = str(Path(program).resolve())
    for entry in look(workspace, [pin.soft], Search()).entries:
        programs = {str(Path(path).resolve()) for path in entry.files.values()}
        is_it = real in programs or str(Path(entry.prefix) / "bin" / name) == program
        if is_it and accepts(pin, entry):
            return True
    return False


def entry_state(workspace: Workspace, entry: Entry, *, full: bool) -> list[Drift]:
    """Hold an installed entry against the manifest that was written when it was made."""
    return list(look_at_tree(entry, workspace.cache / "seen", full=full).drifts)


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
