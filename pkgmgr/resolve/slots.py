"""What a result may hold, as slots and rules for the search. Pure.

A slot of a result is one soft for one target: two demands that share it share the answer. What only serves a build (a
compiler, a generator, a converter's Python) has slots of its own for each package that is made: two packages may be
made with different ones, though the same are taken where they fit. Models and data sets stand beside each other, as
many as are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from pkgmgr.model.condition import Circumstances, holds
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.package import Require
from pkgmgr.model.target import Target, parse_target
from pkgmgr.resolve.demand import Demand, read_requirement
from pkgmgr.resolve.offers import circumstances_of
from pkgmgr.resolve.option import Choice, Option, Settings
from pkgmgr.resolve.options import fits, options, softs_of
from pkgmgr.resolve.rule import ABSENT, Rule
from pkgmgr.resolve.world import World

_PLENTIFUL = ("model.", "dataset.")
_SINGLE = frozenset({"mpi"})
"""Tags of which a result holds one provider: two MPIs in one process are a crash."""


_parse_target = lru_cache(maxsize=256)(parse_target)


class Slot(NamedTuple):
    """A place of a result that holds one thing or nothing."""

    kind: str
    """``soft``; ``tags``, where any of several softs will do; ``one``, for a capability that only one may provide."""
    name: str
    target: str
    scope: str = ""
    """What is made with it; empty for what is part of the result."""
    detail: str = ""


@dataclass(frozen=True)
class Origin:
    """The reason of a rule: a demand, and who makes it."""

    demand: Demand
    slot: Slot
    mask: int
    """The options that meet it."""
    by: tuple[Option, ...] = ()
    """The options that bring it along; none for a person's."""
    failure: CkpmError | None = None
    """Why it could not even be looked up."""


class Enlarged(Exception):
    """A form was asked for that the options of a slot do not have yet: the search begins anew with it."""


@dataclass
class _Domain:
    options: list[Option]
    bits: dict[str, int]
    mask: int
    number: int


