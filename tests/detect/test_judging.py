"""Candidates are judged side by side: the costly ones first, the verdicts in their own order."""

import threading
from collections.abc import Callable

import pytest

from pkgmgr.detect.judging import Judging


def court(
    judge: Callable[[int], str], *, recall: Callable[[int], str | None] = lambda _item: None, jobs: int = 1
) -> Judging[int, str]:
    return Judging(recall, judge, cost=lambda item: item, jobs=jobs, progress=lambda _done, _all: None)


def test_what_waits_is_judged_the_costliest_first_and_told_in_its_order() -> None:
    begun, may_go_on = threading.Event(), threading.Event()
    order: list[int] = []

    def judge(item: int) -> str:
        order.append(item)
        if item == 0:
            begun.set()
            assert may_go_on.wait(10)
        return f"verdict on {item}"

    with court(judge) as judging:
        judging.add((0, 0), 0)
        assert begun.wait(10)
        for place, item in enumerate([3, 9, 1, 7], start=1):
            judging.add((place, 0), item)
        assert judging.is_waiting
        may_go_on.set()
        verdicts = judging.verdicts()
    assert order == [0, 9, 7, 3, 1]
    assert verdicts == [f"verdict on {item}" for item in (0, 3, 9, 1, 7)]
    assert not judging.is_waiting


def test_as_many_are_judged_at_once_as_there_are_jobs() -> None:
    together = threading.Barrier(3)

    def judge(item: int) -> str:
        together.wait(10)  # breaks, and so fails, unless three are here
        return str(item)

    with court(judge, jobs=3) as judging:
        for place in range(6):
            judging.add((place, 0), place)
        assert judging.verdicts() == ["0", "1", "2", "3", "4", "5"]


def test_what_is_remembered_is_not_judged() -> None:
    judged: list[int] = []

    def judge(item: int) -> str:
        judged.append(item)
        return "judged"

    with court(judge, recall=lambda item: "remembered" if item % 2 else None) as judging:
        for place in range(4):
            judging.add((0, place), place)
        assert judging.verdicts() == ["judged", "remembered", "judged", "remembered"]
    assert judged == [0, 2]


def test_the_first_failure_is_raised_to_whoever_waits_and_what_waits_is_given_up() -> None:
    begun = threading.Event()

    def judge(item: int) -> str:
        if item == 5:
            assert begun.wait(10)
            raise ValueError("no such thing")
        return str(item)

    before = threading.active_count()
    with pytest.raises(ValueError, match="no such thing"), court(judge) as judging:
        judging.add((0, 0), 5)
        judging.add((1, 0), 1)
        begun.set()
        judging.verdicts()
    assert threading.active_count() == before


def test_nothing_asked_gives_nothing() -> None:
    with court(str) as judging:
        assert judging.verdicts() == []
    assert not judging.is_waiting


def test_what_is_being_judged_is_ended_when_the_court_is_left_early() -> None:
    begun, is_ended = threading.Event(), threading.Event()

    def judge(item: int) -> str:
        begun.set()
        assert is_ended.wait(60)
        return str(item)

    with (
        pytest.raises(KeyboardInterrupt),
        Judging[int, str](
            lambda _item: None, judge, jobs=1, progress=lambda _done, _all: None, give_up=is_ended.set
        ) as judging,
    ):
        judging.add((0, 0), 1)
        judging.add((1, 0), 2)
        assert begun.wait(10)
        raise KeyboardInterrupt
    assert is_ended.is_set()


def test_progress_tells_each_number_once_and_the_last_before_the_verdicts_are_taken() -> None:
    together = threading.Barrier(4)
    told: list[int] = []

    def judge(item: int) -> str:
        together.wait(10)
        return str(item)

    with Judging[int, str](lambda _item: None, judge, jobs=4, progress=lambda done, _all: told.append(done)) as judging:
        for place in range(4):
            judging.add((place, 0), place)
        judging.verdicts()
        assert told == [1, 2, 3, 4]
