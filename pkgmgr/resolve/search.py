"""Choose one value for each slot so that no rule is broken, and learn from every dead end. Pure; knows no packages.

As in PubGrub (https://nex3.medium.com/pubgrub-2fb6470504f), what a choice brings along is only asked for when the
choice is made, and a collision is resolved into a new rule that keeps the search from meeting it again: no package is
tried twice for a reason that is already known, whatever the depth. The rules that a failure was derived from are its
explanation.

Two terms of each rule are watched, as solvers of satisfiability do (Chaff, 2001): a rule that has two open terms is not
looked at. Most requests meet few dead ends, and are decided in the order that the problem names, the best first. Past
the first dead ends the search looks at what all options of a slot bring along before it tries one, decides first what
the dead ends were about, and now and then begins again with all it has learned. It counts, and never looks at a clock:
the same problem has the same answer everywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Generic, NamedTuple

from pkgmgr.resolve.rule import ABSENT, Problem, Rule, S, TooHard, Unsolvable

MOST_DEAD_ENDS = 10_000
"""How many dead ends are learned from before the search gives up: about a minute."""
CALM = 64
"""Dead ends before what they were about comes first, and in the shortest round between two beginnings."""
_FADING = 1.05
"""How much more each dead end counts than the one before."""
_LARGEST = 1e100


def search(
    problem: Problem[S], rules: Iterable[Rule[S]], *, most: int = MOST_DEAD_ENDS, calm: int = CALM
) -> dict[S, int]:
    """Give the number of the chosen option of each slot that something needs.

    :param most: how many dead ends are worth it.
    :param calm: after how many of them the order changes.
    :raises Unsolvable: with the rules that leave no choice.
    :raises TooHard: when it is neither solved nor shown to be unsolvable by then.
    """
    return _Search(problem, most, calm).run(rules)


class _Clause(Generic[S]):
    """A rule in the search's numbers. The first two terms are watched; the order of the others means nothing."""

    __slots__ = ("parents", "rule", "terms")

    def __init__(
        self, terms: list[tuple[int, int]], rule: Rule[S] | None = None, parents: tuple[_Clause[S], ...] = ()
    ) -> None:
        self.terms = terms
        self.rule = rule
        """None where it was learned."""
        self.parents = parents
        """What it was learned from."""


class _Mark(NamedTuple, Generic[S]):
    """One narrowing of a slot."""

    number: int
    before: int
    after: int
    level: int
    cause: _Clause[S] | None
    """None: a decision."""


