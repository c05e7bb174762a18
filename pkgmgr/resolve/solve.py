"""Find one consistent set of options for all demands, and write it as a plan. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import msgspec

from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import ConflictError
from pkgmgr.model.package import Require
from pkgmgr.model.plan import Plan, Step
from pkgmgr.model.target import Target
from pkgmgr.resolve.demand import Demand, read_requirement
from pkgmgr.resolve.explain import explain, gave_up
from pkgmgr.resolve.offers import check_variants
from pkgmgr.resolve.option import Choice, Option
from pkgmgr.resolve.rule import Rule, TooHard, Unsolvable
from pkgmgr.resolve.search import MOST_DEAD_ENDS, search
from pkgmgr.resolve.slots import Enlarged, Slot, Slots
from pkgmgr.resolve.world import World

_HINT_DEAD_ENDS = 500


def resolve(
    requirements: Sequence[str | Require],
    *,
    world: World,
    target: Target,
    choice: Choice,
    most: int = MOST_DEAD_ENDS,
) -> Plan:
    """Give the plan that meets all requirements for a target.

    :param most: how many dead ends are worth it.

    :raises NotFoundError: when nothing at all meets a requirement.
    :raises ConflictError: when each could be met, but not all together.
    :raises CkpmError: when neither could be told in reasonable time.
    """
    demands = [read_requirement(requirement, target, choice.host) for requirement in requirements]
    for demand in demands:
        if demand.package:
            check_variants(world.package(demand.package), demand)
    slots = Slots(world=world, choice=choice)
    try:
        solution = _solve(slots, demands, most)
    except TooHard as failure:
        raise gave_up(failure.dead_ends, failure.slots) from failure
    except Unsolvable as failure:
        error = explain(failure.rules, slots, ())
        if isinstance(error, ConflictError) or not world.target(str(target)).runs:
            raise explain(failure.rules, slots, _relaxed(demands, world, choice)) from failure
        # Nothing serves the target itself: take what serves one whose programs run there, if there is such a one.
        substitutes = Slots(world=world, choice=replace(choice, substitutes=True))
        found = _try(substitutes, demands)
        if found is None:
            raise error from failure
        slots, solution = substitutes, found
    return _Writer(slots, solution).plan(demands, target)


def _solve(slots: Slots, demands: Sequence[Demand], most: int) -> dict[Slot, int]:
    """Search; in the order of the demands' texts, so that the order of asking changes nothing.

    :raises Unsolvable: when there is no solution.
    :raises TooHard: when that can't be told in reasonable time.
    """
    while True:
        try:
            rules: list[Rule[Slot]] = [slots.root(demand) for demand in sorted(demands, key=lambda item: item.text)]
            return search(slots, rules, most=most)
        except Enlarged:
            slots.restart()


def _try(slots: Slots, demands: Sequence[Demand]) -> dict[Slot, int] | None:
    """Give a solution where one can be found with little effort: this is for hints."""
    try:
        return _solve(slots, demands, _HINT_DEAD_ENDS)
    except (Unsolvable, TooHard):
        return None


def _relaxed(demands: Sequence[Demand], world: World, choice: Choice) -> list[tuple[Demand, str]]:
    """Give the demands of a person without whose version or form all others can be met, and what would be taken."""
    found = []
    for index, demand in enumerate(demands):
        if demand.range.is_any and not demand.variants:
            continue
        open_ = read_requirement(
            Require(soft=demand.soft, package=demand.package, languages=demand.languages), demand.target, choice.host
        )
        slots = Slots(world=world, choice=choice)
        solution = _try(slots, [*demands[:index], open_, *demands[index + 1 :]])
        if solution is not None:
            slot = slots.demanded(open_)
            option = slots.option(slot, solution[slot])
            found.append((demand, f"{option.soft} {option.version or ''}".rstrip()))
    return found


class _Writer:
    """Writes a solution as rows, what is needed first."""

    def __init__(self, slots: Slots, solution: dict[Slot, int]) -> None:
        self._slots = slots
        self._solution = solution
        self._rows: dict[str, Step] = {}
        self._keys: dict[Slot, str] = {}
        self._demanders: dict[str, dict[str, None]] = {}
        self._limits: dict[Slot, dict[str, None]] = {}
        self._named: set[Slot] = set()
        """Where a package was asked for by name: what others made will not do."""

    def plan(self, demands: Sequence[Demand], target: Target) -> Plan:
        """Write the plan."""
        places = {demand.text: self._place(demand, self._slots.demanded(demand)) for demand in demands}
        for demand in demands:
            self._limit(demand, places[demand.text])
        for slot in self._reachable(places.values()):
            for demand, where in self._slots.needs(slot, self._solution[slot]):
                self._limit(demand, self._place(demand, where))
        roots = {}
        for demand in demands:
            roots[demand.text] = self._add(places[demand.text])
            self._demanders.setdefault(roots[demand.text], {})[demand.text] = None
        roles = {demand.role: roots[demand.text] for demand in demands}
        steps = [
            replace_step(step, demanded_by=tuple(self._demanders.get(key, ()))) for key, step in self._rows.items()
        ]
        chosen = [self._option(slot) for slot in self._keys]
        return Plan(
            host=str(self._slots.choice.host),
            target=str(target),
            steps=tuple(steps),
            roots={**roots, **{role: key for role, key in roles.items() if role not in roots}},
            notes=tuple(dict.fromkeys(_notes(chosen, target, self._slots.world))),
        )

    def _option(self, slot: Slot) -> Option:
        return self._slots.option(slot, self._solution[slot])

    def _place(self, demand: Demand, slot: Slot) -> Slot:
        """Give where the answer to a demand stands: a description leads to the soft that was taken."""
        if slot.kind != "tags":
            return slot
        return Slot("soft", self._option(slot).soft, slot.target, slot.scope)

    def _limit(self, demand: Demand, slot: Slot) -> None:
        if demand.package:
            self._named.add(slot)
        if not demand.range.is_any:
            self._limits.setdefault(slot, {})[f"{demand.by or 'you'} asked for {demand.text}"] = None

    def _reachable(self, roots: Iterable[Slot]) -> list[Slot]:
        found = dict.fromkeys(roots)
        waiting = list(found)
        while waiting:
            slot = waiting.pop()
            for demand, where in self._slots.needs(slot, self._solution[slot]):
                place = self._place(demand, where)
                if place not in found:
                    found[place] = None
                    waiting.append(place)
        return list(found)

    def _add(self, root: Slot) -> str:
        """Write the row of a slot behind the rows of all that it needs, without recursion: chains can be long."""
        path: list[tuple[Slot, Iterator[tuple[str, Slot]], dict[str, str]]] = [self._begin(root)]
        while True:
            slot, needs, keys = path[-1]
            role_place = next(needs, None)
            if role_place is not None:
                role, place = role_place
                if place in self._keys:
                    keys[role] = self._keys[place]
                    continue
                if any(place == other for other, _, _ in path):
                    names = [self._option(item).soft for item, _, _ in path]
                    raise ConflictError(
                        f"{' needs '.join([*names, self._option(place).soft])}: they need each other to be made",
                        hint="one of these packages must require less",
                    )
                keys[role] = ""
                path.append(self._begin(place))
                continue
            path.pop()
            key = self._write(slot, keys)
            if not path:
                return key
            waiting = path[-1][2]
            waiting.update({role: key for role, value in waiting.items() if not value})

    def _begin(self, slot: Slot) -> tuple[Slot, Iterator[tuple[str, Slot]], dict[str, str]]:
        if slot in self._keys:
            return slot, iter(()), {}
        needs = self._slots.needs(slot, self._solution[slot])
        return slot, iter([(demand.role, self._place(demand, where)) for demand, where in needs]), {}

    def _write(self, slot: Slot, needs: dict[str, str]) -> str:
        if slot in self._keys:
            return self._keys[slot]
        option = self._option(slot)
        key = option.ident
        while key in self._rows and self._rows[key].needs != needs:  # the same version, made with something else
            key += "'"
        self._keys[slot] = key
        self._rows.setdefault(key, self._step(option, key, needs, slot))
        if option.package is not None:
            for other in needs.values():
                self._demanders.setdefault(other, {})[f"package:{option.package.name}"] = None
        return key

    def _why_older(self, slot: Slot) -> str:
        """Say who keeps a slot from its best option."""
        limits = list(self._limits.get(slot, ()))
        return f"; {', '.join(limits[:3])}" if self._solution[slot] != 1 and limits else ""

    def _step(self, option: Option, key: str, needs: dict[str, str], slot: Slot) -> Step:
        why, world = self._why_older(slot), self._slots.world
        if option.entry is not None:
            return _found(option, option.entry, key, world, why)
        assert option.package is not None
        return Step(
            action="install",
            soft=option.soft,
            package=option.package.name,
            version=option.version,
            target=option.runs_on,
            reason=_why_install(option, world, is_named=slot in self._named) + why,
            key=key,
            variants=option.variants,
            needs=needs,
            toolchain_target=str(option.target),
        )


def replace_step(step: Step, *, demanded_by: tuple[str, ...]) -> Step:
    """Give a row with those who asked for it."""
    return msgspec.structs.replace(step, demanded_by=demanded_by)


def _found(option: Option, entry: Entry, key: str, world: World, why: str) -> Step:
    known = world.is_known(entry)
    place = (
        f"installed by {entry.package}"
        if entry.package
        else f"found at {(entry.files and next(iter(entry.files.values()))) or entry.prefix}"
    )
    substitute = f"; serves {option.serves}, whose programs run there" if option.is_substitute else ""
    return Step(
        action="reuse" if known else "detect",
        soft=entry.soft,
        package=entry.package,
        version=entry.version,
        target=entry.target,
        reason=place + substitute + why,
        key=key,
        entry=entry,
        toolchain_target=option.serves,
    )


def _why_install(option: Option, world: World, *, is_named: bool) -> str:
    present = world.entries(option.soft)
    package = option.package.name if option.package else ""
    variants = ", ".join(f"{key}={value}" for key, value in sorted(option.variants.items()))
    made = f"{package} makes it" + (f" ({variants})" if variants else "")
    if not present:
        return f"none is here; {made}"
    if any(
        entry.package == package and entry.target == option.runs_on and world.is_outdated(entry) for entry in present
    ):
        return f"what is here ({present[0].version or 'no version'}) was made by another document of it; {made}"
    if is_named and not any(entry.package == package for entry in present):
        return f"what is here ({present[0].version or 'no version'}) was not made by it; {made}"
    nearest = present[0]
    what = nearest.target if not nearest.emits else ", ".join(nearest.emits[:3])
    return f"none that is here fits ({nearest.version or 'no version'} for {what}); {made}"


def _notes(chosen: Iterable[Option], target: Target, world: World) -> Iterator[str]:
    for option in chosen:
        if option.package is not None:
            for glob, note in option.package.notes.items():
                if fnmatchcase(str(target), glob) or fnmatchcase(str(target.base), glob):
                    yield f"{option.package.name}: {note}"
            if option.package.untested:
                yield f"{option.package.name}: {option.package.untested}"
        if option.is_substitute and option.package is not None and option.package.product == "target":
            kind = "static programs" if world.target(str(option.target)).is_static else "programs"
            yield (
                f"{option.package.name}: no toolchain for {target} is here, so it is built for {option.target}, whose "
                f"{kind} run there too; it was not tried on a device"
            )
