"""What repetitions tell."""

from __future__ import annotations

import pytest

from pkgmgr.run.statistics import spread_of, spreads_of, student_95


def test_a_single_measurement_has_no_interval() -> None:
    spread = spread_of([3.0])
    assert (spread.mean, spread.low, spread.high, spread.is_too_high) == (3.0, None, None, False)


def test_interval_of_five_by_hand() -> None:
    # Mean 12, sample deviation sqrt(2.5), t(4) = 2.776: 12 ± 1.963.
    spread = spread_of([10, 11, 12, 13, 14])
    assert spread.deviation == pytest.approx(2.5**0.5)
    assert spread.low == pytest.approx(10.037, abs=1e-3)
    assert spread.high == pytest.approx(13.963, abs=1e-3)
    assert spread.is_too_high


def test_small_variance_is_not_flagged() -> None:
    assert not spread_of([100, 101, 99, 100]).is_too_high


@pytest.mark.parametrize(("freedom", "expected"), [(1, 12.706), (30, 2.042), (60, 2.000), (1000, 1.962)])
def test_student(freedom: int, expected: float) -> None:
    assert student_95(freedom) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(
    "rows",
    [None, 3, [], {"a": []}, {"a": ["x"]}, {"a": [True]}, {"a": [float("nan")]}, {"a": {"b": 1}}],
    ids=repr,
)
def test_what_is_no_measurement_is_left_alone(rows: object) -> None:
    assert spreads_of({"repetitions": rows}) == {}
