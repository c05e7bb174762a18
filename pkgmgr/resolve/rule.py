"""What the search works on: slots, rules that can't be broken, and how it ends without a solution. Pure.

A slot is a variable whose values are numbered: bit 0 of a mask is "nothing is chosen here", bit n its n-th option, the
preferred first. A rule is a set of terms (slot → mask) that can't all hold.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

S = TypeVar("S", bound=Hashable)

ABSENT = 1
"""The mask of "nothing is chosen"."""


@dataclass(frozen=True, eq=False)
class Rule(Generic[S]):
    """Terms that can't all hold."""

    terms: Mapping[S, int]
    origin: object = None
    """What it says, for explanations."""


class Problem(Protocol[S]):
    """What the search asks while it goes on."""

    def domain(self, slot: S) -> int:
        """Give the mask of all values of a slot, bit 0 among them."""

    def rules(self, slot: S, bit: int) -> Iterable[Rule[S]]:
        """Give the rules that matter once an option is chosen."""

    def next_slot(self, open_: Iterable[S]) -> S:
        """Say which slot to decide next."""

    def prefer(self, slot: S, allowed: int, decided: Mapping[S, int]) -> int:
        """Give the bit to try first among those allowed."""


class Unsolvable(Exception, Generic[S]):
    """There is no solution; ``rules`` are those that together leave none."""

    def __init__(self, rules: tuple[Rule[S], ...]) -> None:
        super().__init__("no solution")
        self.rules = rules


class TooHard(Exception, Generic[S]):
    """The search gave up; ``slots`` are those that most of the last dead ends were about."""

    def __init__(self, dead_ends: int, slots: tuple[S, ...]) -> None:
        super().__init__(f"no solution within {dead_ends} dead ends")
        self.dead_ends = dead_ends
        self.slots = slots
