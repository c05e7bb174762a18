"""Make, meet and check the lock of an env."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pkgmgr.environ.compose import compose
from pkgmgr.host.platform import read_platform
from pkgmgr.install.store import Store, make_manifest, read_manifest
from pkgmgr.install.venv.wanted import ENVIRONMENT
from pkgmgr.jobs.detection import Search, make_detector
from pkgmgr.jobs.envs import EnvRequest, LoadedEnv, inputs_digest, request_for
from pkgmgr.jobs.installation import (
    Installation,
    Wishes,
    carry_out,
    host_target,
    make_plan,
    plan_in,
    wanted_target,
)
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.jobs.world import LocalWorld
from pkgmgr.lock.compare import accepts, best_match, compare_entry, compare_host, unmet
from pkgmgr.lock.document import parse_lock, render_lock
from pkgmgr.lock.make import lock_entry, lock_target, read_recipe
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError, ConflictError, LockError, NotFoundError
from pkgmgr.model.lock import LOCK_FORMAT, Drift, Lock, LockedEntry, LockedHost, LockedTarget
from pkgmgr.model.package import Package
from pkgmgr.model.target import Target
from pkgmgr.resolve.options import Choice


@dataclass
class PinnedWorld(LocalWorld):
    """A world that holds only what a lock allows."""

    pins: Sequence[LockedEntry] = ()

    def _pinned(self, soft: str) -> list[LockedEntry]:
        return [pin for pin in self.pins if pin.soft == soft]

    def entries(self, soft: str) -> Sequence[Entry]:
        """Give the entries that a locked one accepts."""
        pins = self._pinned(soft)
        return [
            entry
            for entry in super().entries(soft)
            if any(accepts(pin, entry) if pin.prefix is not None else entry.id == pin.id for pin in pins)
        ]

    def package(self, name: str) -> Package:
        """Give a package with nothing but the locked versions."""
        package = super().package(name)
        versions = {pin.package.version for pin in self.pins if pin.package is not None and pin.package.name == name}
        return msgspec.structs.replace(package, source=tuple(row for row in package.source if row.version in versions))

    def providers(self, soft: str) -> Sequence[Package]:
        """Give the packages that the lock names; a found entry is never replaced by an installed one."""
        named = {pin.package.name for pin in self._pinned(soft) if pin.package is not None}
        return [self.package(package.name) for package in super().providers(soft) if package.name in named]


def is_inside_environment(entry: Entry) -> bool:
    """Tell whether an entry is a package inside a Python environment of the store."""
    return entry.origin.startswith(f"python:{ENVIRONMENT}-")


def environment_of(entry: Entry) -> str:
    """Give an entry's id, or for a package of a Python environment that one's."""
    return entry.deps[0] if is_inside_environment(entry) else entry.id


def locked_host(workspace: Workspace) -> LockedHost:
    """Give the facts of this machine that a lock keeps."""
    platform = read_platform(workspace.host)
    return LockedHost(
        os=platform.os,
        arch=platform.arch,
        libc=platform.libc,
        libc_version=platform.libc_version,
        feature_level=platform.feature_level,
        microarchitecture=platform.microarchitecture,
        distribution=" ".join(filter(None, (platform.distribution, platform.distribution_version))) or None,
        kernel=platform.kernel,
        drivers=dict(platform.drivers),
    )


def read_lock(loaded: LoadedEnv) -> Lock | None:
    """Read an env's lock; None when it has none."""
    try:
        text = loaded.lock_path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return parse_lock(text, where=str(loaded.lock_path))


def make_lock(workspace: Workspace, loaded: LoadedEnv, wishes: Wishes, settings: dict[str, str] | None = None) -> Lock:
    """Resolve an env for its targets (or the one wished for), make what is missing, and give the lock.

    Targets that are not asked for keep what an earlier lock says, if the env's inputs are the same.
    """
    digest = inputs_digest(workspace, loaded)
    names = [wishes.target] if wishes.target else list(loaded.env.targets) or [str(host_target(workspace))]
    earlier = _earlier(loaded, digest)
    targets = dict(earlier.targets) if earlier is not None else {}
    for name in names:
        target = wanted_target(workspace, name)
        request = request_for(workspace, loaded, target, settings)
        mine = dataclasses.replace(wishes, target=str(target))
        plan, world = make_plan(workspace, request.requirements, mine)
        done = carry_out(workspace, plan, world, mine)
        targets[str(target)] = _lock_installation(workspace, done, request)
    return Lock(format=LOCK_FORMAT, name=loaded.env.name, inputs=digest, targets=targets)


