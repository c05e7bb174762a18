"""Choose one value for each slot so that no rule is broken, and learn from every dead end. Pure; knows no packages.

A slot is a variable whose values are numbered: bit 0 of a mask is "nothing is chosen here", bit n its n-th option, the
preferred first. A rule is a set of terms (slot → mask) that can't all hold. As in PubGrub
(https://nex3.medium.com/pubgrub-2fb6470504f), what a choice brings along is only asked for when the choice is made, and
a collision is resolved into a new rule that keeps the search from meeting it again: no package is tried twice for a
reason that is already known, whatever the depth. The rules that a failure was derived from are its explanation.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

S = TypeVar("S", bound=Hashable)

ABSENT = 1
"""The mask of "nothing is chosen"."""


@dataclass(frozen=True, eq=False)
class Rule(Generic[S]):
    """Terms that can't all hold."""

    terms: Mapping[S, int]
    origin: object = None
    """What it says, for explanations; None where it was derived."""
    parents: tuple[Rule[S], ...] = ()


@dataclass(frozen=True)
class _Mark(Generic[S]):
    """One narrowing of a slot."""

    slot: S
    before: int
    after: int
    level: int
    cause: Rule[S] | None
    """None: a decision."""


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


def search(problem: Problem[S], rules: Iterable[Rule[S]]) -> dict[S, int]:
    """Give the number of the chosen option of each slot that something needs.

    :raises Unsolvable: with the rules that leave no choice.
    """
    return _Search(problem).run(rules)


