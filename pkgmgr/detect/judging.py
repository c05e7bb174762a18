"""Judge candidates while others are still looked for: programs answer as the folders of libraries are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

_Item = TypeVar("_Item")
_Verdict = TypeVar("_Verdict")


class Judging(Generic[_Item, _Verdict]):
    """A court with an open door; a context, left when all verdicts have been taken.

    :param recall: gives a verdict from memory, at once and in the caller's thread; None where something must be asked.
    :param judge: gives a verdict by asking; called by several threads.
    :param jobs: at the same time.
    :param progress: told how many have been asked, of how many so far.
    """

    def __init__(
        self,
        recall: Callable[[_Item], _Verdict | None],
        judge: Callable[[_Item], _Verdict],
        *,
        jobs: int,
        progress: Callable[[int, int], None],
    ) -> None:
        self._recall, self._judge, self._jobs, self._progress = recall, judge, jobs, progress
        self._pool: ThreadPoolExecutor | None = None
        self._given: dict[tuple[int, int], _Verdict] = {}
        self._asked: dict[tuple[int, int], Future[_Verdict]] = {}
        self._done = 0

    def __enter__(self) -> Judging[_Item, _Verdict]:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def add(self, place: tuple[int, int], item: _Item) -> None:
        """Take an item in.

        :param place: its own; verdicts come in the order of these.
        """
        verdict = self._recall(item)
        if verdict is not None:
            self._given[place] = verdict
            return
        if self._pool is None:
            # 10 ms that a detection without a question need not pay; so are threads.
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(max_workers=max(1, self._jobs))
        self._asked[place] = self._pool.submit(self._ask, item)

    def _ask(self, item: _Item) -> _Verdict:
        verdict = self._judge(item)
        self._done += 1
        self._progress(self._done, len(self._asked))
        return verdict

    @property
    def is_waiting(self) -> bool:
        """Tell whether something that was asked has not answered yet."""
        return not all(future.done() for future in self._asked.values())

    def verdicts(self) -> list[_Verdict]:
        """Wait for all, and give them in the order of their places."""
        found = self._given | {place: future.result() for place, future in self._asked.items()}
        return [found[place] for place in sorted(found)]
