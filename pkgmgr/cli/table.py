"""Plain tables for a terminal. Pure."""

from __future__ import annotations

import re
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


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Write out what would steer a terminal or break a line: a file may be called anything."""
    if text.isascii() and text.isprintable():
        return text
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], plain)


def table(rows: Sequence[Sequence[str]], *, head: Sequence[str] = (), indent: str = "") -> str:
    """Align rows in columns; the last column is as wide as it likes."""
    everything = [list(map(printable, row)) for row in ([head, *rows] if head else rows)]
    if not everything:
        return ""
    count = max(len(row) for row in everything)
    widths = [max((width(row[place]) for row in everything if place < len(row)), default=0) for place in range(count)]
    lines = []
    for row in everything:
        cells = [cell + " " * (widths[place] - width(cell)) for place, cell in enumerate(row)]
        lines.append((indent + "  ".join(cells)).rstrip())
    return "\n".join(lines) + "\n"
