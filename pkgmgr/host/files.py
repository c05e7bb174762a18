"""The real file system, read only, each folder and file looked at once for all softs of a detection.

Touches: the file system. Nothing here raises for what is missing, unreadable, looping or changing, and nothing waits:
neither for a named pipe nor for a server that is gone.
"""

from __future__ import annotations

import errno
import os
import stat as modes
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pkgmgr.host.mounts import leads_into, remote_mounts
from pkgmgr.host.ports import FileStat, content_digest

if TYPE_CHECKING:
    from pkgmgr.host.ports import ElfFacts

MOST_NAMES = 200_000
"""Names of one folder that are seen; a larger folder is cut, and `LocalFiles.skipped` says so."""

_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
_DEEPEST = 100
_KERNEL = ("/proc/", "/sys/", "/dev/")


class _Listing(NamedTuple):
    """One folder, as one pass over it told."""

    names: Sequence[str]
    folders: Sequence[str]
    links: frozenset[str]


_NOTHING = _Listing((), (), frozenset())

FileState = tuple[int, int, int, int, int]
"""(device, inode, size, mtime, ctime) of a file: while these are the same, so is what is in it."""


class Observed(msgspec.Struct, frozen=True, array_like=True):
    """Everything that one look at the file system depended on."""

    files: dict[str, FileState | None]
    """Path → its state, links followed; None: nothing was there."""
    folders: dict[str, FileState | None]
    """Folder that was listed → its state: it changes when a name in it comes or goes."""
    links: dict[str, str]
    """Path → the true path."""
    cut: tuple[str, ...] = ()
    """Folders that could not be seen whole."""


def file_state(stat: FileStat | None) -> FileState | None:
    """Give what tells whether a file has changed."""
    return None if stat is None else (stat.device, stat.inode, stat.size, stat.mtime_ns, stat.ctime_ns)


def _seen_state(stat: FileStat | None) -> FileState | None:
    """Give what a look at a path depended on: of a folder that was not listed, only that it is that one."""
    if stat is not None and stat.is_folder:
        return (stat.device, stat.inode, 0, 0, 0)
    return file_state(stat)


