"""Make, keep and check the lock of an env."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pkgmgr.environ.compose import compose
from pkgmgr.install.store import read_manifest
from pkgmgr.install.venv.wanted import ENVIRONMENT, PACKAGE, foreign_id
from pkgmgr.jobs.envs import EnvRequest, LoadedEnv, inputs_digest, request_for
from pkgmgr.jobs.installation import Installation, Wishes, carry_out, choice_of, host_target, plan_in, wanted_target
from pkgmgr.jobs.locks import carrier_id, changed_packages, is_inside_environment, locked_host, read_lock, require_lock
from pkgmgr.jobs.pythons.demands import INTERPRETER
from pkgmgr.jobs.pythons.rows import KEY
from pkgmgr.jobs.served import note_env
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.jobs.world import LocalWorld
from pkgmgr.lock.compare import accepts
from pkgmgr.lock.document import render_lock
from pkgmgr.lock.make import lock_entry, lock_target, names_on_path, read_recipe
from pkgmgr.lock.needs import least_host
from pkgmgr.lock.tree import keep_manifest
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import ConflictError, LockError, NotFoundError
from pkgmgr.model.lock import LOCK_FORMAT, Lock, LockedEntry, LockedPython, LockedTarget
from pkgmgr.model.package import Package
from pkgmgr.model.plan import Plan
from pkgmgr.model.target import Target, parse_target
from pkgmgr.model.version import Version


@dataclass
class PinnedWorld(LocalWorld):
    """A world that holds, of the softs that a lock pins, only what it allows."""

    pins: Sequence[LockedEntry] = ()
    free: frozenset[str] = frozenset()
    """Softs that are not held to their pins."""
    others: bool = False
    """True: softs that the lock does not name may be anything."""

    def _pinned(self, soft: str) -> list[LockedEntry]:
        return [pin for pin in self.pins if pin.soft == soft]

    def _is_free(self, soft: str) -> bool:
        if soft in self.free or (self.others and not self._pinned(soft)):
            return True
        # The interpreter of an environment that was locked for another machine is that machine's own.
        interpreters = [pin for pin in self.pins if pin.python is not None and not pin.deps]
        return soft == "lang.python" and not self._pinned(soft) and bool(interpreters)

    def named_places(self, soft: str, known: Collection[str]) -> Iterator[str]:
        """Give those of the lock too: a home that is new does not know them."""
        yield from super().named_places(soft, known)
        for pin in self._pinned(soft):
            if pin.origin == "search-path" and pin.id not in known and pin.prefix and Path(pin.prefix).is_dir():
                yield pin.prefix

    def entries(self, soft: str) -> Sequence[Entry]:
        """Give the locked entries themselves where they are here, else those that they accept."""
        rows = super().entries(soft)
        if self._is_free(soft):
            return rows
        pins = self._pinned(soft)
        same = {(pin.id, pin.fingerprint) for pin in pins if pin.prefix is not None}
        locked = [entry for entry in rows if (entry.id, entry.fingerprint) in same]
        return locked or [
            entry
            for entry in rows
            if any(accepts(pin, entry) if pin.prefix is not None else entry.id == pin.id for pin in pins)
        ]

    def is_outdated(self, entry: Entry) -> bool:
        """Let a locked entry be what it is, whatever has become of its document."""
        return (self._is_free(entry.soft) or not self._pinned(entry.soft)) and super().is_outdated(entry)

    def package(self, name: str) -> Package:
        """Give a package with nothing but the locked versions."""
        package = super().package(name)
        if self._is_free(package.provides):
            return package
        versions = {pin.package.version for pin in self.pins if pin.package is not None and pin.package.name == name}
        return msgspec.structs.replace(package, source=tuple(row for row in package.source if row.version in versions))

    def providers(self, soft: str) -> Sequence[Package]:
        """Give the packages that the lock names; a found entry is never replaced by an installed one."""
        if self._is_free(soft):
            return super().providers(soft)
        named = {pin.package.name for pin in self._pinned(soft) if pin.package is not None}
        rows = super().providers(soft)
        # What is a Python package inside an environment is pinned there, by its wheel.
        return [self.package(package.name) for package in rows if package.name in named or package.python]


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """How far a new lock may leave an earlier one: not at all, in some softs, or in all."""

    everything: bool = False
    softs: frozenset[str] = field(default_factory=frozenset)
    """Softs, or Python distributions as ``python.NAME``."""

    def moves(self, soft: str) -> bool:
        """Tell whether a soft may move on."""
        return self.everything or soft in self.softs


def make_lock(
    workspace: Workspace,
    loaded: LoadedEnv,
    wishes: Wishes,
    settings: dict[str, str] | None = None,
    renewal: Renewal | None = None,
) -> Lock:
    """Resolve an env for its targets (or the one wished for), make what is missing, and give the lock.

    What an earlier lock says stays wherever it still fits. Targets that are not asked for keep what it says, if the
    env's inputs are the same. What happens to be installed, or was solved before, decides nothing: from an empty home
    comes the same lock, and it names all that an installed entry was made with.
    """
    renewal = renewal or Renewal()
    digest = inputs_digest(workspace, loaded)
    names = [wishes.target] if wishes.target else list(loaded.env.targets) or [str(host_target(workspace))]
    earlier = None
    with contextlib.suppress(LockError):  # one that can't be read is made anew
        earlier = read_lock(loaded)
    targets = dict(earlier.targets) if earlier is not None and earlier.inputs == digest else {}
    for name in names:
        target = wanted_target(workspace, name)
        before = earlier.targets.get(str(target)) if earlier is not None else None
        request = request_for(workspace, loaded, target, settings)
        plan, world, mine = _plan_near(
            workspace, request, before, dataclasses.replace(wishes, target=str(target)), renewal
        )
        targets[str(target)] = _lock(workspace, plan, world, mine, request)
    note_env(workspace.home, loaded)
    return Lock(format=LOCK_FORMAT, name=loaded.env.name, inputs=digest, targets=targets)


def _plan_near(
    workspace: Workspace, request: EnvRequest, before: LockedTarget | None, wishes: Wishes, renewal: Renewal
) -> tuple[Plan, LocalWorld, Wishes]:
    """Plan so near to an earlier lock as the requirements allow: all of its pins, else all but one, else none."""
    choice = choice_of(workspace, wishes)
    target = parse_target(wishes.target or "")
    world = LocalWorld(workspace=workspace, search=wishes.search, as_if_new=True)
    if before is None or renewal.everything:
        # An answer of last week is what happened here, not what the index has; without a network it has to do.
        mine = dataclasses.replace(wishes, anew=renewal.everything or not workspace.offline)
        return plan_in(world, request.requirements, target, choice, mine), world, mine
    mine = _keep_pythons(before, wishes, renewal)
    pinned = [pin for pin in before.entries if pin.python is None and not renewal.moves(pin.soft)]
    changed = changed_packages(workspace, pinned)
    moving = renewal.softs | {pin.soft for pin in pinned if pin.package is not None and pin.package.name in changed}
    # With nothing else to choose from, "any C compiler" stays the one that it was.
    ways = [] if renewal.softs else [(moving, False)]
    ways += [(moving, True), *((moving | {soft}, True) for soft in dict.fromkeys(pin.soft for pin in pinned))]
    for softs, others in ways:
        near = PinnedWorld(
            workspace=workspace, search=wishes.search, pins=pinned, free=softs, others=others, as_if_new=True
        )
        try:
            return plan_in(near, request.requirements, target, choice, mine), near, mine
        except (NotFoundError, ConflictError):
            continue
    return plan_in(world, request.requirements, target, choice, mine), world, mine


def _keep_pythons(before: LockedTarget, wishes: Wishes, renewal: Renewal) -> Wishes:
    pins = next((pin.python for pin in before.entries if pin.python is not None), None)
    if pins is None:
        return wishes
    kept = tuple(wheel for wheel in pins.wheels if not _moves(wheel.name, renewal))
    return dataclasses.replace(wishes, keep=kept, anew=True)


def _moves(distribution: str, renewal: Renewal) -> bool:
    return any(renewal.moves(f"{family}.{distribution}") for family in ("python", "lib"))


def _lock(workspace: Workspace, plan: Plan, world: LocalWorld, wishes: Wishes, request: EnvRequest) -> LockedTarget:
    """Carry a plan out and pin what came of it; Python packages for another machine are pinned and not installed."""
    pythons = world.pythons
    if pythons is None or not pythons.is_foreign or not any(step.python for step in plan.steps):
        return _lock_installation(workspace, carry_out(workspace, plan, world, wishes), request)
    rest = tuple(step for step in plan.steps if not step.python)
    done = carry_out(workspace, msgspec.structs.replace(plan, steps=rest), world, wishes)
    _, pins = pythons.solve(plan, done.entries)
    minor = ".".join(pins.python.split(".")[:2])
    pins = msgspec.structs.replace(pins, python=minor)
    needed = {key for step in rest for key in step.needs.values()} | {key for key in plan.roots.values() if key != KEY}
    # The interpreter that asked the index belongs to this machine, and not to the result.
    entries = {key: entry for key, entry in done.entries.items() if key in needed or entry.soft != INTERPRETER}
    done = msgspec.structs.replace(done, plan=plan, entries=entries)
    return _lock_installation(workspace, done, request, foreign=pins)


def _lock_installation(
    workspace: Workspace, done: Installation, request: EnvRequest, *, foreign: LockedPython | None = None
) -> LockedTarget:
    entries = list({entry.id: entry for entry in done.entries.values()}.values())
    # A package inside an environment is pinned with it, by its wheel.
    entries = [entry for entry in entries if not is_inside_environment(entry)]
    rows = [_pinned(workspace, entry, request.accept) for entry in entries]
    roots = {text: carrier_id(done.entries[key]) for text, key in done.plan.roots.items() if key in done.entries}
    if foreign is not None:
        row = _foreign(foreign, done.plan.target)
        rows.append(row)
        roots |= {text: row.id for text, key in done.plan.roots.items() if key == KEY}
    host, here = locked_host(workspace), host_target(workspace)
    return lock_target(
        entries=rows,
        roots=roots,
        operations=compose(done.parts, request.operations, target=done.plan.target),
        host=host,
        least=least_host(entries, rows, roots, host, parse_target(done.plan.target), here),
        home=workspace.home,
        accept=request.accept.get("host", "exact"),
    )


def _pinned(workspace: Workspace, entry: Entry, accept: Mapping[str, str]) -> LockedEntry:
    is_built = entry.package is not None and entry.package != PACKAGE
    if is_built:
        keep_manifest(workspace.cache, read_manifest(Path(entry.prefix)))
    return lock_entry(
        entry,
        accept=accept.get(entry.soft, "exact"),
        recipe=read_recipe(entry) if is_built else None,
        package=workspace.catalog.package(entry.package or "") if is_built else None,
        on_path=names_on_path(entry, workspace.variables.get("PATH", "")),
    )


def _foreign(pins: LockedPython, target: str) -> LockedEntry:
    """Pin an environment that another machine will make: its interpreter is any of the same minor version there."""
    return LockedEntry(
        id=foreign_id(pins, target),
        soft=ENVIRONMENT,
        version=pins.python,
        target=target,
        origin="package",
        fingerprint="",
        python=pins,
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
    lock = None
    with contextlib.suppress(LockError):  # it is about to be made anew
        lock = read_lock(loaded)
    if lock is None or wishes.anew or lock.inputs != inputs_digest(workspace, loaded):
        return wishes
    part = lock.targets.get(str(target))
    rows: Iterable[LockedEntry] = part.entries if part is not None else ()
    pin = next((pin for pin in rows if pin.python is not None), None)
    if pin is None or pin.python is None:
        return wishes
    if pin.deps and not _has_python(workspace, pin.python, wishes):
        wishes.tell(f"the lock's Python packages are for Python {pin.python.python}, which is not here: solving anew")
        return wishes
    return dataclasses.replace(wishes, pins=pin.python)


def _has_python(workspace: Workspace, pins: LockedPython, wishes: Wishes) -> bool:
    """Tell whether an interpreter is here that can carry locked packages: of the same minor version."""
    world = LocalWorld(workspace=workspace, search=wishes.search)
    wanted = Version(pins.python).release[:2]
    return any(Version(entry.version or "").release[:2] == wanted for entry in world.entries(INTERPRETER))


def check_lock(workspace: Workspace, loaded: LoadedEnv) -> Lock:
    """Give a lock that is current: of these inputs, whole, in canonical form, and of the packages as they are now.

    :raises LockError: saying everything that is not so.
    """
    lock = require_lock(workspace, loaded, frozen=False)
    problems = []
    text = render_lock(lock)
    if lock.format != LOCK_FORMAT:
        problems.append(f"it is of the earlier format {lock.format}")
    elif loaded.lock_path.read_text(encoding="utf-8") != text:
        problems.append("it was edited: its text is not what ckpm writes")
    missing = [name for name in loaded.env.targets if str(wanted_target(workspace, name)) not in lock.targets]
    if missing:
        problems.append(f"it lacks {', '.join(missing)}")
    problems += changed_packages(workspace, [pin for part in lock.targets.values() for pin in part.entries]).values()
    if problems:
        raise LockError(
            f"the lock of {loaded.env.name} is not current: {'; '.join(problems)}",
            hint=f"'{loaded.command('lock')}' makes it anew",
        )
    return lock