def _earlier(loaded: LoadedEnv, digest: str) -> Lock | None:
    try:
        earlier = read_lock(loaded)
    except LockError:
        return None  # it is about to be made anew
    return earlier if earlier is not None and earlier.inputs == digest else None


def _lock_installation(workspace: Workspace, done: Installation, request: EnvRequest) -> LockedTarget:
    rows = []
    by_id = {entry.id: entry for entry in done.entries.values()}
    for entry in by_id.values():
        if is_inside_environment(entry):
            continue  # its wheel is pinned with the environment
        is_built = entry.package is not None and entry.soft != ENVIRONMENT
        recipe = read_recipe(entry) if is_built else None
        package = workspace.catalog.package(entry.package or "") if is_built else None
        accept = request.accept.get(entry.soft, "exact")
        rows.append(lock_entry(entry, accept=accept, recipe=recipe, package=package))
    host = locked_host(workspace)
    # Programs that were found or made here may need all of this libc; nothing older is known to do.
    least = LockedHost(os=host.os, arch=host.arch, libc=host.libc, libc_version=host.libc_version)
    return lock_target(
        entries=rows,
        roots={text: environment_of(done.entries[key]) for text, key in done.plan.roots.items()},
        operations=compose(done.roots, request.operations),
        host=host,
        least=least,
        home=workspace.home,
    )


def write_lock(loaded: LoadedEnv, lock: Lock) -> bool:
    """Write an env's lock beside it; False when it was the same already."""
    text = render_lock(lock)
    path = loaded.lock_path
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    return True


def with_locked_pythons(workspace: Workspace, loaded: LoadedEnv, target: Target, wishes: Wishes) -> Wishes:
    """Hold a run or an export to the Python packages of the env's lock, if it has a current one for the target."""
    lock = _earlier(loaded, inputs_digest(workspace, loaded)) if loaded.lock_path.is_file() else None
    part = lock.targets.get(str(target)) if lock is not None else None
    if part is None or wishes.anew:
        return wishes
    return dataclasses.replace(wishes, pins=next((pin.python for pin in part.entries if pin.python is not None), None))


def require_lock(workspace: Workspace, loaded: LoadedEnv, *, frozen: bool) -> Lock:
    """Give an env's lock, or raise `LockError` when it is missing or (unless frozen) stale."""
    lock = read_lock(loaded)
    make = f"'ckpm lock env:{loaded.env.name}' makes it"
    if lock is None:
        raise LockError(f"{loaded.env.name} has no lock: {loaded.lock_path} is not there", hint=make)
    if not frozen and lock.inputs != inputs_digest(workspace, loaded):
        raise LockError(f"the lock of {loaded.env.name} is stale: what the env asks for has changed", hint=make)
    return lock


def locked_target(lock: Lock, target: Target) -> LockedTarget:
    """Give a lock's part for a target, or raise `LockError`."""
    for name in (str(target), str(target.base)):
        if name in lock.targets:
            return lock.targets[name]
    have = ", ".join(lock.targets) or "none"
    raise LockError(
        f"the lock of {lock.name} does not cover {target}; it covers {have}", hint=f"ckpm lock --target {target}"
    )


def meet_lock(
    workspace: Workspace, loaded: LoadedEnv, lock: Lock, wishes: Wishes, settings: dict[str, str] | None = None
) -> Installation:
    """Make the machine match a lock: install what it names, take what it found, substitute nothing.

    :raises LockError: when it can't be met here, saying what differs.
    """
    target = wanted_target(workspace, wishes.target)
    part = locked_target(lock, target)
    below = unmet(part.least, locked_host(workspace))
    if below:
        raise LockError(f"this host is below the least that the lock of {lock.name} needs: {'; '.join(below)}")
    request = request_for(workspace, loaded, target, settings)
    world = PinnedWorld(workspace=workspace, search=wishes.search, pins=part.entries)
    mine = dataclasses.replace(wishes, pins=next((pin.python for pin in part.entries if pin.python is not None), None))
    try:
        choice = Choice(host=host_target(workspace))
        plan = plan_in(world, request.requirements, target, choice, mine)
        done = carry_out(workspace, plan, world, mine)
    except (NotFoundError, ConflictError) as error:
        raise LockError(
            f"the lock of {lock.name} can't be met on this host: {_what_differs(workspace, part) or error.message}",
            hint=f"'ckpm verify env:{lock.name}' names every difference; 'ckpm lock' accepts this host as it is",
        ) from error
    wanted = set(part.roots.values())
    # A Python environment is the locked one by its wheels; its id names the interpreter, too.
    built = [entry for entry in done.roots if entry.package is not None and entry.soft != ENVIRONMENT]
    other = [entry for entry in built if entry.id not in wanted]
    if other:
        raise LockError(
            f"{other[0].package} would be made differently from the lock of {lock.name}: its document, its toolchain "
            f"or its dependencies have changed",
            hint="'ckpm lock' accepts the new ones",
        )
    return done


