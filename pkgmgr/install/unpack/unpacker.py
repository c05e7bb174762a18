"""Write an archive's members into a folder. The only module of this room that writes.

Links are made last, so that nothing can be written through one; a file replaces what was there before and never
writes into it. Modes are 755 and 644 whatever the umask, times are fixed: the same archive gives the same tree.
"""

from __future__ import annotations

import contextlib
import errno
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from pkgmgr.install.unpack.compression import decompressed
from pkgmgr.install.unpack.deb import MAGIC, deb_members
from pkgmgr.install.unpack.limits import Limits, Meter
from pkgmgr.install.unpack.links import require_inside
from pkgmgr.install.unpack.member import FIXED_TIME, DamagedError, Kind, Member, Members
from pkgmgr.install.unpack.names import is_wanted, safe_parts
from pkgmgr.install.unpack.tar import is_tar, tar_members
from pkgmgr.install.unpack.zip import zip_members
from pkgmgr.model.errors import CkpmError, IntegrityError

_CHUNK = 1 << 20
_HEADERS = 64 << 20
"""Bytes that a tar stream may hold beyond its files."""
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    NotImplementedError,
)
_IMPOSSIBLE_NAME = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.ENOTDIR, errno.EISDIR, errno.ELOOP)


def unpack(
    archive: Path,
    into: Path,
    *,
    kind: Kind | None = None,
    strip: int = 0,
    only: Sequence[str] = (),
    limits: Limits | None = None,
) -> list[Path]:
    """Unpack an archive; give the files and links made, in its order.

    :param into: made if it is missing; what lies in it already stays, unless the archive has the same file.
    :param kind: told by content when it is not given.
    :param strip: leading folders to drop from each name; what has no more is left out.
    :param only: globs on the names after ``strip``.
    :raises IntegrityError: for an archive that is damaged or would harm; what was made by then is removed.
    :raises CkpmError: when nothing fits ``only``, or it can't be written.
    """
    unpacking = None
    try:
        into.mkdir(parents=True, exist_ok=True)
        with archive.open("rb") as raw:
            limits = limits or Limits()
            packed = raw.seek(0, os.SEEK_END)
            raw.seek(0)
            members = _members(raw, kind, limits.most_bytes(packed) + _HEADERS)
            unpacking = _Unpacking(into.resolve(), Meter(limits, packed), limits, strip, tuple(only))
            made = unpacking.run(members)
    except BaseException as error:
        if unpacking is not None:
            unpacking.undo()
        raise _explained(error, archive, unpacking.at if unpacking is not None else "") from error
    if not made and only:
        raise CkpmError(f"{archive.name}: nothing in it fits {', '.join(only)}", hint="the names are those after strip")
    return made


