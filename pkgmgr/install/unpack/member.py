"""What an archive holds, whatever its format. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from pkgmgr.model.errors import IntegrityError

FIXED_TIME = 315_532_800
"""1980-01-01, the first moment that a zip file can hold: all that is unpacked has it, so that trees compare."""

Kind = Literal["tar", "npm", "zip", "wheel", "deb"]
"""A format. ``npm`` is a tar, ``wheel`` a zip; compression is always told by content."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One thing in an archive, as the archive tells it: nothing of it was checked."""

    name: str
    kind: Literal["file", "folder", "link", "hardlink"]
    size: int = 0
    """In bytes, of a file."""
    is_executable: bool = False
    target: str = ""
    """Where a link leads."""
    open: Callable[[], BinaryIO] | None = None
    """Gives the content of a file. Only valid until the next member is asked for."""


Members = Iterator[Member]


class DamagedError(IntegrityError):
    """An archive that can't be read as what it seems to be, or that would harm."""
