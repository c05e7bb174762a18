"""What a fetch tells while it goes on. Pure: who shows it, and how, is the command line's matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Setback:
    """An address gave nothing, and there is another one to try."""

    name: str
    """The file that is wanted."""
    address: str
    """As it may be printed: without what may be a token."""
    reason: str


class Progress(Protocol):
    """Told how transfers go on. Each thread has at most one at a time, and calls all of it."""

    def begin(self, name: str, size: int | None) -> None:
        """A transfer of so many bytes begins; None when the size is not known."""

    def advance(self, count: int) -> None:
        """So many bytes more are there; negative when a transfer begins anew."""

    def end(self) -> None:
        """It is over, with success or without."""

    def move_on(self, setback: Setback) -> None:
        """The next address is tried; told after the end of a transfer, or without one."""


class SilentProgress:
    """Shows nothing."""

    def begin(self, name: str, size: int | None) -> None:
        """Show nothing."""

    def advance(self, count: int) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""

    def move_on(self, setback: Setback) -> None:
        """Show nothing."""
