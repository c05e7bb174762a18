"""What files held when they were last read, remembered by what the system says of them. Touches: files, the memory.

A file whose device, inode, size and time are the remembered ones is taken to hold what it held then; any other is read
again. So a quick look names every change that an honest program can make, and reads only what may have changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from pathlib import Path

import msgspec

Row = tuple[int, int, int, int, str]
"""Device, inode, size, time of change of the content, sha256."""


class Seen:
    """The memory of one entry's files.

    :param folder: where memories lie; it may be deleted at any time.
    :param name: whose files.
    :param full: read every file, whatever is remembered.
    """

    def __init__(self, folder: Path, name: str, *, full: bool = False) -> None:
        self._path = folder / (re.sub(r"[^\w.+-]", "_", name) + ".msgpack")
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
        row = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
        if known is not None and known[:4] == row:
            return known[4]
        try:
            with open(path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None
        self._rows[path] = (*row, digest)
        self._is_new = True
        return digest

    def save(self) -> None:
        """Write down what was read; a memory that can't be written only costs time."""
        if not self._is_new:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            temporary.write_bytes(msgspec.msgpack.encode(self._rows))
            temporary.replace(self._path)


def _read(path: Path) -> dict[str, Row]:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=dict[str, Row])
    except (OSError, msgspec.MsgspecError):
        return {}
