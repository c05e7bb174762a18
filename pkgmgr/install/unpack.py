"""Unpack archives of strangers: nothing leaves the folder, nothing is larger than allowed, no device, no setuid.

Touches: the folder that it is told to fill.
"""

from __future__ import annotations

import io
import os
import posixpath
import shutil
import stat as modes
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, cast

from pkgmgr.model.errors import CkpmError, IntegrityError

FIXED_TIME = 315_532_800
"""1980-01-01, the first moment that a zip file can hold: every unpacked file has it, so that trees compare."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an archive may hold at the most."""

    size: int = 64 << 30
    """Bytes, all files together."""
    count: int = 2_000_000
    depth: int = 64
    ratio: int = 2_000
    """Unpacked bytes for each packed one."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One thing in an archive."""

    name: str
    kind: str
    """``file``, ``folder``, ``link`` or ``hardlink``."""
    size: int = 0
    is_executable: bool = False
    link: str = ""


def unpack(
    archive: Path, into: Path, *, strip: int = 0, only: Sequence[str] = (), limits: Limits | None = None
) -> list[Path]:
    """Unpack an archive and give the files and links made.

    :param strip: leading folders to drop from each name.
    :param only: globs on the names after ``strip``; none: everything.
    :raises IntegrityError: for a damaged archive, or one that would harm; what was unpacked by then is removed by
        the caller together with the staging folder.
    """
    limits = limits or Limits()
    into.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    seen: set[str] = set()
    total, count = 0, 0
    most = min(limits.size, max(archive.stat().st_size * limits.ratio, 1 << 20))
    try:
        for member, content in _members(archive):
            count += 1
            total += member.size
            if count > limits.count or total > most:
                raise IntegrityError(f"{archive.name}: it holds more than a sane archive does: a bomb")
            name = _safe_name(member.name, archive, strip, limits.depth)
            if name is None or (only and not any(_matches(name, pattern) for pattern in only)):
                continue
            if member.kind != "folder":
                if name in seen:
                    raise IntegrityError(f"{archive.name}: {name!r} is in it twice")
                seen.add(name)
            path = _place(into, name, archive)
            if _make(member, path, content, into, archive, strip):
                made.append(path)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zipfile.LargeZipFile, ValueError) as error:
        raise IntegrityError(f"{archive.name}: the archive is damaged: {error}") from error
    except OSError as error:
        if error.errno in (28, 122, 30, 13):
            raise
        raise IntegrityError(f"{archive.name}: the archive is damaged: {error}") from error
    if not made:
        raise CkpmError(f"{archive.name}: nothing in it matches {', '.join(only) or 'anything'}")
    for folder, _, _ in os.walk(into, topdown=False):
        os.utime(folder, (FIXED_TIME, FIXED_TIME))
    return made


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or name.startswith(pattern.rstrip("/") + "/")


def _safe_name(name: str, archive: Path, strip: int, depth: int) -> str | None:
    """Check a member's name and drop its leading folders; None when nothing is left of it."""
    if any(character in name for character in "\0\n\r"):
        raise IntegrityError(f"{archive.name}: {name!r} has a line break in its name")
    if name.startswith(("/", "\\")) or (len(name) > 1 and name[1] == ":"):
        raise IntegrityError(f"{archive.name}: {name!r} is an absolute path")
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise IntegrityError(f"{archive.name}: {name!r} leaves the folder")
    if len(parts) > depth:
        raise IntegrityError(f"{archive.name}: {name[:80]!r}… nests deeper than {depth} folders")
    return "/".join(parts[strip:]) or None


def _place(into: Path, name: str, archive: Path) -> Path:
    """Give where a member goes; a folder on the way that is a link would lead elsewhere."""
    path = into
    for part in name.split("/")[:-1]:
        path = path / part
        if path.is_symlink():
            raise IntegrityError(f"{archive.name}: {name!r} would go through a link")
    return into / name


