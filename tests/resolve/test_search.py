"""The search against trying everything, on small random problems."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from pkgmgr.resolve.rule import ABSENT, Rule, TooHard, Unsolvable
from pkgmgr.resolve.search import CALM, search


@dataclass
class Given:
    """Slots by number, each with some options; an option brings its rules along."""

    sizes: list[int]
    brought: dict[tuple[int, int], list[Rule[int]]] = field(default_factory=dict)

    def domain(self, slot: int) -> int:
        return (2 << self.sizes[slot]) - 1

    def rules(self, slot: int, bit: int) -> Iterable[Rule[int]]:
        return self.brought.get((slot, bit), [])

    def next_slot(self, open_: Iterable[int]) -> int:
        return min(open_)

    def prefer(self, slot: int, allowed: int, decided: Mapping[int, int]) -> int:
        return (allowed & -allowed).bit_length() - 1


def make_problem(seed: int) -> tuple[Given, list[Rule[int]]]:
    chance = random.Random(seed)
    given = Given([chance.randint(1, 3) for _ in range(chance.randint(2, 6))])
    slots = range(len(given.sizes))
    for slot in slots:
        for bit in range(1, given.sizes[slot] + 1):
            for other in chance.sample(slots, chance.randint(0, 2)):
                fitting = sum(1 << item for item in range(1, given.sizes[other] + 1) if chance.random() < 0.5)
                own = 1 << bit
                terms = {slot: own & ~fitting} if other == slot else {slot: own, other: ~fitting}
                given.brought.setdefault((slot, bit), []).append(Rule(terms, origin=(slot, bit, other)))
    roots = [Rule({slot: ABSENT | chance.choice((0, 2))}, origin=slot) for slot in chance.sample(slots, 2)]
    return given, roots


def is_solution(given: Given, roots: Iterable[Rule[int]], values: Mapping[int, int]) -> bool:
    active = [*roots, *(rule for slot, bit in values.items() for rule in given.rules(slot, bit))]
    return not any(all(1 << values.get(slot, 0) & mask for slot, mask in rule.terms.items()) for rule in active)


@pytest.mark.parametrize("calm", [pytest.param(CALM, id="calm"), pytest.param(1, id="after dead ends")])
@pytest.mark.parametrize("first", range(0, 2000, 250))
def test_it_finds_a_solution_where_there_is_one_and_only_there(first: int, calm: int) -> None:
    solved = 0
    for seed in range(first, first + 250):
        given, roots = make_problem(seed)
        spaces = [range(size + 1) for size in given.sizes]
        possible = any(is_solution(given, roots, dict(enumerate(values))) for values in itertools.product(*spaces))
        try:
            found = search(given, roots, calm=calm)
        except Unsolvable as failure:
            assert not possible, seed
            assert set(failure.rules) <= {*roots, *itertools.chain(*given.brought.values())}, seed
            continue
        assert possible, seed
        assert is_solution(given, roots, found), seed
        solved += 1
    assert 0 < solved < 250


def test_a_dead_end_is_met_once() -> None:
    """Twelve free choices before a pair that can't agree: trying in turn would take 4^12 steps."""
    given = Given([4] * 12 + [4, 1])
    for bit in range(1, 5):
        given.brought[(12, bit)] = [Rule({12: 1 << bit, 13: ~2}), Rule({12: 1 << bit, 13: 2})]
    with pytest.raises(Unsolvable):
        search(given, [Rule({slot: ABSENT}) for slot in range(13)])


def pigeons(count: int) -> tuple[Given, list[Rule[int]]]:
    """Give slots that must all differ, with one value too few."""
    given = Given([count - 1] * count)
    for slot, other in itertools.combinations(range(count), 2):
        for bit in range(1, count):
            rule = Rule({slot: 1 << bit, other: 1 << bit}, origin=(slot, other, bit))
            given.brought.setdefault((slot, bit), []).append(rule)
            given.brought.setdefault((other, bit), []).append(rule)
    return given, [Rule({slot: ABSENT}, origin=slot) for slot in range(count)]


def test_many_dead_ends_lead_to_a_proof() -> None:
    given, roots = pigeons(7)
    with pytest.raises(Unsolvable) as caught:
        search(given, roots)
    assert {rule.origin for rule in roots} <= {rule.origin for rule in caught.value.rules}


def test_it_gives_up_by_counting() -> None:
    given, roots = pigeons(12)
    for _ in range(2):
        with pytest.raises(TooHard) as caught:
            search(given, roots, most=150)
        assert caught.value.dead_ends == 150
        assert caught.value.slots


@pytest.mark.parametrize("seed", range(12))
def test_a_hidden_solution_is_found_behind_many_dead_ends(seed: int) -> None:
    """Narrow ranges: each value of a slot leaves few of the others, and few whole answers are left."""
    chance = random.Random(seed)
    count, size = 40, 12
    given = Given([size] * count)
    hidden = [chance.randint(1, size) for _ in range(count)]
    for slot in range(count - 1):
        for other in {slot + 1, *chance.sample(range(slot + 1, count), min(2, count - slot - 1))}:
            for bit in range(1, size + 1):
                width = chance.randint(1, 5)
                middle = hidden[other] if bit == hidden[slot] else chance.randint(1, size)
                fitting = sum(1 << item for item in range(max(1, middle - width), min(size, middle + width) + 1))
                given.brought.setdefault((slot, bit), []).append(Rule({slot: 1 << bit, other: ~fitting}))
    roots = [Rule({0: ABSENT})]
    found = search(given, roots)
    assert is_solution(given, roots, found)
    assert search(given, roots) == found