class _Unpacking:
    """One archive on its way into one folder."""

    def __init__(self, into: Path, meter: Meter, limits: Limits, strip: int, only: tuple[str, ...]) -> None:
        self.at = ""
        """The member that is being unpacked, for messages."""
        self._into = into
        self._meter = meter
        self._limits = limits
        self._strip = strip
        self._only = only
        self._files: dict[tuple[str, ...], Path] = {}
        self._links: dict[tuple[str, ...], str] = {}
        self._order: list[Path] = []
        self._inodes: set[int] = set()
        self._folders: dict[Path, bool] = {into: False}
        """Folders that are there; True for those made here."""

    def run(self, members: Members) -> list[Path]:
        """Unpack all."""
        for member in members:
            self.at = member.name
            self._meter.add_member()
            parts = safe_parts(member.name, depth=self._limits.depth)[self._strip :]
            if parts and is_wanted("/".join(parts), self._only):
                self._take(member, parts)
        self._make_links()
        self.at = ""
        self._settle_folders()
        return self._order

    def undo(self) -> None:
        """Remove what was made."""
        for path in self._order:
            with contextlib.suppress(OSError):
                path.unlink()
        for folder in reversed([folder for folder, is_ours in self._folders.items() if is_ours]):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _take(self, member: Member, parts: tuple[str, ...]) -> None:
        if member.kind == "folder":
            self._make_folder(parts)
            return
        if parts in self._files or parts in self._links:
            raise DamagedError("it is in the archive twice")
        path = self._make_folder(parts[:-1]) / parts[-1]
        self._clear(path)
        if member.kind == "link":
            self._links[parts] = self._link_target(member)
            return
        self._order.append(path)
        self._files[parts] = path
        if member.kind == "hardlink":
            self._copy(member.target, path)
        else:
            self._write(member, path)

    def _make_folder(self, parts: tuple[str, ...]) -> Path:
        """Make a folder and those above it; a link in its place would lead elsewhere."""
        folder = self._into
        for count, part in enumerate(parts, 1):
            folder = folder / part
            if folder in self._folders:
                continue
            if parts[:count] in self._links:
                raise DamagedError("it lies behind a link of the same archive")
            try:
                folder.mkdir(0o755)
                self._folders[folder] = True
            except FileExistsError:
                if not stat.S_ISDIR(folder.lstat().st_mode):
                    raise DamagedError("it lies behind a file or a link") from None
                self._folders[folder] = False
        return folder

    def _clear(self, path: Path) -> None:
        """Make place for a file: never write into what is there, it may be a link or shared."""
        try:
            state = path.lstat()
        except FileNotFoundError:
            return
        if stat.S_ISDIR(state.st_mode):
            raise DamagedError("it is a folder too")
        if state.st_ino in self._inodes:  # where letters' case does not count
            raise DamagedError("it is in the archive twice, in other letters")
        path.unlink()

    def _write(self, member: Member, path: Path) -> None:
        assert member.open is not None
        self._meter.require_room(member.size)
        with member.open() as content, path.open("xb", buffering=0) as file:
            written = self._pour(content, file)
        if written != member.size:
            raise DamagedError(f"it has {written:,} bytes where {member.size:,} are announced")
        self._settle(path, 0o755 if member.is_executable else 0o644)

    def _copy(self, target: str, path: Path) -> None:
        """Make a hard link's file: a copy, so that changing one name never changes another."""
        origin = self._files.get(safe_parts(target, depth=self._limits.depth)[self._strip :])
        if origin is None or origin == path:
            raise DamagedError(f"it is a hard link to {target!r}, which was not unpacked before it")
        with origin.open("rb") as content, path.open("xb", buffering=0) as file:
            self._pour(content, file)
        self._settle(path, stat.S_IMODE(origin.lstat().st_mode))

    def _pour(self, content: BinaryIO, file: BinaryIO) -> int:
        """Copy all, counting."""
        self._inodes.add(os.fstat(file.fileno()).st_ino)
        written = 0
        while chunk := content.read(_CHUNK):
            self._meter.add_written(len(chunk))
            rest = memoryview(chunk)
            while rest:
                rest = rest[file.write(rest) :]
            written += len(chunk)
        return written

    def _link_target(self, member: Member) -> str:
        if any(ord(character) < 32 for character in member.target):
            raise DamagedError("it is a link to a name with control characters")
        return member.target

    def _make_links(self) -> None:
        """Make the links, now that all of them are known."""
        for parts, target in self._links.items():
            self.at = "/".join(parts)
            require_inside(parts, target, self._link_at)
        for parts, target in self._links.items():
            self.at = "/".join(parts)
            path = self._into.joinpath(*parts)
            if path in self._folders:
                raise DamagedError("it is a link and a folder")
            path.symlink_to(target)
            self._order.append(path)
            if os.utime in os.supports_follow_symlinks:
                os.utime(path, (FIXED_TIME, FIXED_TIME), follow_symlinks=False)

    def _link_at(self, parts: tuple[str, ...]) -> str | None:
        """Tell where a link leads, of this archive or there before."""
        if parts in self._links:
            return self._links[parts]
        try:
            return str(self._into.joinpath(*parts).readlink())
        except OSError:
            return None

    def _settle(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        os.utime(path, (FIXED_TIME, FIXED_TIME))

    def _settle_folders(self) -> None:
        """Give the made folders their mode and time, after all else was made in them."""
        for folder in reversed([folder for folder, is_ours in self._folders.items() if is_ours]):
            self._settle(folder, 0o755)


def _members(raw: BinaryIO, kind: Kind | None, most: int) -> Members:
    """Open an archive by its kind, or by what its first bytes say."""
    head = raw.read(512)
    raw.seek(0)
    if kind == "deb" or (kind is None and head.startswith(MAGIC)):
        return deb_members(raw, most=most)
    if kind in ("zip", "wheel") or (kind is None and head.startswith((b"PK\3\4", b"PK\5\6"))):
        return zip_members(raw)
    stream = decompressed(raw)
    if stream is raw and not is_tar(head):
        raise DamagedError("it is no archive of a known kind (tar, zip, wheel, deb)")
    return tar_members(stream, most=most)


def _explained(error: BaseException, archive: Path, member: str) -> BaseException:
    """Say which archive and which member it was."""
    where = f"{archive.name}: {member!r}" if member else archive.name
    if isinstance(error, DamagedError):
        return IntegrityError(f"{where}: {error.message}", hint="the archive was not unpacked; nothing of it was kept")
    if isinstance(error, CkpmError):
        return type(error)(f"{where}: {error.message}", hint=error.hint)
    if isinstance(error, _DAMAGE) or (isinstance(error, OSError) and error.errno is None):
        return IntegrityError(f"{where}: the archive is damaged: {str(error) or type(error).__name__}")
    if isinstance(error, OSError) and error.errno in _IMPOSSIBLE_NAME:
        return IntegrityError(f"{where}: no such file can be made here: {error.strerror}")
    if isinstance(error, OSError):
        about = f"{error.filename}: " if error.filename else ""
        return CkpmError(f"{where}: can't be unpacked: {about}{error.strerror}")
    return error
