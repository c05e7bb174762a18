"""What a fetch tells while it goes on. Pure: who shows it, and how, is the command line's matter."""

from __future__ import annotations

from typing import Protocol


class Transfer(Protocol):
    """One running transfer. Called from the thread that transfers."""

    def advanced(self, count: int) -> None:
        """Tell that more bytes are there; negative when a transfer begins anew."""

    def finished(self) -> None:
        """Tell that it is over, with success or without."""


class Progress(Protocol):
    """Where transfers are announced. Called from several threads."""

    def started(self, name: str, total: int | None) -> Transfer:
        """Begin one.

        :param total: in bytes; None when it is not known.
        """


class _Quiet:
    def started(self, name: str, total: int | None) -> Transfer:
        return self

    def advanced(self, count: int) -> None:
        pass

    def finished(self) -> None:
        pass


QUIET: Progress = _Quiet()
"""Shows nothing."""
