"""What files held when they were last read, remembered by what the system says of them. Touches: files, the memory.

A file whose device, inode, size and time are the remembered ones is taken to hold what it held then; any other is read
again. So a quick look names every change that a program can make without setting back the system's clock, and reads
only what may have changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from pathlib import Path

import msgspec

from pkgmgr.host.cache_file import write_cache_file

Row = tuple[int, int, int, int, int, str]
"""Device, inode, size, times of change of the content and of the state, sha256."""
GRANULE = 20_000_000
"""Nanoseconds: the clock for files is no finer, so what was changed just now may change again unseen."""


class Seen:
    """The memory of one entry's files.

    :param folder: where memories lie; it may be deleted at any time.
    :param name: whose files.
    :param full: read every file, whatever is remembered.
    """

    def __init__(self, folder: Path, name: str, *, full: bool = False) -> None:
        self._path = memory_path(folder, name, "files")
        self._full = full
        self._rows = {} if full else _read(self._path)
        self._is_new = full

    def digest(self, path: str) -> str | None:
        """Give the sha256 of a file's content; None when there is no file."""
        try:
            state = os.stat(path)
        except OSError:
            return None
        known = self._rows.get(path)
        row = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        if known is not None and known[:5] == row:
            return known[5]
        try:
            with open(path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None
        if max(row[3:]) < time.time_ns() - GRANULE:
            self._rows[path] = (*row, digest)
            self._is_new = True
        return digest

    def save(self) -> None:
        """Write down what was read; a memory that can't be written only costs time."""
        if self._is_new:
            write_cache_file(self._path, msgspec.msgpack.encode(self._rows))


def memory_path(folder: Path, name: str, kind: str) -> Path:
    """Give the file of a memory."""
    plain = re.sub(r"[^\w.+-]", "_", name)
    return folder / f"{plain}.{kind}"


def _read(path: Path) -> dict[str, Row]:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=dict[str, Row])
    except (OSError, msgspec.MsgspecError):
        return {}