class LocalFiles:
    """The file system of this machine. Remembers what it saw: make a new one to look again.

    May be used by several threads at once; in the worst case two look at the same thing.

    :param most_names: of one folder that are seen.
    :param unresponsive: gives the mount points that must not be touched; asked once, before the first look.
    """

    def __init__(
        self, *, most_names: int = MOST_NAMES, unresponsive: Callable[[], frozenset[str]] | None = None
    ) -> None:
        self._most_names = most_names
        self._listings: dict[str, _Listing] = {}
        self._listed: dict[str, FileState | None] = {}
        self._stats: dict[str, FileStat | None] = {}
        self._real: dict[str, str] = {}
        self._elf: dict[str, ElfFacts | None] = {}
        self._find_avoided = unresponsive or _unresponsive_here
        self._avoided: frozenset[str] | None = None
        self._skipped: dict[str, str] = {}

    @property
    def skipped(self) -> Mapping[str, str]:
        """Folder → why it was not seen, or not seen whole, so far."""
        return self._skipped

    def names(self, folder: str) -> Sequence[str]:
        """List a folder, sorted; empty when it can't be listed."""
        return self._listing(folder).names

    def subfolders(self, folder: str) -> Sequence[str]:
        """List the folders in a folder, and the links to folders, sorted."""
        listing = self._listing(folder)
        if not listing.links:
            return listing.folders
        linked = [name for name in listing.links if self._is_folder(os.path.join(folder, name))]
        return sorted([*listing.folders, *linked]) if linked else listing.folders

    def _is_folder(self, path: str) -> bool:
        state = self.stat(path)
        return state is not None and state.is_folder

    def _listing(self, folder: str) -> _Listing:
        known = self._listings.get(folder)
        if known is None:
            # The state comes first: what changes while the folder is read is then seen the next time.
            self._listed[folder] = file_state(self._peek(folder))
            known = self._listings[folder] = self._list(folder) if self.may_touch(folder) else _NOTHING
        return known

    def _peek(self, path: str) -> FileStat | None:
        return _stat(path) if self.may_touch(path) else None

    def observed(self) -> Observed:
        """Give everything that was looked at so far, as it was, but for the kernel's own files: they are never old."""
        return Observed(
            files={path: _seen_state(stat) for path, stat in self._stats.items() if not path.startswith(_KERNEL)},
            folders={path: state for path, state in self._listed.items() if not path.startswith(_KERNEL)},
            links={path: real for path, real in self._real.items() if real != path},
            cut=tuple(self._skipped),
        )

    def is_unchanged(self, observed: Observed) -> bool:
        """Tell whether a new look would show the same. Lists no folder, reads no file."""
        return (
            all(file_state(self._peek(folder)) == state for folder, state in observed.folders.items())
            and all(_seen_state(self.stat(path)) == state for path, state in observed.files.items())
            and all(self.real(path) == real for path, real in observed.links.items())
        )

    def _list(self, folder: str) -> _Listing:
        found: list[os.DirEntry[str]] = []
        folders: list[str] = []
        links: list[str] = []
        try:
            with os.scandir(folder) as entries:
                found += islice(entries, self._most_names)
                if next(entries, None) is not None:
                    self._skipped[folder] = f"only the first {self._most_names} names were seen"
            links = [entry.name for entry in found if entry.is_symlink()]
            folders = [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
        except PermissionError:
            self._skipped[folder] = "it may not be read"
        except (OSError, ValueError):
            pass
        return _Listing(sorted([entry.name for entry in found]), sorted(folders), frozenset(links))

    def stat(self, path: str) -> FileStat | None:
        """Tell what a path leads to; None when it leads nowhere."""
        if path not in self._stats:
            self._stats[path] = _stat(path) if self.may_touch(path) else None
        return self._stats[path]

    def real(self, path: str) -> str:
        """Follow all links; the path itself when it leads nowhere."""
        known = self._real.get(path)
        if known is None:
            known = self._real[path] = self._resolve(path) if self.may_touch(path) else path
        return known

    def _resolve(self, path: str) -> str:
        """Resolve the last part only: the folder's own resolution is remembered for all that lies in it."""
        folder, _, name = path.rpartition("/")
        if not folder or name in ("", ".", "..") or path.count("/") > _DEEPEST:
            return _resolve_whole(path)
        step = f"{self.real(folder).rstrip('/')}/{name}"
        try:
            os.readlink(step)
        except OSError as error:
            return step if error.errno == errno.EINVAL else path
        except ValueError:
            return path
        return _resolve_whole(path)

    def read(self, path: str, limit: int = 1 << 20, offset: int = 0) -> bytes | None:
        """Read at most ``limit`` bytes from ``offset`` on; None when it can't be read or is no plain file."""
        handle = self._open(path)
        if handle is None:
            return None
        try:
            if offset:
                os.lseek(handle, offset, os.SEEK_SET)
            known = self.stat(path)
            size, place, end, parts = known.size if known is not None else 0, offset, offset + limit, []
            # At the end that its size names nobody asks for more; the kernel's own files name none.
            while place < end and (part := os.read(handle, min(end - place, 1 << 20))):
                parts.append(part)
                place += len(part)
                if place == size:
                    break
            return b"".join(parts)
        except (OSError, OverflowError):
            return None
        finally:
            os.close(handle)

    def elf(self, path: str) -> ElfFacts | None:
        """Read an ELF header; None when the file is no ELF object."""
        if path not in self._elf:
            self._elf[path] = self._read_elf(path)
        return self._elf[path]

    def _read_elf(self, path: str) -> ElfFacts | None:
        handle = self._open(path)
        if handle is None:
            return None
        try:
            from pkgmgr.host.elf import parse_elf  # a detection that is answered from memory never needs it

            return parse_elf(file_reader(handle))
        finally:
            os.close(handle)

    def digest(self, path: str) -> str | None:
        """Hash the size and samples of a file; None when it can't be read."""
        handle = self._open(path)
        if handle is None:
            return None
        try:
            stat = self.stat(path)
            return None if stat is None else content_digest(stat.size, partial(_read_at, handle))
        finally:
            os.close(handle)

    def _open(self, path: str) -> int | None:
        """Open a plain file, and note its state: what is read from it counts only while the file is the same.

        To open a named pipe in any other way would wait for a writer for ever.
        """
        if not self.may_touch(path):
            return None
        try:
            handle = os.open(path, _READ_FLAGS)
        except (OSError, ValueError):
            self.stat(path)
            return None
        try:
            state = os.fstat(handle)
            self._stats.setdefault(path, _told(state))
            if modes.S_ISREG(state.st_mode):
                return handle
        except OSError:
            pass
        os.close(handle)
        return None

    def may_touch(self, path: str) -> bool:
        """Tell whether a path can be looked at without waiting for ever; `skipped` keeps what can't."""
        if self._avoided is None:
            self._avoided = self._find_avoided()
        if not self._avoided:
            return True
        place = leads_into(path, self._avoided)
        if place is not None:
            self._skipped[place] = "the file system mounted there does not answer"
        return place is None


def _unresponsive_here() -> frozenset[str]:
    points = remote_mounts()
    if not points:
        return frozenset()
    from pkgmgr.host.responding import find_unresponsive  # 2 ms, where something remote is mounted

    return find_unresponsive(points)


def _stat(path: str) -> FileStat | None:
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return _told(state)


def _told(state: os.stat_result) -> FileStat:
    kind = modes.S_IFMT(state.st_mode)
    # By place: five thousand are made in a detection.
    return FileStat(
        state.st_dev,
        state.st_ino,
        state.st_size,
        state.st_mtime_ns,
        kind == modes.S_IFDIR,
        kind == modes.S_IFREG and state.st_mode & 0o111 != 0,
        state.st_ctime_ns,
    )


def _resolve_whole(path: str) -> str:
    try:
        real = os.path.realpath(path, strict=True)
    except (OSError, ValueError):
        return path
    if os.sep != "/":
        return real.removeprefix("\\\\?\\").replace(os.sep, "/")
    return f"/{real.lstrip('/')}" if real.startswith("//") else real  # POSIX leaves the sense of "//usr" open


def file_reader(handle: int) -> Callable[[int, int], bytes]:
    """Give a function that reads (offset, size) of an open file: fewer bytes at its end, none where it can't."""
    head = _read_at(handle, 0, 4096)  # holds all headers of most objects

    def read(offset: int, size: int) -> bytes:
        end = offset + size
        return head[offset:end] if end <= len(head) else _read_at(handle, offset, size)

    return read


def _read_at(handle: int, offset: int, size: int) -> bytes:
    try:
        if hasattr(os, "pread"):
            return os.pread(handle, size, offset)
        os.lseek(handle, offset, os.SEEK_SET)
        return os.read(handle, size)
    except (OSError, OverflowError, ValueError):
        return b""