def _what_differs(workspace: Workspace, part: LockedTarget) -> str:
    drifts = [drift for drift in entry_drifts(workspace, part.entries) if not drift.is_accepted]
    return "; ".join(f"{drift.name} {drift.what}: {drift.before} → {drift.after}" for drift in drifts[:3])


def verify_target(workspace: Workspace, part: LockedTarget, *, full: bool = False) -> list[Drift]:
    """Give every difference between a lock's part and this machine."""
    return [*entry_drifts(workspace, part.entries, full=full), *compare_host(part, locked_host(workspace))]


def entry_drifts(workspace: Workspace, locked: Sequence[LockedEntry], *, full: bool = False) -> list[Drift]:
    """Give the differences between locked entries and what is there now."""
    store = {entry.id: entry for entry in Store(home=workspace.home).installed()}
    detector = make_detector(workspace, Search())
    drifts: list[Drift] = []
    for pin in locked:
        if pin.package is not None:
            drifts += installed_drifts(store.get(pin.id), pin, full=full)
            continue
        soft = workspace.catalog.soft(pin.soft)
        if soft is None:
            raise CkpmError(f"the soft {pin.soft} of the lock is not in this catalog")
        where = detector
        if pin.origin == "search-path" and pin.prefix and Path(pin.prefix).is_dir():
            from pkgmgr.detect.folders import Where

            where = make_detector(workspace, Search(where=Where(search_paths=(pin.prefix,), system=False)))
        found = best_match(pin, where.detect([soft]).entries)
        drifts += compare_entry(pin, found)
        if found is not None and (full or pin.content):
            drifts += _content_drifts(pin, Path(found.prefix), full=full)
    return drifts


def installed_drifts(entry: Entry | None, pin: LockedEntry, *, full: bool) -> list[Drift]:
    """Give the differences between a locked installed entry and the store."""
    if entry is None:
        return [Drift(what="removed", name=pin.id, before="in the store", after="not there")]
    return _content_drifts(pin, Path(entry.prefix), full=full)


def _content_drifts(pin: LockedEntry, prefix: Path, *, full: bool) -> list[Drift]:
    """Compare files by size, or with ``full`` by hash."""
    drifts = []
    present = {row.path: row for row in make_manifest(prefix)} if full and pin.package is not None else {}
    for file in pin.content:
        path = prefix / file.path
        if not path.is_file():
            drifts.append(
                Drift(what="removed", name=f"{pin.id}: {file.path}", before=file.sha256[:12], after="not there")
            )
        elif path.stat().st_size != file.size:
            after = f"{path.stat().st_size} bytes"
            drifts.append(
                Drift(what="changed", name=f"{pin.id}: {file.path}", before=f"{file.size} bytes", after=after)
            )
        elif full:
            digest = present[file.path].sha256 if file.path in present else _digest(path)
            if digest != file.sha256:
                name = f"{pin.id}: {file.path}"
                drifts.append(Drift(what="changed", name=name, before=file.sha256[:12], after=digest[:12]))
    return drifts


def _digest(path: Path) -> str:
    from pkgmgr.install.fetch.cache import hash_file

    return hash_file(path)


def entry_state(entry: Entry, *, full: bool) -> list[Drift]:
    """Hold an installed entry against the manifest that was written when it was made."""
    prefix = Path(entry.prefix)
    now = {row.path: row for row in make_manifest(prefix)} if full else {}
    drifts = []
    for row in read_manifest(prefix):
        path = prefix / row.path
        name = f"{entry.id}: {row.path}"
        if not os.path.lexists(path):
            drifts.append(Drift(what="removed", name=name, before=row.sha256[:12], after="not there"))
        elif row.kind == "file" and path.stat().st_size != row.size:
            after = f"{path.stat().st_size} bytes"
            drifts.append(Drift(what="changed", name=name, before=f"{row.size} bytes", after=after))
        elif full and row.path in now and now[row.path].sha256 != row.sha256:
            drifts.append(Drift(what="changed", name=name, before=row.sha256[:12], after=now[row.path].sha256[:12]))
    return drifts
