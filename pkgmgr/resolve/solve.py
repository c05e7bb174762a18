"""Find one consistent set of options for all demands, and write it as a plan. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from pkgmgr.model.condition import Circumstances, holds
from pkgmgr.model.errors import CkpmError, ConflictError, NotFoundError
from pkgmgr.model.package import Require
from pkgmgr.model.plan import Plan, Step
from pkgmgr.model.target import Target
from pkgmgr.resolve.demand import Demand, read_requirement
from pkgmgr.resolve.options import Choice, Option, options
from pkgmgr.resolve.world import World


def resolve(requirements: Sequence[str | Require], *, world: World, target: Target, choice: Choice) -> Plan:
    """Give the plan that meets all requirements for a target.

    :raises NotFoundError: when nothing at all meets a requirement.
    :raises ConflictError: when each could be met, but not all together.
    """
    demands = [read_requirement(requirement, target, choice.host) for requirement in requirements]
    solver = _Solver(world=world, choice=choice)
    try:
        chosen = solver.solve(demands)
    except NotFoundError:
        # Nothing serves the target itself: take what serves one whose programs run there, if there is such a one.
        if choice.substitutes or not world.target(str(target)).runs:
            raise
        solver = _Solver(world=world, choice=replace(choice, substitutes=True))
        chosen = solver.solve(demands)
    return _plan(demands, chosen, solver, target, choice)


@dataclass
class _Solver:
    """Depth-first search with backtracking over demands, in the order in which they arise.

    The same question is asked of the world once; the same input gives the same answer.
    """

    world: World
    choice: Choice
    _options: dict[Demand, list[Option]] = field(default_factory=dict)
    deepest: tuple[Demand, str] | None = None
    """The demand that could not be met in the most advanced attempt, and with what it collides."""
    _depth: int = -1
    _missing: CkpmError | None = None
    """Why the first demand that has no option at all has none."""

    def solve(self, demands: Sequence[Demand]) -> dict[Demand, Option]:
        """Choose an option for each demand and for those that the options bring along."""
        chosen = self._search(tuple(demands), {})
        if chosen is None:
            raise self._missing if self._missing is not None and self.deepest is None else self._conflict()
        return chosen

    def _search(self, open_: tuple[Demand, ...], chosen: dict[Demand, Option]) -> dict[Demand, Option] | None:
        if not open_:
            return chosen
        demand, rest = open_[0], open_[1:]
        if demand in chosen:
            return self._search(rest, chosen)
        candidates = self._candidates(demand)
        taken = {_identity(option, by): option for by, option in chosen.items()}
        shared = [option for option in candidates if taken.get(_identity(option, demand)) == option]
        for option in shared or candidates:
            other = taken.get(_identity(option, demand))
            if other is not None and other != option:
                self._note(demand, other, len(chosen))
                continue
            following = self._search((*self.needs(option), *rest), {**chosen, demand: option})
            if following is not None:
                return following
        return None

    def _candidates(self, demand: Demand) -> list[Option]:
        if demand not in self._options:
            self._options[demand] = options(demand, self.world, self.choice)
        if not self._options[demand] and self._missing is None:
            # Not an error yet: another option of whoever demands it may do without.
            self._missing = _nothing_fits(demand, self.world, self.choice)
        return self._options[demand]

    def needs(self, option: Option) -> list[Demand]:
        """Give what a package needs to be made; an entry that is there needs nothing more."""
        package = option.package
        if package is None:
            return []
        libc = self.world.target(str(option.target)).libc
        circumstances = Circumstances(target=option.target, libc=libc, version=option.version, variants=option.variants)
        found = []
        for row in package.requires:
            if not isinstance(row, str) and not holds(row.when, circumstances):
                continue
            found.append(read_requirement(row, option.target, self.choice.host, by=f"package:{package.name}"))
        return found

    def _note(self, demand: Demand, other: Option, depth: int) -> None:
        if depth >= self._depth:
            self._depth = depth
            self.deepest = (demand, f"{other.soft} {other.version} was chosen for another demand")

    def _conflict(self) -> CkpmError:
        if self.deepest is None:
            return ConflictError("the requirements have no common solution")
        demand, reason = self.deepest
        by = demand.by or "you"
        return ConflictError(
            f"no common solution: {by} asked for {demand.text}, but {reason}",
            hint="loosen one of the two versions, or ask for them separately",
        )


def _identity(option: Option, demand: Demand) -> tuple[str, str, str]:
    """Two options with the same identity can't stand in one result: one version of a soft for each target.

    Of models and data sets there may be as many as are asked for.
    """
    if not option.soft.startswith(("model.", "dataset.")):
        return (option.soft, str(demand.target), "")
    variants = ",".join(f"{key}={value}" for key, value in sorted(option.variants.items()))
    return (option.soft, option.runs_on, f"{option.version}:{variants}:{option.entry.id if option.entry else ''}")


def _nothing_fits(demand: Demand, world: World, choice: Choice) -> CkpmError:
    wanted = demand.text + (f" for {demand.target}" if demand.target != choice.host else "")
    by = f" (needed by {demand.by})" if demand.by else ""
    softs = (
        [demand.soft] if demand.soft else [soft.name for soft in world.softs_tagged(demand.tags)] if demand.tags else []
    )
    present = [entry for soft in softs for entry in world.entries(soft)]
    have = ", ".join(
        f"{entry.soft} {entry.version} for {', '.join(entry.emits) or entry.target}" for entry in present[:4]
    )
    message = f"nothing meets {wanted}{by}"
    if have:
        message += f"; there is {have}"
    makers = [package.name for soft in softs for package in world.providers(soft)]
    if makers:
        hint = f"{', '.join(makers)} can't make it in that version or for that target; 'ckpm show package:{makers[0]}'"
    elif softs:
        hint = f"no package makes it; 'ckpm why {softs[0]}' tells what was turned down"
    else:
        hint = "'ckpm list soft' shows what can be asked for"
    return NotFoundError(message, hint=hint)


def _plan(
    demands: Sequence[Demand], chosen: Mapping[Demand, Option], solver: _Solver, target: Target, choice: Choice
) -> Plan:
    rows: dict[str, Step] = {}
    keys: dict[int, str] = {}

    def add(option: Option, by: str) -> str:
        key = _row_key(option)
        if key in rows:
            return key
        needs = {}
        for demand in solver.needs(option):
            needs[demand.role] = add(chosen[demand], f"package:{option.package.name}" if option.package else "")
        rows[key] = _step(option, key, needs, by, solver.world)
        keys[id(option)] = key
        return key

    roots = {demand.text: add(chosen[demand], demand.text) for demand in demands}
    roles = {demand.role: roots[demand.text] for demand in demands}
    return Plan(
        host=str(choice.host),
        target=str(target),
        steps=tuple(rows.values()),
        roots={**roots, **{role: key for role, key in roles.items() if role not in roots}},
        notes=tuple(dict.fromkeys(_notes(rows.values(), chosen.values(), target))),
    )


def _row_key(option: Option) -> str:
    if option.entry is not None:
        return option.entry.id
    variants = "".join(f"+{key}={value}" for key, value in sorted(option.variants.items()))
    name = option.package.name if option.package is not None else option.soft
    return f"{name}@{option.version}{variants}:{option.runs_on}"


def _step(option: Option, key: str, needs: Mapping[str, str], by: str, world: World) -> Step:
    entry = option.entry
    if entry is None:
        assert option.package is not None
        return Step(
            action="install",
            soft=option.soft,
            package=option.package.name,
            version=option.version,
            target=option.runs_on,
            reason=_why_install(option, world),
            key=key,
            variants=option.variants,
            needs=needs,
            demanded_by=(by,),
            toolchain_target=str(option.target),
        )
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
        reason=place + substitute,
        key=key,
        entry=entry,
        demanded_by=(by,),
        toolchain_target=option.serves,
    )


def _why_install(option: Option, world: World) -> str:
    present = world.entries(option.soft)
    package = option.package.name if option.package else ""
    variants = ", ".join(f"{key}={value}" for key, value in sorted(option.variants.items()))
    made = f"{package} makes it" + (f" ({variants})" if variants else "")
    if not present:
        return f"none is here; {made}"
    nearest = present[0]
    what = nearest.target if not nearest.emits else ", ".join(nearest.emits[:3])
    return f"none that is here fits ({nearest.version or 'no version'} for {what}); {made}"


def _notes(steps: Iterable[Step], chosen: Iterable[Option], target: Target) -> Iterator[str]:
    for option in chosen:
        if option.package is not None:
            for glob, note in option.package.notes.items():
                if fnmatchcase(str(target), glob) or fnmatchcase(str(target.base), glob):
                    yield f"{option.package.name}: {note}"
            if option.package.untested:
                yield f"{option.package.name}: {option.package.untested}"
        if option.is_substitute and option.package is not None and option.package.product == "target":
            yield (
                f"{option.package.name}: no toolchain for {target} is here, so it is built as a static {option.target} "
                f"program, which runs there too; it was not tried on a device"
            )