def _make(member: Member, path: Path, content: IO[bytes] | None, into: Path, archive: Path, strip: int) -> bool:
    if member.kind == "folder":
        path.mkdir(parents=True, exist_ok=True)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.kind == "link":
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path.relative_to(into).as_posix()), member.link))
        if member.link.startswith("/") or target.startswith(".."):
            raise IntegrityError(
                f"{archive.name}: the link {member.name!r} leads out of the folder, to {member.link!r}"
            )
        path.symlink_to(member.link)
        return True
    if member.kind == "hardlink":
        name = _safe_name(member.link, archive, strip, 1 << 10)
        origin = _place(into, name, archive) if name else None
        if origin is None or origin.is_symlink() or not origin.is_file():
            raise IntegrityError(f"{archive.name}: the hard link {member.name!r} leads nowhere")
        shutil.copyfile(origin, path)
    else:
        assert content is not None
        with path.open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
            if file.tell() != member.size:
                raise IntegrityError(f"{archive.name}: {member.name!r} is cut short")
    path.chmod(0o755 if member.is_executable else 0o644)
    os.utime(path, (FIXED_TIME, FIXED_TIME))
    return True


def _members(archive: Path) -> Iterator[tuple[Member, IO[bytes] | None]]:
    with archive.open("rb") as file:
        head = file.read(300)
    if head.startswith(b"PK"):
        yield from _zip_members(archive)
    elif head.startswith(b"!<arch>\ndebian-binary"):
        yield from _deb_members(archive)
    else:
        with _tar_stream(archive, head) as stream:
            yield from _tar_members(stream)


@contextmanager
def _tar_stream(archive: Path, head: bytes) -> Iterator[IO[bytes]]:
    """Open what decompresses the archive; `tarfile` itself knows no zstd before Python 3.14."""
    with archive.open("rb") as raw, _decompressed(raw, head, archive.name) as stream:
        yield stream


def _decompressed(raw: IO[bytes], head: bytes, name: str) -> IO[bytes]:
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        try:
            import zstandard
        except ImportError as error:
            raise CkpmError(f"{name}: zstandard is needed to unpack it", hint="pip install zstandard") from error
        return zstandard.ZstdDecompressor().stream_reader(raw)
    if head.startswith(b"\x1f\x8b"):
        import gzip

        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if head.startswith(b"BZh"):
        import bz2

        return bz2.BZ2File(raw)
    if head.startswith(b"\xfd7zXZ\0"):
        import lzma

        return lzma.LZMAFile(raw)
    if len(head) > 262 and head[257:262] == b"ustar":
        return raw
    raise IntegrityError(f"{name}: not an archive of a known kind")


def _tar_members(stream: IO[bytes]) -> Iterator[tuple[Member, IO[bytes] | None]]:
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for item in tar:
            if item.isfile():
                executable = bool(item.mode & 0o111)
                yield (
                    Member(name=item.name, kind="file", size=item.size, is_executable=executable),
                    tar.extractfile(item),
                )
            elif item.isdir():
                yield Member(name=item.name, kind="folder"), None
            elif item.issym():
                yield Member(name=item.name, kind="link", link=item.linkname), None
            elif item.islnk():
                yield Member(name=item.name, kind="hardlink", link=item.linkname), None
            else:
                raise IntegrityError(f"{item.name!r} is a device, a pipe or something else that no archive should hold")


def _zip_members(archive: Path) -> Iterator[tuple[Member, IO[bytes] | None]]:
    with zipfile.ZipFile(archive) as file:
        for item in file.infolist():
            mode = item.external_attr >> 16
            if item.is_dir():
                yield Member(name=item.filename, kind="folder"), None
            elif modes.S_ISLNK(mode):
                yield Member(name=item.filename, kind="link", link=file.read(item).decode()), None
            else:
                with file.open(item) as content:
                    executable = bool(mode & 0o111)
                    yield (
                        Member(name=item.filename, kind="file", size=item.file_size, is_executable=executable),
                        content,
                    )


def _deb_members(archive: Path) -> Iterator[tuple[Member, IO[bytes] | None]]:
    """Give the members of ``data.tar.*`` inside a Debian package (`deb(5)`: an ar archive of three members)."""
    with archive.open("rb") as file:
        file.seek(8)
        while len(header := file.read(60)) == 60:
            name, size = header[:16].decode("ascii", "replace").strip(" /"), int(header[48:58])
            if name.startswith("data.tar"):
                data = file.read(size)
                with _decompressed(io.BytesIO(data), data[:300], archive.name) as stream:
                    yield from _tar_members(stream)
                return
            file.seek(size + size % 2, os.SEEK_CUR)
    raise IntegrityError(f"{archive.name}: no data.tar in it")