@dataclass
class _Search(Generic[S]):
    problem: Problem[S]
    masks: dict[S, int] = field(default_factory=dict)
    """What each slot may still be."""
    decided: dict[S, int] = field(default_factory=dict)
    needed: dict[S, None] = field(default_factory=dict)
    """Slots that can't be empty any more and are not decided, in the order in which that was found."""
    trail: list[_Mark[S]] = field(default_factory=list)
    by_slot: dict[S, list[Rule[S]]] = field(default_factory=dict)
    level: int = 0
    known: set[int] = field(default_factory=set)

    def run(self, rules: Iterable[Rule[S]]) -> dict[S, int]:
        waiting = list(rules)
        for rule in waiting:
            self._add(rule)
        self._propagate(waiting)
        while self.needed:
            slot = self.problem.next_slot(self.needed)
            bit = self.problem.prefer(slot, self.masks[slot], self.decided)
            new = [rule for rule in self.problem.rules(slot, bit) if id(rule) not in self.known]
            for rule in new:
                self.known.add(id(rule))
                self._add(rule)
            # A choice that what it brings along forbids at once is not made; the rules narrow the slot instead.
            if not any(self._forbids(rule, slot, bit) for rule in new):
                self.level += 1
                self.decided[slot] = bit
                self._narrow(slot, 1 << bit, None)
                new += self.by_slot[slot]
            self._propagate(new)
        return {slot: bit for slot, bit in self.decided.items() if bit}

    def _add(self, rule: Rule[S]) -> None:
        for slot in rule.terms:
            if slot not in self.masks:
                self.masks[slot] = self.problem.domain(slot)
            self.by_slot.setdefault(slot, []).append(rule)

    def _forbids(self, rule: Rule[S], slot: S, bit: int) -> bool:
        return all(
            (1 << bit) & mask if name == slot else not self.masks[name] & ~mask for name, mask in rule.terms.items()
        )

    def _narrow(self, slot: S, mask: int, cause: Rule[S] | None) -> None:
        before = self.masks[slot]
        after = before & mask
        self.trail.append(_Mark(slot, before, after, self.level, cause))
        self.masks[slot] = after
        if cause is None:
            self.needed.pop(slot, None)
        elif not after & ABSENT and slot not in self.decided:
            self.needed.setdefault(slot)

    def _propagate(self, rules: Iterable[Rule[S]]) -> None:
        """Draw all conclusions; a rule that is broken is learned from, and the search goes back to where it helps."""
        queue = list(rules)
        while queue:
            rule = queue.pop()
            open_slot, found = self._open_term(rule)
            if found > 1:
                continue
            if found == 0:
                rule = self._learn(rule)
                queue = []
                open_slot, found = self._open_term(rule)
            assert open_slot is not None
            self._narrow(open_slot, ~rule.terms[open_slot], rule)
            queue += self.by_slot[open_slot]

    def _open_term(self, rule: Rule[S]) -> tuple[S | None, int]:
        """Give the one term that does not hold yet, and how many such there are (2: several, or one can't hold)."""
        open_slot, count = None, 0
        for slot, mask in rule.terms.items():
            held = self.masks[slot]
            if not held & ~mask:
                continue
            if not held & mask or count:
                return None, 2
            open_slot, count = slot, 1
        return open_slot, count

    def _learn(self, rule: Rule[S]) -> Rule[S]:
        """Resolve a broken rule with what led to it until going back to an earlier level makes it useful.

        :raises Unsolvable: when nothing is left that could be decided otherwise.
        """
        while True:
            last, level_before = self._satisfier(rule)
            if last is None:
                raise Unsolvable(_origins(rule))
            if last.level > 0 and (last.cause is None or level_before < last.level):
                self._back_to(level_before)
                self._add(rule)
                return rule
            assert last.cause is not None  # there are no decisions at level 0
            rule = self._resolved(rule, last.cause, last.slot)

    def _resolved(self, rule: Rule[S], cause: Rule[S], slot: S) -> Rule[S]:
        """Give what follows from two rules, without what the second one says of a slot."""
        terms = dict(rule.terms)
        for name, mask in cause.terms.items():
            terms[name] = terms[name] & mask if name in terms and name != slot else mask
        union = rule.terms[slot] | cause.terms[slot]
        if self.problem.domain(slot) & ~union:
            terms[slot] = union
        else:  # it holds whatever is chosen there
            del terms[slot]
        return Rule(terms, parents=(rule, cause))

    def _satisfier(self, rule: Rule[S]) -> tuple[_Mark[S] | None, int]:
        """Give the narrowing that broke a rule, and the level at which the rest of it held already."""
        left = dict(rule.terms)
        last: _Mark[S] | None = None
        level = 0
        for mark in reversed(self.trail):
            mask = left.get(mark.slot)
            if mask is None or not mark.before & ~mask:  # without it the term held already
                continue
            del left[mark.slot]
            if last is None:
                last, level = mark, self._level_without(mark, mask)
            else:
                level = max(level, mark.level)
        return last, level

    def _level_without(self, last: _Mark[S], mask: int) -> int:
        """Give the level of what a narrowing needed of earlier ones of its slot to make a term hold."""
        alone = last.after if last.cause is None else ~last.cause.terms[last.slot]
        if not self.problem.domain(last.slot) & alone & ~mask:
            return 0
        for mark in self.trail:
            if mark.slot == last.slot and not mark.after & alone & ~mask:
                return mark.level if mark is not last else 0
        return 0

    def _back_to(self, level: int) -> None:
        while self.trail and self.trail[-1].level > level:
            mark = self.trail.pop()
            self.masks[mark.slot] = mark.before
            if mark.cause is None:
                del self.decided[mark.slot]
            if mark.before & ABSENT:
                self.needed.pop(mark.slot, None)
            elif mark.slot not in self.decided:
                self.needed.setdefault(mark.slot)
        self.level = level


def _origins(rule: Rule[S]) -> tuple[Rule[S], ...]:
    """Give the rules of the world that a rule was derived from."""
    found: dict[int, Rule[S]] = {}
    seen: set[int] = set()
    waiting = [rule]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        waiting += reversed(item.parents)
        if not item.parents:
            found[id(item)] = item
    return tuple(found.values())
