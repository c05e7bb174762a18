"""Results as text: one whole, and what differs between two. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pkgmgr.run.record import Result
from pkgmgr.run.statistics import Spread

_BULKY = ("samples", "pictures", "table", "repetitions")
"""Metrics that are for machines, or that a table shows already."""
_EVERY_RUN = ("id", "started", "seconds", "output", "folder", "pid", "pid_started", "argv", "files", "statistics")
"""What differs between any two runs and tells nothing."""


def result_text(result: Result) -> str:
    """Write a result for a person."""
    ended = f"{result.state}: {result.reason}" if result.reason else result.state
    rows = [
        ("result", result.id),
        ("task", f"{result.task} of env {result.env}, for {_where(result)}"),
        ("state", ended),
        ("started", result.started),
        ("took", f"{result.seconds:.2f} s"),
        ("exit code", "-" if result.exit_code is None else str(result.exit_code)),
        ("machine", ", ".join(str(result.host[key]) for key in ("cpu", "target", "kernel") if key in result.host)),
        ("tools", ", ".join(f"{name} {version}" for name, version in result.tools.items())),
        ("lock", result.lock or "-"),
        ("output", result.output),
        ("folder", f"{result.folder} ({len(result.files)} files)"),
    ]
    parts = [_section("", rows)]
    parts.append(_section("params", list(result.params.items())))
    parts.append(_section("figures", table_rows(result)))
    spreads = [(name, spread_text(spread)) for name, spread in result.statistics.items()]
    parts.append(_section("repetitions", spreads))
    parts.append(_section("entries", [(name, value[:19]) for name, value in result.entries.items()]))
    return "\n".join(part for part in parts if part)


def _where(result: Result) -> str:
    return f"{result.place}, built for {result.target}" if result.place else result.target


def spread_text(spread: Spread) -> str:
    """Write a spread: the mean with its interval, and a warning where it varies too much."""
    text = f"{spread.mean:.4g}"
    if spread.low is not None and spread.high is not None:
        text += f", 95 % interval {spread.low:.4g} to {spread.high:.4g}, {spread.count} times"
    if spread.is_too_high:
        text += f"; variance too high: deviation {spread.deviation:.3g}, {spread.least:.4g} to {spread.most:.4g}"
    return text


def table_rows(result: Result) -> list[tuple[str, str]]:
    """Give the figures as rows: the program's own table, or each simple metric."""
    table = result.metrics.get("table")
    rows = [row for row in table if isinstance(row, list) and len(row) == 2] if isinstance(table, list) else []
    if rows:
        return [(str(row[0]), str(row[1])) for row in rows]
    return [(name, str(value)) for name, value in result.metrics.items() if name not in _BULKY]


def _section(title: str, rows: list[tuple[str, str]]) -> str:
    if not rows:
        return ""
    width = max(len(name) for name, _ in rows)
    indent = "  " if title else ""
    lines = [f"{indent}{name:<{width}}  {value}" for name, value in rows]
    return "\n".join([title, *lines] if title else lines) + "\n"


def result_differences(before: Result, after: Result) -> list[tuple[str, str, str]]:
    """Say what differs between two runs: in what they used and were told first, in their figures last.

    A figure whose 95 % intervals overlap is said to be no proven difference.
    """
    first, second = _flat(before), _flat(after)
    keys = sorted({*first, *second}, key=lambda key: (key.startswith("metrics."), key))
    rows = [
        (key, first.get(key, "-"), second.get(key, "-")) for key in keys if first.get(key, "-") != second.get(key, "-")
    ]
    for name in sorted({*before.statistics} & {*after.statistics}):
        one, other = before.statistics[name], after.statistics[name]
        rows.append((f"mean of {name}", spread_text(one), f"{spread_text(other)} ({_ratio(one, other)})"))
    return rows


def _ratio(one: Spread, other: Spread) -> str:
    ratio = f"x{other.mean / one.mean:.3f}" if one.mean else "no ratio"
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return f"{ratio}; single measurements prove nothing"
    overlap = one.low <= other.high and other.low <= one.high
    return f"{ratio}; the intervals overlap: no proven difference" if overlap else ratio


def _flat(result: Result) -> dict[str, str]:
    found: dict[str, str] = {}
    plain = {key: value for key, value in msgspec.to_builtins(result).items() if key not in _EVERY_RUN}
    metrics = plain.pop("metrics")
    plain["metrics"] = {key: value for key, value in metrics.items() if key not in _BULKY}
    _flatten("", plain, found)
    return found


def _flatten(name: str, value: object, into: dict[str, str]) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            _flatten(f"{name}.{key}" if name else str(key), item, into)
    else:
        into[name] = str(value)
