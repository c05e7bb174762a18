"""Python packages of one result: found together in one environment, or solved together and made into one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pkgmgr.detect.where import Where
from pkgmgr.install.store import Store
from pkgmgr.install.venv.made import find_environment, read_pins
from pkgmgr.install.venv.wanted import (
    ENVIRONMENT,
    PACKAGE,
    Question,
    Solution,
    make_recipe,
    package_requirements,
    requirement_text,
)
from pkgmgr.jobs.detection import Search, look
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.condition import chosen_variants
from pkgmgr.model.entry import Entry, version_key
from pkgmgr.model.errors import CkpmError, NotFoundError
from pkgmgr.model.lock import LockedPython, LockedWheel
from pkgmgr.model.package import Package, Require
from pkgmgr.model.package import Python as PythonStep
from pkgmgr.model.plan import Plan, Step
from pkgmgr.model.soft import Soft
from pkgmgr.model.target import Target
from pkgmgr.model.version import Version, VersionRange
from pkgmgr.resolve.demand import Demand, read_requirement
from pkgmgr.resolve.options import Choice, package_versions
from pkgmgr.resolve.world import World

if TYPE_CHECKING:
    from pkgmgr.install.fetch.fetcher import Fetcher

KEY = "python-env"
"""The key of the environment's row in a plan."""
INTERPRETER = "lang.python"
_OLDEST = ">=3.9"
_FAMILIES = ("lib", "python")
"""Tools that Python packages bring stay tools: an env that asks for Meson does not want it among its libraries."""


@dataclass(frozen=True, kw_only=True)
class PythonDemand:
    """One requirement that is a Python package."""

    demand: Demand
    soft: Soft
    """What recognises it in an environment."""
    texts: tuple[str, ...]
    """What it is as PEP 508."""
    is_plain: bool
    """True: an installed distribution of a fitting version is all that is asked for; no extras, no package."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What requirements come to: those for the solver, and those for one Python environment."""

    others: tuple[str | Require, ...]
    pythons: tuple[PythonDemand, ...]
    target: Target
    """What the Python packages run on."""
    interpreters: tuple[Demand, ...] = ()
    """What is asked of the interpreter."""

    @property
    def requirements(self) -> tuple[str, ...]:
        """All Python requirements as PEP 508, sorted, each once."""
        return tuple(sorted({text for python in self.pythons for text in python.texts}))


def separate(requirements: Sequence[str | Require], world: World, target: Target, host: Target) -> Wanted:
    """Tell the Python packages among requirements from everything else.

    :raises CkpmError: when some are to run here and some on another target: that is two environments.
    """
    others: list[str | Require] = []
    pythons: list[PythonDemand] = []
    for requirement in requirements:
        demand = read_requirement(requirement, target, host)
        python = _python_demand(demand, world)
        if python is None:
            others.append(requirement)
        else:
            pythons.append(python)
    if not pythons:
        return Wanted(others=tuple(others), pythons=(), target=host)
    runs_on = {python.demand.target for python in pythons}
    if len(runs_on) > 1:
        names = ", ".join(sorted(str(name) for name in runs_on))
        raise CkpmError(
            f"the Python packages are to run on {names}, and one environment runs on one of them",
            hint='write on = "host" for all, or for none',
        )
    demands = [read_requirement(row, target, host) for row in others]
    interpreters = [demand for demand in demands if demand.soft == INTERPRETER]
    if not interpreters:
        others.insert(0, Require(soft=f"{INTERPRETER}@{_OLDEST}", on="host"))
        interpreters = [read_requirement(others[0], target, host)]
    return Wanted(others=tuple(others), pythons=tuple(pythons), target=runs_on.pop(), interpreters=tuple(interpreters))


def _python_demand(demand: Demand, world: World) -> PythonDemand | None:
    if demand.package:
        package = world.package(demand.package)
        return _of_package(demand, package, world.soft(package.provides)) if package.python else None
    if demand.soft.partition(".")[0] not in _FAMILIES:
        return None
    soft = world.soft(demand.soft)
    find = soft.find
    if not find.python or find.executables or find.library or find.files or find.hook:
        return None
    if not demand.soft.startswith("python."):
        maker = next((package for package in world.providers(demand.soft) if package.python), None)
        if maker is not None:
            made = _of_package(demand, maker, soft)
            return dataclasses.replace(made, is_plain=not demand.variants)
    extras = _extras(demand.variants)
    text = requirement_text(find.python[0], demand.range, extras)
    return PythonDemand(demand=demand, soft=soft, texts=(text,), is_plain=not extras)


def makes_environment(requirement: str | Require, world: World, target: Target, host: Target) -> bool:
    """Tell whether a requirement is a package that makes a Python environment of its own, by its steps."""
    demand = read_requirement(requirement, target, host)
    return bool(demand.package) and any(isinstance(step, PythonStep) for step in world.package(demand.package).step)


