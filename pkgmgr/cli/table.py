"""Plain tables for a terminal. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Give the columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def table(rows: Sequence[Sequence[str]], *, head: Sequence[str] = (), indent: str = "") -> str:
    """Align rows in columns; the last column is as wide as it likes."""
    everything = [list(head), *[list(row) for row in rows]] if head else [list(row) for row in rows]
    if not everything:
        return ""
    count = max(len(row) for row in everything)
    widths = [max((width(row[place]) for row in everything if place < len(row)), default=0) for place in range(count)]
    lines = []
    for row in everything:
        cells = [cell + " " * (widths[place] - width(cell)) for place, cell in enumerate(row)]
        lines.append((indent + "  ".join(cells)).rstrip())
    return "\n".join(lines) + "\n"
