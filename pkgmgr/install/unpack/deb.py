"""Read Debian packages: an ar archive whose ``data.tar.*`` holds the files (`deb(5)`)."""

from __future__ import annotations

import dataclasses
import io
import posixpath
from typing import BinaryIO, cast

from pkgmgr.install.unpack.compression import decompressed
from pkgmgr.install.unpack.member import DamagedError, Member, Members
from pkgmgr.install.unpack.tar import tar_members

MAGIC = b"!<arch>\n"
_HEADER = 60


def deb_members(raw: BinaryIO, *, most: int) -> Members:
    """Give the members of ``data.tar.*``; control files are left aside, and nothing of them runs."""
    for member in tar_members(decompressed(_find_data(raw)), most=most):
        yield _inside(member)


def _find_data(raw: BinaryIO) -> BinaryIO:
    """Give the part of the ar archive that is the data."""
    end = raw.seek(0, io.SEEK_END)
    raw.seek(len(MAGIC))
    while len(header := raw.read(_HEADER)) == _HEADER:
        name = header[:16].decode("ascii", "replace").rstrip(" /")
        digits = header[48:58].strip()
        start = raw.tell()
        if not digits.isdigit() or header[58:] != b"`\n" or start + int(digits) > end:
            raise DamagedError(f"the header of {name!r} is damaged, or its content is cut short")
        if name.startswith("data.tar"):
            return cast(BinaryIO, io.BufferedReader(_Part(raw, start, int(digits)), 1 << 18))
        raw.seek(start + int(digits) + int(digits) % 2)
    raise DamagedError("there is no data.tar in it: not a Debian package")


def _inside(member: Member) -> Member:
    """Let an absolute link lead to the same place below the folder: Debian's policy wants many of them absolute."""
    if member.kind != "link" or not member.target.startswith("/"):
        return member
    folder = posixpath.dirname("/" + member.name.removeprefix("./"))
    return dataclasses.replace(member, target=posixpath.relpath(member.target, folder))


class _Part(io.RawIOBase):
    """A stretch of a file, as a file."""

    def __init__(self, raw: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._raw = raw
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; never before the beginning."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Read up to the end of the stretch."""
        self._raw.seek(self._start + self._at)
        chunk = self._raw.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(chunk)] = chunk
        self._at += len(chunk)
        return len(chunk)