@dataclass
class Slots:
    """The problem that the search solves. Each option, domain and rule is made once."""

    world: World
    choice: Choice
    settings: dict[Slot, list[Settings]] = field(default_factory=dict)
    """Sets of variants that are asked for somewhere; they outlast a search that has to begin anew."""
    _domains: dict[Slot, _Domain] = field(default_factory=dict)
    _rules: dict[tuple[Slot, int], list[Rule[Slot]]] = field(default_factory=dict)
    _needs: dict[tuple[Slot, int, int], Rule[Slot]] = field(default_factory=dict)
    _needed: dict[tuple[Slot, int], list[tuple[Demand, Slot]]] = field(default_factory=dict)
    _held: dict[tuple[int, str, str], bool] = field(default_factory=dict)
    _masks: dict[tuple[object, ...], int] = field(default_factory=dict)
    _circumstances: dict[tuple[str, str], Circumstances] = field(default_factory=dict)
    _lists: dict[tuple[str, str, bool], list[Option]] = field(default_factory=dict)

    def restart(self) -> None:
        """Forget everything but the forms that were asked for."""
        for memory in (self._domains, self._rules, self._needs, self._needed, self._masks, self._lists):
            memory.clear()

    def option(self, slot: Slot, bit: int) -> Option:
        """Give one option."""
        return self._domain(slot).options[bit - 1]

    def options_of(self, slot: Slot, mask: int = -1) -> list[Option]:
        """Give the options of a slot that are in a mask, the best first."""
        found = enumerate(self._domain(slot).options, start=1)
        return [option for bit, option in found if mask >> bit & 1]

    def demanded(self, demand: Demand, scope: str = "") -> Slot:
        """Give the slot that a demand is about."""
        target = str(demand.target)
        if demand.tags:
            wanted = ",".join(sorted(demand.tags))
            return Slot("tags", wanted, target, scope, ",".join(demand.prefer))
        (soft,) = softs_of(demand, self.world)
        detail = demand.text if soft.startswith(_PLENTIFUL) else ""
        return Slot("soft", soft, target, scope, detail)

    def root(self, demand: Demand) -> Rule[Slot]:
        """Give the rule that a person's demand must be met."""
        slot = self.demanded(demand)
        mask = self._mask(slot, demand)
        return Rule({slot: ~mask} if mask else {}, origin=Origin(demand, slot, mask))

    def needs(self, slot: Slot, bit: int) -> list[tuple[Demand, Slot]]:
        """Give what an option needs to be made, and where that stands; what is there needs nothing more."""
        option = self.option(slot, bit)
        if option.package is None or slot.kind != "soft":
            return []
        if (slot, bit) in self._needed:
            return self._needed[(slot, bit)]
        found = []
        for row in option.package.requires:
            if isinstance(row, str) or not row.when or self._holds(row, option):
                demand, is_build = self._read(row, option)
                found.append((demand, self.demanded(demand, _scope(slot, option, is_build=is_build))))
        self._needed[(slot, bit)] = found
        return found

    # What the search asks.

    def domain(self, slot: Slot) -> int:
        """Give the mask of all values."""
        return self._domain(slot).mask

    def rules(self, slot: Slot, bit: int) -> list[Rule[Slot]]:
        """Give the rules that a choice brings along."""
        key = (slot, bit)
        if key not in self._rules:
            self._rules[key] = list(self._make_rules(slot, bit))
        return self._rules[key]

    def next_slot(self, open_: Iterable[Slot]) -> Slot:
        """Decide the result before what it is made with, and what is named before what is only described."""
        return min(open_, key=lambda slot: (slot.scope != "", slot.kind == "tags", self._domains[slot].number))

    def prefer(self, slot: Slot, allowed: int, decided: Mapping[Slot, int]) -> int:
        """Take the best; where anything would do, rather what the result holds already."""
        if slot.scope or slot.kind == "tags":
            taken = {self.option(other, bit).ident for other, bit in decided.items() if other.kind != "one"}
            bits = self._domain(slot).bits
            shared = [bits[ident] for ident in taken if ident in bits and allowed >> bits[ident] & 1]
            if shared:
                return min(shared)
        return (allowed & -allowed).bit_length() - 1

    def _domain(self, slot: Slot) -> _Domain:
        found = self._domains.get(slot)
        if found is None:
            made = self._make_options(slot)
            bits = {option.ident: bit for bit, option in enumerate(made, start=1)}
            found = _Domain(options=made, bits=bits, mask=(2 << len(made)) - 1, number=len(self._domains))
            self._domains[slot] = found
        return found

    def _make_options(self, slot: Slot) -> list[Option]:
        if slot.kind == "soft":
            return self._soft_options(slot)
        if slot.kind == "one":
            return [_provider(soft.name, slot) for soft in self.world.softs_tagged((slot.name,))]
        names = slot.name.split(",")
        prefer = tuple(slot.detail.split(","))
        demand = Demand(text="", role="", target=self._target(slot), tags=tuple(names), prefer=prefer)
        rows = []
        for place, soft in enumerate(softs_of(demand, self.world)):
            for option in self._soft_options(Slot("soft", soft, slot.target, slot.scope)):
                rows.append(((*option.order[:2], place, *option.order[2:]), option))
        return [option for _, option in sorted(rows, key=lambda row: row[0])]

    def _soft_options(self, slot: Slot) -> list[Option]:
        settings = self.settings.get(slot, [{}])
        # A toolchain for another target will do for a person; a package is, as a whole, built for that other one.
        key = (slot.name, slot.target, not slot.scope)
        if len(settings) > 1 or key not in self._lists:
            made = options(
                slot.name,
                self._target(slot),
                self.world,
                self.choice,
                settings=settings,
                any_form=not slot.scope,
            )
            if len(settings) > 1:
                return made
            self._lists[key] = made
        return self._lists[key]

    def _target(self, slot: Slot) -> Target:
        return _parse_target(slot.target)

    def _mask(self, slot: Slot, demand: Demand) -> int:
        """Give the options of a slot that meet a demand."""
        if demand.variants:
            self._ask_for(slot, dict(demand.variants))
        variants = tuple(sorted(demand.variants.items()))
        key = (slot, demand.package, demand.range.text, variants, demand.languages, demand.takes_substitutes)
        if key not in self._masks:
            settings = self.settings.get(slot, [{}])
            made = enumerate(self._domain(slot).options, start=1)
            self._masks[key] = sum(1 << bit for bit, option in made if fits(option, demand, self.world, settings))
        return self._masks[key]

    def _ask_for(self, slot: Slot, wanted: dict[str, str]) -> None:
        known = self.settings.setdefault(slot, [{}])
        merged = [
            {**other, **wanted}
            for other in known
            if all(other.get(name, value) == value for name, value in wanted.items())
        ]
        new = [item for index, item in enumerate(merged) if item not in known and item not in merged[:index]]
        if new:
            known += new
            if slot in self._domains:
                raise Enlarged

    def _make_rules(self, slot: Slot, bit: int) -> Iterator[Rule[Slot]]:
        option = self.option(slot, bit)
        if slot.kind == "tags":
            where = Slot("soft", option.soft, slot.target, slot.scope)
            same = self._domain(where).bits.get(option.ident, 0)
            yield Rule({slot: 1 << bit, where: ~(1 << same)} if same else {slot: 1 << bit})
            return
        if slot.kind == "one":
            return
        if not slot.scope:
            yield from self._only_one(slot)
        if option.package is not None:
            for number, row in enumerate(option.package.requires):
                if isinstance(row, str) or not row.when or self._holds(row, option):
                    yield self._need(slot, bit, option, number, row)

    def _only_one(self, slot: Slot) -> Iterator[Rule[Slot]]:
        """Keep two providers of one capability (two MPIs) out of one result."""
        for capability in sorted(_SINGLE.intersection(self.world.soft(slot.name).all_tags)):
            key = (slot, -1, hash(capability))
            if key not in self._needs:
                where = Slot("one", capability, slot.target)
                same = self._domain(where).bits.get(slot.name)
                if same is None:
                    continue
                demand = Demand(text=f"one {capability}", role="", target=self._target(slot))
                origin = Origin(demand, where, 1 << same, by=tuple(self._domain(slot).options[:1]))
                self._needs[key] = Rule({slot: self.domain(slot) & ~ABSENT, where: ~(1 << same)}, origin=origin)
            yield self._needs[key]

    def _need(self, slot: Slot, bit: int, option: Option, number: int, row: str | Require) -> Rule[Slot]:
        """Give the rule of one requirement, for all versions of a package that have it."""
        alike = [
            other_bit
            for other_bit, other in enumerate(self._domain(slot).options, start=1)
            if other_bit == bit or self._is_alike(other, option, row)
        ]
        by_mask = sum(1 << other for other in alike)
        key = (slot, by_mask, number)
        if key in self._needs:
            return self._needs[key]
        by = tuple(self.option(slot, other) for other in alike)
        try:
            demand, is_build = self._read(row, option)
            where = self.demanded(demand, _scope(slot, option, is_build=is_build))
            mask = self._mask(where, demand)
        except CkpmError as error:
            demand = Demand(text=str(row), role="", target=option.target, by=f"package:{slot.name}")
            rule = Rule({slot: by_mask}, origin=Origin(demand, slot, 0, by=by, failure=error))
        else:
            terms = {slot: by_mask}
            if mask:
                terms[where] = by_mask & ~mask if where == slot else ~mask
            rule = Rule(terms, origin=Origin(demand, where, mask, by=by))
        self._needs[key] = rule
        return rule

    def _is_alike(self, other: Option, option: Option, row: str | Require) -> bool:
        if other.package is not option.package or other.target != option.target:
            return False
        if not isinstance(row, str) and row.when:
            return self._holds(row, other)
        return True

    def _holds(self, row: str | Require, option: Option) -> bool:
        if isinstance(row, str):
            return True
        key = (id(row), option.ident, option.serves)
        if key not in self._held:
            place = (option.ident, option.serves)
            if place not in self._circumstances:
                made = circumstances_of(self.world, option.target, option.version, option.variants)
                self._circumstances[place] = made
            self._held[key] = holds(row.when, self._circumstances[place])
        return self._held[key]

    def _read(self, row: str | Require, option: Option) -> tuple[Demand, bool]:
        assert option.package is not None
        demand = read_requirement(row, option.target, self.choice.host, by=f"package:{option.package.name}")
        on_host = not isinstance(row, str) and row.on == "host"
        described = "compiler" in demand.tags
        name = demand.soft or (self.world.package(demand.package).provides if demand.package else "")
        return demand, on_host or described or name.startswith("tool.")


def _scope(slot: Slot, option: Option, *, is_build: bool) -> str:
    return "" if not slot.scope and not is_build else option.ident


def _provider(soft: str, slot: Slot) -> Option:
    return Option(
        ident=soft, soft=soft, version=None, runs_on=slot.target, serves=slot.target, target=_parse_target(slot.target)
    )
