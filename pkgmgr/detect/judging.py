"""Judge candidates while others are still looked for: programs answer as the folders of libraries are read.

Of what waits, that which is likely to take longest comes first: a long one that is begun last is waited for alone.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from threading import Condition, Thread
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Verdict = TypeVar("_Verdict")
_Place = tuple[int, int]
_PATIENCE = 0.2
"""Seconds between two attempts to end what is being judged."""


class Judging(Generic[_Item, _Verdict]):
    """A court with an open door; a context, left when all verdicts have been taken.

    Threads of its own, not `concurrent.futures`: that takes items in the order in which they come, and half as long
    to import as the first program takes to answer.

    :param recall: gives a verdict from memory, at once and in the caller's thread; None where something must be asked.
    :param judge: gives a verdict by asking; called by several threads.
    :param cost: gives a number that grows with the time that `judge` is likely to take.
    :param jobs: at the same time.
    :param progress: told how many have been asked, of how many so far.
    :param give_up: ends what is being judged; called when the court is left before it has told its verdicts.
    """

    def __init__(
        self,
        recall: Callable[[_Item], _Verdict | None],
        judge: Callable[[_Item], _Verdict],
        *,
        cost: Callable[[_Item], int] = lambda _item: 0,
        jobs: int,
        progress: Callable[[int, int], None],
        give_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._recall, self._judge, self._cost, self._progress = recall, judge, cost, progress
        self._give_up = give_up
        self._jobs = max(1, jobs)
        self._threads: list[Thread] = []
        self._changed = Condition()
        self._waiting: list[tuple[int, _Place, _Item]] = []
        self._is_over = False
        self._given: dict[_Place, _Verdict] = {}
        self._failed: dict[_Place, BaseException] = {}
        self._asked = 0
        self._done = 0

    def __enter__(self) -> Judging[_Item, _Verdict]:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        for thread in self._threads:
            while kind is not None and thread.is_alive():
                self._give_up()  # again, for one that was just about to begin
                thread.join(_PATIENCE)
            thread.join()

    def add(self, place: _Place, item: _Item) -> None:
        """Take an item in.

        :param place: its own; verdicts come in the order of these.
        """
        verdict = self._recall(item)
        if verdict is not None:
            self._given[place] = verdict
            return
        with self._changed:
            self._asked += 1
            heappush(self._waiting, (-self._cost(item), place, item))
            self._changed.notify()
        if len(self._threads) < self._jobs:
            thread = Thread(target=self._work)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            place, item = taken
            try:
                self._given[place] = self._judge(item)
                with self._changed:  # each number is told once, and the last one before the verdicts are taken
                    self._done += 1
                    self._progress(self._done, self._asked)
            except BaseException as error:  # noqa: BLE001  # raised again by `verdicts`, in the caller's thread
                self._failed[place] = error
            with self._changed:
                if self._failed or self._done == self._asked:
                    self._changed.notify_all()

    def _next(self) -> tuple[_Place, _Item] | None:
        """Wait for the next item; None when there is none to come."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or self._waiting)
            if self._is_over:
                return None
            _, place, item = heappop(self._waiting)
            return place, item

    @property
    def is_waiting(self) -> bool:
        """Tell whether something that was asked has not answered yet."""
        return self._done < self._asked

    def verdicts(self) -> list[_Verdict]:
        """Wait for all, and give them in the order of their places.

        :raises BaseException: what the first of those that failed raised.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._failed or self._done == self._asked)
        if self._failed:
            raise self._failed[min(self._failed)]
        return [self._given[place] for place in sorted(self._given)]
