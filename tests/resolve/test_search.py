"""The search against trying everything, on small random problems."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from pkgmgr.resolve.search import ABSENT, Rule, Unsolvable, search


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


@pytest.mark.parametrize("first", range(0, 2000, 250))
def test_it_finds_a_solution_where_there_is_one_and_only_there(first: int) -> None:
    solved = 0
    for seed in range(first, first + 250):
        given, roots = make_problem(seed)
        spaces = [range(size + 1) for size in given.sizes]
        possible = any(is_solution(given, roots, dict(enumerate(values))) for values in itertools.product(*spaces))
        try:
            found = search(given, roots)
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
