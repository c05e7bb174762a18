"""Entries as a table that a person likes to read. Pure, but for the width of the terminal.

Grouped by soft, the best first; what a requirement takes that asks for no version carries a mark.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence, Set

from pkgmgr.cli.table import printable, table, width
from pkgmgr.model.entry import Entry

MARK = "*"
LEGEND = f"{MARK} is what is taken where no version is asked for\n"
_PREFIX = 4
"""The column that may be shortened."""
_APART = ("variant", "format", "implementation", "environment")
"""Attributes that tell entries of one version and soft apart."""
_USUAL = frozenset({"", "CPython", "gc", "ruby"})
_LEAST = 20
"""Columns of a prefix that are always shown."""


def terminal_width() -> int | None:
    """Give the columns of the terminal that standard output goes to; None where it goes elsewhere."""
    if not sys.stdout.isatty():
        return None
    from shutil import get_terminal_size  # 5 ms, on a terminal only

    return get_terminal_size().columns


def entry_table(entries: Sequence[Entry], *, defaults: Set[str], columns: int | None = None) -> str:
    """Show entries, in the order given.

    :param defaults: ids of the entries that carry the mark.
    :param columns: shorten prefixes to fit; None shows all in full.
    """
    if not entries:
        return ""
    rows = []
    previous = ""
    is_checked = any("check" in entry.attributes for entry in entries)
    for entry in entries:
        soft = entry.soft if entry.soft != previous else ""
        previous = entry.soft
        mark = MARK if entry.id in defaults else ""
        row = [soft, mark, _version(entry), _what_for(entry), entry.prefix, _origin(entry)]
        rows.append([*row, _check_of(entry)] if is_checked else row)
    head = ["SOFT", "", "VERSION", "TARGET", "PREFIX", "ORIGIN", *(["CHECK"] if is_checked else [])]
    if columns is not None:
        if _least_width([head, *rows]) > columns:
            for row, entry in zip(rows, entries, strict=True):
                row[3] = row[3].removeprefix(f"{entry.target} ")  # "→ linux-arm64"
        rows = _fitted([head, *rows], columns)[1:]
    legend = LEGEND if any(entry.id in defaults for entry in entries) else ""
    return table(rows, head=head) + legend


def _fitted(rows: list[list[str]], columns: int) -> list[list[str]]:
    """Shorten the prefixes so that lines fit, but for what stands in CHECK: it is as long as it likes."""
    shown = [[printable(cell) for cell in row[: _PREFIX + 2]] for row in rows]
    room = max(_LEAST, columns - _least_width(rows) + _LEAST)
    return [
        [*row[:_PREFIX], shortened(mine[_PREFIX], room), *row[_PREFIX + 1 :]]
        for row, mine in zip(rows, shown, strict=True)
    ]


def _least_width(rows: Sequence[Sequence[str]]) -> int:
    """Give the columns that lines take whose prefixes are as short as they get."""
    widths = [max(width(printable(row[place])) for row in rows) for place in range(_PREFIX + 2)]
    return sum(widths) - widths[_PREFIX] + _LEAST + 2 * (len(widths) - 1)


def shortened(text: str, most: int) -> str:
    """Leave out the middle of a path that is too long: where it begins and how it ends say the most."""
    if width(text) <= most:
        return text
    begin = _within(text, (most - 1) // 3)
    end = _within(text[::-1], most - 1 - width(begin))[::-1]
    return f"{begin}…{end}"


def _within(text: str, most: int) -> str:
    """Give as many characters from the beginning as fit in so many columns."""
    used = 0
    for place, character in enumerate(text):
        used += width(character)
        if used > most:
            return text[:place]
    return text


def _version(entry: Entry) -> str:
    """Give the version and what sets this one apart from others of it; that it is partial or broken, if it is."""
    names = [*_APART, *(() if entry.is_whole else ("state",))]
    parts = dict.fromkeys(entry.attributes.get(name) for name in names)
    told = ", ".join(part for part in parts if isinstance(part, str) and part not in _USUAL)
    return f"{entry.version or '-'} ({told})" if told else entry.version or "-"


def _what_for(entry: Entry) -> str:
    foreign = [target for target in entry.emits if target != entry.target]
    if not entry.emits or entry.target in entry.emits:
        return entry.target
    return f"{entry.target} → {', '.join(foreign[:2])}" + (", …" if len(foreign) > 2 else "")


def _origin(entry: Entry) -> str:
    """Give where it came from; ``python:<prefix>`` says the prefix again, which stands beside it."""
    return entry.origin.removesuffix(f":{entry.prefix}")


def _check_of(entry: Entry) -> str:
    told = entry.attributes.get("check")
    if not isinstance(told, dict):
        return "-"
    return f"{told['state']}: {told['reason']}" if "reason" in told else str(told["state"])
