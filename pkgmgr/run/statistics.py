"""What repetitions of a measurement tell: mean, spread, a confidence interval, and whether to trust it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

TOO_HIGH = 0.05
"""A standard deviation of more than this part of the mean is flagged."""

_STUDENT_95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Two-sided 95 % points of Student's t for 1 to 30 degrees of freedom."""
_NORMAL_95 = 1.960


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Several measurements of one thing."""

    count: int
    mean: float
    least: float
    most: float
    deviation: float = 0.0
    """The sample's standard deviation."""
    low: float | None = None
    """Lower end of the mean's 95 % confidence interval; None for a single measurement, which tells nothing of it."""
    high: float | None = None
    is_too_high: bool = False
    """Whether the deviation is more than 5 % of the mean."""


def spread_of(values: Sequence[float]) -> Spread:
    """Summarize measurements, at least one."""
    count = len(values)
    mean = math.fsum(values) / count
    if count == 1:
        return Spread(count=1, mean=mean, least=mean, most=mean)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    half = student_95(count - 1) * deviation / math.sqrt(count)
    return Spread(
        count=count,
        mean=mean,
        least=min(values),
        most=max(values),
        deviation=deviation,
        low=mean - half,
        high=mean + half,
        is_too_high=deviation > TOO_HIGH * abs(mean),
    )


def student_95(freedom: int) -> float:
    """Give the two-sided 95 % point of Student's t; above 30 degrees of freedom with its first correction."""
    if freedom <= len(_STUDENT_95):
        return _STUDENT_95[freedom - 1]
    # Abramowitz and Stegun 26.7.5, first term.
    return _NORMAL_95 + (_NORMAL_95**3 + _NORMAL_95) / (4 * freedom)


def spreads_of(metrics: Mapping[str, object]) -> dict[str, Spread]:
    """Summarize each row of numbers under ``repetitions``; what is none is left alone."""
    rows = metrics.get("repetitions")
    if not isinstance(rows, Mapping):
        return {}
    return {str(name): spread_of(row) for name, row in rows.items() if _is_numbers(row)}


def _is_numbers(row: object) -> bool:
    return (
        isinstance(row, list)
        and bool(row)
        and all(isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item) for item in row)
    )