def _extras(variants: Mapping[str, str]) -> list[str]:
    """Read ``+extra=cuda`` or ``+extras=a/b``: PEP 508's extras."""
    return [item for key in ("extra", "extras") for item in variants.get(key, "").split("/") if item]


def _of_package(demand: Demand, package: Package, soft: Soft) -> PythonDemand:
    variants = chosen_variants(package.variant, demand.variants, demand.target)
    # What a package was not made with, such as a later release that sends telemetry, it does not give unless asked.
    wanted = demand.range
    versions = package_versions(package)
    if wanted.is_any and versions:
        wanted = VersionRange(f"<={versions[0]}")
    texts = package_requirements(package.python, wanted, variants, where=package.name)
    return PythonDemand(demand=demand, soft=soft, texts=tuple(texts), is_plain=False)


@dataclass(frozen=True, kw_only=True)
class Pythons:
    """Meets Python demands: looks for one environment that holds all, else has one made."""

    workspace: Workspace
    wanted: Wanted
    world: World
    host: Target
    choice: Choice
    pins: LockedPython | None = None
    """What a lock says: nothing else will do, and nothing is solved."""
    keep: Sequence[LockedWheel] = ()
    """What an earlier lock says; it stays where it fits."""
    anew: bool = False
    """Solve although the answer is remembered."""
    tell: Callable[[str], None] = field(default=lambda _line: None)

    @property
    def store(self) -> Store:
        """The store of this home."""
        return Store(home=self.workspace.home)

    @property
    def is_foreign(self) -> bool:
        """Tell whether the packages run on another machine than this one."""
        return self.wanted.target.base != self.host.base or self.wanted.target.detail != self.host.detail

    def extend(self, plan: Plan) -> Plan:
        """Put what the Python demands come to into a plan that holds everything else."""
        entry = None if self.anew else self._made_before(plan)
        if entry is not None:
            return self._with_made(plan, entry)
        found = self._found_together() if self._may_be_found() else None
        if found is not None:
            return self._with_found(plan, *found)
        names = self.wanted.requirements
        count = f"{len(names)} requirement{'s' if len(names) != 1 else ''}"
        how = f"{len(self.pins.wheels)} locked wheels" if self.pins is not None else f"{count} solved together"
        step = Step(
            action="install",
            soft=ENVIRONMENT,
            package=PACKAGE,
            version=self._interpreter_version(plan),
            target=str(self.wanted.target),
            reason=f"{how}: {', '.join(names)}",
            key=KEY,
            needs={INTERPRETER: plan.roots[self.wanted.interpreters[0].text]},
            python=names,
        )
        roots = {**plan.roots, **dict.fromkeys(self._names(), KEY)}
        return msgspec.structs.replace(plan, steps=(*plan.steps, step), roots=roots)

    def _may_be_found(self) -> bool:
        plain = all(python.is_plain for python in self.wanted.pythons)
        return (
            self.pins is None
            and plain
            and not self.is_foreign
            and self.choice.only != "installed"
            and (self.choice.prefer != "installed")
        )

    def _found_together(self) -> tuple[Entry, list[Entry]] | None:
        """Give one environment of the host that holds fitting versions of all, with its interpreter."""
        sets: list[dict[str, Entry]] = []
        for python in self.wanted.pythons:
            fitting: dict[str, Entry] = {}
            for entry in self.world.entries(python.soft.name):
                if entry.package is None and _fits(entry, python.demand):
                    fitting.setdefault(entry.prefix, entry)
            sets.append(fitting)
            if not fitting:
                return None
        prefixes = [prefix for prefix in sets[0] if all(prefix in other for other in sets)]
        for interpreter in self._interpreters():
            if interpreter.prefix in prefixes:
                return interpreter, [fitting[interpreter.prefix] for fitting in sets]
        return None

    def _interpreters(self, *, is_base: bool = False) -> list[Entry]:
        """Give the interpreters that all demands allow.

        :param is_base: only those that are no virtual environments themselves.
        """
        rows = [entry for entry in self.world.entries(INTERPRETER) if entry.target == str(self.host)]
        rows = [entry for entry in rows if all(_fits(entry, demand) for demand in self.wanted.interpreters)]
        if is_base:
            rows = [entry for entry in rows if entry.attributes.get("base_prefix", entry.prefix) == entry.prefix]
            rows = [entry for entry in rows if entry.attributes.get("implementation", "CPython") == "CPython"]
        return rows

    def _with_found(self, plan: Plan, interpreter: Entry, entries: Sequence[Entry]) -> Plan:
        rows = {step.key: step for step in plan.steps}
        reason = f"all Python packages are in one environment: {interpreter.prefix}"
        for entry in (interpreter, *entries):
            rows[entry.id] = _row(entry, self.world.is_known(entry), reason)
        roots = dict(plan.roots)
        for demand in self.wanted.interpreters:
            roots |= dict.fromkeys((demand.text, demand.role, INTERPRETER), interpreter.id)
        for python, entry in zip(self.wanted.pythons, entries, strict=True):
            roots |= dict.fromkeys((python.demand.text, python.demand.role), entry.id)
        used = set(roots.values()) | {key for step in rows.values() for key in step.needs.values()}
        steps = tuple(step for step in rows.values() if step.key in used or step.action == "install")
        return msgspec.structs.replace(plan, steps=steps, roots=roots)

    def _names(self) -> Iterator[str]:
        """Give the names that lead to the environment."""
        for demand in self.wanted.interpreters:
            yield from (demand.text, demand.role, INTERPRETER)
        for python in self.wanted.pythons:
            yield from (python.demand.text, python.demand.role)

    def _interpreter_version(self, plan: Plan) -> str | None:
        key = plan.roots[self.wanted.interpreters[0].text]
        return next((step.version for step in plan.steps if step.key == key), None)

    def _candidates(self, plan: Plan, made: Mapping[str, Entry]) -> list[Entry]:
        """Give the interpreters to try: the plan's own, then one of each other minor version, the newest first."""
        key = plan.roots[self.wanted.interpreters[0].text]
        chosen = made.get(key) or next((step.entry for step in plan.steps if step.key == key), None)
        rows = sorted(self._interpreters(is_base=True), key=version_key, reverse=True)
        if chosen is not None and (chosen in rows or chosen.package is not None):
            rows = [chosen, *rows]
        found: dict[object, Entry] = {}
        for entry in rows:
            found.setdefault(Version(entry.version or "").release[:2], entry)
        return list(found.values())

    def _question(self, candidates: Sequence[Entry]) -> Question:
        return Question(
            requirements=self.wanted.requirements,
            interpreters=tuple(f"{entry.id} {entry.fingerprint}" for entry in candidates),
            target=str(self.wanted.target),
        )

    def _made_before(self, plan: Plan) -> Entry | None:
        """Give the environment of the lock, or of the remembered answer, where it is in the store."""
        if self.is_foreign:
            return None
        candidates = self._candidates(plan, {})
        if self.pins is not None:
            wheels: Sequence[LockedWheel] = self.pins.wheels
            usable = [entry for entry in candidates if _same_minor(entry, self.pins)]
        else:
            answer = self._remembered(self._question(candidates))
            if answer is None:
                return None
            wheels = answer.wheels
            usable = [entry for entry in candidates if entry.id == answer.interpreter]
        made = (find_environment(self.store, make_recipe(wheels, entry, self.wanted.target)) for entry in usable)
        return next((entry for entry in made if entry is not None), None)

    def _remembered(self, question: Question) -> Solution | None:
        try:
            return msgspec.json.decode(self._memory(question).read_bytes(), type=Solution)
        except (OSError, msgspec.MsgspecError):
            return None

    def _memory(self, question: Question) -> Path:
        return self.workspace.home / "solutions" / f"{question.digest}.json"

    def solve(self, plan: Plan, made: Mapping[str, Entry]) -> tuple[Entry, LockedPython]:
        """Give the interpreter and the wheels: the lock's, those remembered, else what the index has now.

        :param made: entries of the plan that were installed by now.
        """
        candidates = self._candidates(plan, made)
        if not candidates:
            raise NotFoundError(
                "no Python here can carry the packages", hint="ckpm install soft:lang.python, or --search-path DIR"
            )
        if self.pins is not None:
            usable = [entry for entry in candidates if _same_minor(entry, self.pins)]
            if not usable:
                raise NotFoundError(f"the lock was made with Python {self.pins.python}, and there is none of that kind")
            return usable[0], self.pins
        question = self._question(candidates)
        answer = None if self.anew else self._remembered(question)
        if answer is None:
            answer = self._ask(candidates)
            path = self._memory(question)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".new")
            temporary.write_bytes(msgspec.json.encode(answer))
            temporary.replace(path)
        interpreter = next(entry for entry in candidates if entry.id == answer.interpreter)
        return interpreter, self._locked(answer.wheels, interpreter)

    def _locked(self, wheels: Sequence[LockedWheel], interpreter: Entry) -> LockedPython:
        names = self.wanted.requirements
        return LockedPython(python=interpreter.version or "", requirements=names, wheels=tuple(wheels))

    def _ask(self, candidates: Sequence[Entry]) -> Solution:
        """Ask the index with one interpreter after the other until there is an answer."""
        from pkgmgr.install.venv.solve import Job, NoSolution, solve  # 20 ms, where the answer is not remembered

        failures: list[NoSolution] = []
        self.tell(f"solving {len(self.wanted.requirements)} Python requirements together")
        libc = None if self.is_foreign else self.workspace.platform().libc_version
        for entry in candidates:
            job = Job(
                requirements=self.wanted.requirements,
                interpreter=entry.files["python"],
                version=entry.version or "",
                target=self.wanted.target,
                libc_version=libc,
                is_foreign=self.is_foreign,
                keep=self.keep,
                variables=self.workspace.variables,
                offline=self.workspace.offline,
            )
            try:
                return Solution(interpreter=entry.id, wheels=solve(job))
            except NoSolution as error:
                failures.append(error)
        if len(failures) == 1:
            raise failures[0]
        tried = ", ".join(entry.version or "" for entry in candidates)
        raise NoSolution(f"no Python here will do (tried {tried}); with the first: {failures[0].message}")

    def make(self, plan: Plan, made: Mapping[str, Entry], fetcher: Fetcher) -> Entry:
        """Give the environment, made if it is not there."""
        interpreter, pins = self.solve(plan, made)
        from pkgmgr.install.venv.make import Maker  # 50 ms, where it is not there

        maker = Maker(store=self.store, fetcher=fetcher, variables=self.workspace.variables, tell=self.tell)
        return maker.make(pins, interpreter, self.wanted.target)

    def finished(self, plan: Plan, environment: Entry) -> tuple[Plan, dict[str, Entry]]:
        """Put the environment that was made into its plan, with an entry for each package that was asked for."""
        rest = tuple(step for step in plan.steps if step.key != KEY)
        step = next(step for step in plan.steps if step.key == KEY)
        done = self._with_made(msgspec.structs.replace(plan, steps=rest), environment, step)
        return done, {row.key: row.entry for row in done.steps if row.entry is not None}

    def _with_made(self, plan: Plan, environment: Entry, step: Step | None = None) -> Plan:
        """Put an environment of the store into a plan. The interpreter's names lead to it, and so do its packages'."""
        base = next((entry for entry in self.world.entries(INTERPRETER) if entry.id in environment.deps), None)
        if step is None:
            step = _row(environment, True, f"{len(self.wanted.requirements)} Python requirements, made before")
        rows = {row.key: row for row in plan.steps}
        roots = {**plan.roots, **dict.fromkeys(self._names(), KEY)}
        needed = {key for row in plan.steps for key in row.needs.values()} | set(roots.values())
        rows = {key: row for key, row in rows.items() if key in needed or row.action == "install"}
        if base is not None:
            rows[base.id] = _row(base, self.world.is_known(base), f"carries {environment.id}")
        rows[KEY] = msgspec.structs.replace(
            step, key=KEY, entry=environment, needs={INTERPRETER: base.id if base else ""}
        )
        for python, entry in zip(self.wanted.pythons, self.recognised(environment), strict=True):
            rows[entry.id] = _row(entry, True, f"in {environment.id}")
            roots |= dict.fromkeys((python.demand.text, python.demand.role), entry.id)
        return msgspec.structs.replace(plan, steps=tuple(rows.values()), roots=roots)

    def recognised(self, environment: Entry) -> list[Entry]:
        """Detect what was asked for inside the environment, and nowhere else.

        :raises CkpmError: when something is not recognised by its own soft.
        """
        where = Where(search_paths=(environment.prefix,), system=False)
        names = dict.fromkeys(python.soft.name for python in self.wanted.pythons)
        found = look(self.workspace, list(names), Search(where=where)).entries
        entries = []
        for python in self.wanted.pythons:
            mine = [entry for entry in found if entry.soft == python.soft.name and entry.prefix == environment.prefix]
            if not mine:
                raise CkpmError(
                    f"{python.demand.text} was installed into {environment.id}, but is not recognised there"
                )
            entries.append(msgspec.structs.replace(mine[0], deps=(environment.id,), origin=f"python:{environment.id}"))
        return entries


def _row(entry: Entry, is_known: bool, reason: str) -> Step:
    return Step(
        action="reuse" if is_known else "detect",
        soft=entry.soft,
        package=entry.package,
        version=entry.version,
        target=entry.target,
        reason=reason,
        key=entry.id,
        entry=entry,
    )


def _fits(entry: Entry, demand: Demand) -> bool:
    if entry.version is None:
        return demand.range.is_any
    version = Version(entry.version)
    return not version.is_prerelease if demand.range.is_any else demand.range.admits(version)


def _same_minor(entry: Entry, pins: LockedPython) -> bool:
    return Version(entry.version or "").release[:2] == Version(pins.python).release[:2]


def environments(entries: Iterable[Entry]) -> dict[str, LockedPython]:
    """Give what each Python environment among entries is made of, by its id."""
    found = {}
    for entry in entries:
        pins = read_pins(Path(entry.prefix)) if entry.soft == ENVIRONMENT else None
        if pins is not None:
            found[entry.id] = pins
    return found
