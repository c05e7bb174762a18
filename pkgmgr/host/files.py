"""The real file system, read only, each folder and file looked at once for all softs of a detection.

Touches: the file system. Nothing here raises for what is missing, unreadable or changing.
"""

from __future__ import annotations

import os
import stat as modes
from collections.abc import Sequence

from pkgmgr.host.elf import parse_elf
from pkgmgr.host.ports import ElfFacts, FileStat

MOST_NAMES = 500_000
"""Names of one folder that are seen; a larger folder is cut."""


class LocalFiles:
    """The file system of this machine. Remembers what it saw: make a new one to look again."""

    def __init__(self) -> None:
        self._names: dict[str, Sequence[str]] = {}
        self._stats: dict[str, FileStat | None] = {}
        self._real: dict[str, str] = {}
        self._elf: dict[str, ElfFacts | None] = {}
        self.cut: list[str] = []
        """Folders that held more than `MOST_NAMES` names."""

    def names(self, folder: str) -> Sequence[str]:
        """List a folder, sorted; empty when it can't be listed."""
        if folder not in self._names:
            self._names[folder] = self._list(folder)
        return self._names[folder]

    def _list(self, folder: str) -> Sequence[str]:
        found = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    found.append(entry.name)
                    if len(found) >= MOST_NAMES:
                        self.cut.append(folder)
                        break
        except OSError:
            pass
        return sorted(found)

    def stat(self, path: str) -> FileStat | None:
        """Tell what a path leads to; None when it leads nowhere."""
        if path not in self._stats:
            try:
                state = os.stat(path)  # noqa: PTH116 - a Path for each of 100,000 names costs more than the stat
            except (OSError, ValueError):
                self._stats[path] = None
            else:
                self._stats[path] = FileStat(
                    device=state.st_dev,
                    inode=state.st_ino,
                    size=state.st_size,
                    mtime_ns=state.st_mtime_ns,
                    is_folder=modes.S_ISDIR(state.st_mode),
                    is_executable=modes.S_ISREG(state.st_mode) and bool(state.st_mode & 0o111),
                )
        return self._stats[path]

    def real(self, path: str) -> str:
        """Follow all links; the path itself when it leads nowhere."""
        if path not in self._real:
            try:
                self._real[path] = os.path.realpath(path, strict=True)
            except (OSError, ValueError):
                self._real[path] = path
        return self._real[path]

    def read(self, path: str, limit: int = 1 << 20) -> bytes | None:
        """Read at most ``limit`` bytes from the start; None when it can't be read or is no plain file."""
        try:
            # Opening a named pipe would wait for a writer for ever.
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except (OSError, ValueError):
            return None
        try:
            if not modes.S_ISREG(os.fstat(handle).st_mode):
                return None
            parts = []
            while limit > 0 and (part := os.read(handle, min(limit, 1 << 20))):
                parts.append(part)
                limit -= len(part)
            return b"".join(parts)
        except OSError:
            return None
        finally:
            os.close(handle)

    def elf(self, path: str) -> ElfFacts | None:
        """Read an ELF header; None when the file is no ELF object."""
        if path not in self._elf:
            head = self.read(path, 64)
            is_elf = head is not None and head.startswith(b"\x7fELF")
            self._elf[path] = parse_elf(lambda offset, size: _slice(path, offset, size)) if is_elf else None
        return self._elf[path]


def _slice(path: str, offset: int, size: int) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - see above
            file.seek(offset)
            return file.read(size)
    except (OSError, ValueError, OverflowError):
        return b""
