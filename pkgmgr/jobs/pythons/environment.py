"""The Python packages of one result, met together: by an environment that holds all, else by one that is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from pkgmgr.detect.where import Where
from pkgmgr.install.store import Store
from pkgmgr.install.venv.made import find_environment
from pkgmgr.install.venv.wanted import make_recipe
from pkgmgr.jobs.detection import Search, look
from pkgmgr.jobs.pythons.answers import Answers
from pkgmgr.jobs.pythons.collisions import require_no_collision
from pkgmgr.jobs.pythons.demands import Wanted
from pkgmgr.jobs.pythons.found import find_together
from pkgmgr.jobs.pythons.interpreters import Interpreters, same_minor
from pkgmgr.jobs.pythons.rows import KEY, with_found, with_made, with_pending
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError, NotFoundError
from pkgmgr.model.lock import LockedPython, LockedWheel
from pkgmgr.model.plan import Plan
from pkgmgr.model.target import Target
from pkgmgr.resolve.option import Choice
from pkgmgr.resolve.world import World

if TYPE_CHECKING:
    from pkgmgr.install.fetch.fetcher import Fetcher


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

    @property
    def _interpreters(self) -> Interpreters:
        return Interpreters(world=self.world, wanted=self.wanted, host=self.host)

    @property
    def _answers(self) -> Answers:
        return Answers(
            workspace=self.workspace,
            wanted=self.wanted,
            is_foreign=self.is_foreign,
            keep=self.keep,
            tell=self.tell,
        )

    def extend(self, plan: Plan) -> Plan:
        """Put what the Python demands come to into a plan that holds everything else.

        :raises ConflictError: when the demands exclude each other by what they say themselves.
        """
        planned = self._interpreters.planned_version(plan)
        if self.pins is None:
            candidates = [entry.version for entry in self._interpreters.candidates(plan, {})]
            versions = dict.fromkeys(version for version in [planned, *candidates] if version)
            require_no_collision(self.wanted, list(versions), self.world)
        environment = None if self.anew else self._made_before(plan)
        if environment is not None:
            return with_made(plan, self.wanted, environment, self.recognised(environment), self.world)
        found = find_together(self.wanted.pythons, self.world, self._interpreters) if self._may_be_found() else None
        if found is not None:
            return with_found(plan, self.wanted, *found, self.world)
        count = len(self.wanted.requirements)
        how = f"{count} requirement{'s' if count != 1 else ''} solved together"
        if self.pins is not None:
            how = f"{len(self.pins.wheels)} locked wheels"
        return with_pending(plan, self.wanted, version=planned, how=how)

    def _may_be_found(self) -> bool:
        plain = all(python.is_plain for python in self.wanted.pythons)
        return (
            self.pins is None
            and plain
            and not self.is_foreign
            and self.choice.only != "installed"
            and (self.choice.prefer != "installed")
        )

    def _made_before(self, plan: Plan) -> Entry | None:
        """Give the environment of the lock, or of the remembered answer, where it is in the store."""
        if self.is_foreign:
            return None
        candidates = self._interpreters.candidates(plan, {})
        if self.pins is not None:
            wheels: Sequence[LockedWheel] = self.pins.wheels
            usable = [entry for entry in candidates if same_minor(entry, self.pins)]
        else:
            answer = self._answers.recall(candidates)
            if answer is None:
                return None
            wheels = answer.wheels
            usable = [entry for entry in candidates if entry.id == answer.interpreter]
        made = (find_environment(self.store, make_recipe(wheels, entry, self.wanted.target)) for entry in usable)
        return next((entry for entry in made if entry is not None), None)

    def solve(self, plan: Plan, made: Mapping[str, Entry]) -> tuple[Entry, LockedPython]:
        """Give the interpreter and the wheels: the lock's, those remembered, else what the index has now.

        :param made: entries of the plan that were installed by now.
        """
        candidates = self._interpreters.candidates(plan, made)
        if not candidates:
            raise NotFoundError(
                "no Python here can carry the packages", hint="ckpm install soft:lang.python, or --search-path DIR"
            )
        if self.pins is not None:
            usable = [entry for entry in candidates if same_minor(entry, self.pins)]
            if not usable:
                raise NotFoundError(f"the lock was made with Python {self.pins.python}, and there is none of that kind")
            return usable[0], self.pins
        answer = (None if self.anew else self._answers.recall(candidates)) or self._answers.obtain(candidates)
        interpreter = next(entry for entry in candidates if entry.id == answer.interpreter)
        names = self.wanted.requirements
        return interpreter, LockedPython(
            python=interpreter.version or "", requirements=names, wheels=tuple(answer.wheels)
        )

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
        plan = msgspec.structs.replace(plan, steps=rest)
        done = with_made(plan, self.wanted, environment, self.recognised(environment), self.world, step)
        return done, {row.key: row.entry for row in done.steps if row.entry is not None}

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