class _Search(Generic[S]):
    def __init__(self, problem: Problem[S], most: int, calm: int) -> None:
        self._problem = problem
        self._most = most
        self._calm = calm
        self._slots: list[S] = []
        self._numbers: dict[S, int] = {}
        self._domains: list[int] = []
        self._masks: list[int] = []
        """What each slot may still be."""
        self._watching: list[list[tuple[int, _Clause[S]]]] = []
        """The rules that watch a slot, each behind the values without which its term holds."""
        self._marked: list[list[int]] = []
        """Where on the trail a slot was narrowed."""
        self._weights: list[float] = []
        """How much the dead ends so far were about a slot, the later ones more."""
        self._step = 1.0
        self._decided: dict[S, int] = {}
        self._needed: dict[int, None] = {}
        """Slots that can't be empty any more and are not decided."""
        self._trail: list[_Mark[S]] = []
        self._head = 0
        """How far conclusions were drawn from the trail."""
        self._level = 0
        self._new: list[_Clause[S]] = []
        """Rules that were not yet looked at."""
        self._late: list[_Clause[S]] = []
        """Rules whose conclusion could have been drawn at an earlier level: there it has to be drawn again."""
        self._known: set[int] = set()
        self._anticipated: set[int] = set()
        self._dead_ends = 0

    def run(self, rules: Iterable[Rule[S]]) -> dict[S, int]:
        self._take(rules)
        self._conclude()
        rounds = _rounds(self._calm)
        until = next(rounds)
        while self._needed:
            if self._dead_ends >= until:
                until = self._dead_ends + next(rounds)
                self._back_to(0)
                self._conclude()
                continue
            if self._dead_ends > self._calm and self._anticipate():
                continue
            number = self._next()
            slot = self._slots[number]
            bit = self._problem.prefer(slot, self._masks[number], self._decided)
            self._take(self._problem.rules(slot, bit))
            self._conclude()
            # A choice that what it brings along forbids at once is not made: the rules have narrowed the slot.
            if number in self._needed and self._masks[number] >> bit & 1:
                self._level += 1
                self._decided[slot] = bit
                self._narrow(number, 1 << bit, None)
                self._conclude()
        return {slot: bit for slot, bit in self._decided.items() if bit}

    def _next(self) -> int:
        """Say what to decide: in the problem's order, or past the first dead ends what they were most about."""
        if self._dead_ends <= self._calm:
            return self._numbers[self._problem.next_slot([self._slots[number] for number in self._needed])]
        return max(self._needed, key=lambda number: (self._weights[number] / self._masks[number].bit_count(), -number))

    def _anticipate(self) -> bool:
        """Take in what every option of the open slots brings along; tell whether there was any such slot."""
        fresh = [number for number in self._needed if number not in self._anticipated]
        for number in fresh:
            self._anticipated.add(number)
            for bit in range(1, self._domains[number].bit_length()):
                self._take(self._problem.rules(self._slots[number], bit))
        self._conclude()
        return bool(fresh)

    def _take(self, rules: Iterable[Rule[S]]) -> None:
        """Take in rules of the problem, each once."""
        for rule in rules:
            if id(rule) not in self._known:
                self._known.add(id(rule))
                self._add(_Clause([(self._number(slot), mask) for slot, mask in rule.terms.items()], rule))

    def _number(self, slot: S) -> int:
        found = self._numbers.get(slot)
        if found is None:
            domain = self._problem.domain(slot)
            found = self._numbers[slot] = len(self._slots)
            self._slots.append(slot)
            self._domains.append(domain)
            self._masks.append(domain)
            self._watching.append([])
            self._marked.append([])
            self._weights.append(0.0)
        return found

    def _add(self, clause: _Clause[S]) -> None:
        # Watched is what does not hold, else what began to hold last: going back opens that first.
        clause.terms.sort(key=lambda term: -self._since(*term))
        for number, mask in clause.terms[:2]:
            self._watching[number].append((~mask, clause))
        self._new.append(clause)

    def _narrow(self, number: int, mask: int, cause: _Clause[S] | None) -> None:
        before = self._masks[number]
        after = before & mask
        self._marked[number].append(len(self._trail))
        self._trail.append(_Mark(number, before, after, self._level, cause))
        self._masks[number] = after
        if cause is None:
            self._needed.pop(number, None)
        elif not after & ABSENT and self._slots[number] not in self._decided:
            self._needed.setdefault(number)

    def _back_to(self, level: int) -> None:
        while self._trail and self._trail[-1].level > level:
            mark = self._trail.pop()
            self._marked[mark.number].pop()
            self._masks[mark.number] = mark.before
            if mark.cause is None:
                del self._decided[self._slots[mark.number]]
            if mark.before & ABSENT:
                self._needed.pop(mark.number, None)
            elif self._slots[mark.number] not in self._decided:
                self._needed.setdefault(mark.number)
        self._level = level
        self._head = len(self._trail)
        self._new, self._late = [*self._new, *self._late], []

    def _conclude(self) -> None:
        """Draw all conclusions; a rule that is broken is learned from, and the search goes back to where it helps."""
        while True:
            broken = self._look_at_new() or self._follow_trail()
            if broken is None:
                return
            self._learn(broken)

    def _look_at_new(self) -> _Clause[S] | None:
        while self._new:
            clause = self._new.pop()
            open_ = [(number, mask) for number, mask in clause.terms if self._masks[number] & ~mask]
            if len(open_) > 1:
                continue
            if not open_:
                self._late.append(clause)
                return clause
            ((number, mask),) = open_
            if self._level and self._level_of(clause, number) < self._level:
                self._late.append(clause)
            if self._masks[number] & mask:
                self._narrow(number, ~mask, clause)
        return None

    def _level_of(self, clause: _Clause[S], open_: int) -> int:
        """Give the level at which a rule's one open term was the only one first."""
        since = [self._since(number, mask) for number, mask in clause.terms if number != open_]
        return max((self._trail[place].level for place in since if place >= 0), default=0)

    def _follow_trail(self) -> _Clause[S] | None:
        """Draw conclusions from what was narrowed, until there are no more or a rule is broken."""
        masks = self._masks
        while self._head < len(self._trail):
            number = self._trail[self._head].number
            self._head += 1
            mask = masks[number]
            watching = self._watching[number]
            moved: set[int] = set()
            broken = None
            # Nearly all end at the first test, which is why it stands alone.
            for _, clause in [watch for watch in watching if not mask & watch[0]]:
                terms = clause.terms
                if terms[0][0] == number:
                    if len(terms) == 1:
                        continue
                    terms[0], terms[1] = terms[1], terms[0]
                other, other_mask = terms[0]
                held = masks[other]
                if not held & other_mask:
                    continue
                for index in range(2, len(terms)):
                    name, wanted = terms[index]
                    if masks[name] & ~wanted:
                        terms[1], terms[index] = terms[index], terms[1]
                        self._watching[name].append((~wanted, clause))
                        moved.add(id(clause))
                        break
                else:
                    if not held & ~other_mask:
                        broken = clause
                        break
                    self._narrow(other, ~other_mask, clause)
            if moved:
                self._watching[number] = [watch for watch in watching if id(watch[1]) not in moved]
            if broken is not None:
                return broken
        return None

    def _since(self, number: int, mask: int) -> int:
        """Give the place on the trail from which on a term holds; -1 for one that always does."""
        if self._masks[number] & ~mask:
            return sys.maxsize
        if not self._domains[number] & ~mask:
            return -1
        return next(place for place in self._marked[number] if not self._trail[place].after & ~mask)

    def _learn(self, broken: _Clause[S]) -> None:
        """Resolve a broken rule with what led to it until going back to an earlier level makes it useful.

        :raises Unsolvable: when nothing is left that could be decided otherwise.
        """
        self._dead_ends += 1
        terms = dict(broken.terms)
        since = {number: self._since(number, mask) for number, mask in terms.items()}
        parents = [broken]
        while True:
            last = max(since, key=since.__getitem__, default=-1)
            if last < 0 or since[last] < 0:
                raise Unsolvable(_origins(parents))
            mark = self._trail[since[last]]
            if mark.level:
                others = (place for name, place in since.items() if name != last and place >= 0)
                level = max((self._trail[place].level for place in others), default=0)
                level = max(level, self._level_without(mark, terms[last]))
                if mark.cause is None or level < mark.level:
                    break
            assert mark.cause is not None  # there are no decisions at level 0
            parents.append(mark.cause)
            self._weights[last] += self._step
            for name, mask in mark.cause.terms:
                if name == last:
                    union = terms[last] | mask
                    if self._domains[last] & ~union:
                        terms[last], since[last] = union, self._since(last, union)
                    else:  # it holds whatever is chosen there
                        del terms[last], since[last]
                else:
                    terms[name] = terms.get(name, mask) & mask
                    since[name] = max(since.get(name, -1), self._since(name, mask))
        if self._dead_ends >= self._most:
            raise TooHard(self._dead_ends, self._busiest())
        self._weigh(terms)
        self._back_to(level)
        self._add(_Clause(list(terms.items()), parents=tuple(parents)))

    def _weigh(self, terms: Iterable[int]) -> None:
        for name in terms:
            self._weights[name] += self._step
        self._step *= _FADING
        if self._step > _LARGEST:
            self._weights = [weight / _LARGEST for weight in self._weights]
            self._step /= _LARGEST

    def _level_without(self, last: _Mark[S], mask: int) -> int:
        """Give the level of what a narrowing needed of earlier ones of its slot to make a term hold."""
        alone = last.after if last.cause is None else ~dict(last.cause.terms)[last.number]
        if not self._domains[last.number] & alone & ~mask:
            return 0
        for place in self._marked[last.number]:
            mark = self._trail[place]
            if not mark.after & alone & ~mask:
                return mark.level if mark is not last else 0
        return 0

    def _busiest(self) -> tuple[S, ...]:
        order = sorted(range(len(self._slots)), key=lambda number: -self._weights[number])
        return tuple(self._slots[number] for number in order[:5])


def _rounds(shortest: int) -> Iterator[int]:
    """Give how many dead ends to meet before each new beginning: 1 1 2 1 1 2 4 … times the shortest (Luby, 1993)."""
    high, low = 1, 1
    while True:
        yield low * shortest
        high, low = (high + 1, 1) if high & -high == low else (high, 2 * low)


def _origins(clauses: Iterable[_Clause[S]]) -> tuple[Rule[S], ...]:
    """Give the rules of the problem that others were derived from."""
    found: dict[int, Rule[S]] = {}
    seen: set[int] = set()
    waiting = list(clauses)
    while waiting:
        clause = waiting.pop()
        if id(clause) in seen:
            continue
        seen.add(id(clause))
        waiting += reversed(clause.parents)
        if clause.rule is not None:
            found[id(clause.rule)] = clause.rule
    return tuple(found.values())
