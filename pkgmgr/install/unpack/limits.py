"""How much an archive may become. Pure."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO

from pkgmgr.install.unpack.member import DamagedError


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Generous: the largest data sets fit; what does not is a bomb, or needs a person's word."""

    size: int = 256 << 30
    """Bytes, all files together."""
    count: int = 5_000_000
    """Files, folders and links."""
    depth: int = 64
    """Folders inside each other."""
    ratio: int = 1000
    """Unpacked bytes for each packed one."""
    harmless: int = 256 << 20
    """Bytes up to which the ratio does not matter."""

    def most_bytes(self, packed: int) -> int:
        """Give how many bytes an archive of so many packed bytes may become."""
        return min(self.size, max(self.harmless, packed * self.ratio))


class Meter:
    """Counts what comes out of one archive.

    :param packed: size of the archive in bytes.
    """

    def __init__(self, limits: Limits, packed: int) -> None:
        self._limits = limits
        self._most = limits.most_bytes(packed)
        self._count = 0
        self._written = 0

    def add_member(self) -> None:
        """:raises DamagedError: when there are too many."""
        self._count += 1
        if self._count > self._limits.count:
            raise DamagedError(f"it holds more than {self._limits.count:,} files")

    def require_room(self, size: int) -> None:
        """:raises DamagedError: when so many further bytes are too many."""
        if self._written + size > self._most:
            raise DamagedError(f"it holds more than {self._most:,} bytes, far more than its size suggests")

    def add_written(self, size: int) -> None:
        """Count bytes of files."""
        self.require_room(size)
        self._written += size


class MeteredReader(io.RawIOBase):
    """A stream that ends with an error when it gives more than it may: what is skipped counts too."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        super().__init__()
        self._stream = stream
        self._most = most
        self._given = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read, and count."""
        chunk = self._stream.read(size)
        self._given += len(chunk)
        if self._given > self._most:
            raise DamagedError(f"it becomes more than {self._most:,} bytes, far more than its size suggests")
        return chunk
