"""From latencies to the figures that are shown. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], part: float) -> float:
    """Give the value that `part` percent do not exceed, by the nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part / 100 * len(ordered)) - 1)]


def mean(values: Sequence[float]) -> float:
    """Give the arithmetic mean."""
    return math.fsum(values) / len(values)


def latency_figures(latencies: Sequence[Sequence[float]]) -> dict[str, float]:
    """Give mean and percentiles over all images of all repetitions, and the images in a second."""
    everything = [value for row in latencies for value in row]
    return {
        "latency_mean_ms": mean(everything),
        "latency_p50_ms": percentile(everything, 50),
        "latency_p90_ms": percentile(everything, 90),
        "latency_p99_ms": percentile(everything, 99),
        "throughput_per_second": 1000 / mean(everything),
    }


def repetition_figures(latencies: Sequence[Sequence[float]]) -> dict[str, list[float]]:
    """Give each repetition's own mean and throughput, from which their spread is told."""
    means = [mean(row) for row in latencies]
    return {"latency_mean_ms": means, "throughput_per_second": [1000 / value for value in means]}
