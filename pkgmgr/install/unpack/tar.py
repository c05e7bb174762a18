"""Read tar archives as a stream: one pass, bounded memory, and no silent end where a header is damaged."""

from __future__ import annotations

import tarfile
from typing import BinaryIO, cast

from pkgmgr.install.unpack.limits import MeteredReader
from pkgmgr.install.unpack.member import DamagedError, Member, Members

_LONGEST_HEADER = 1 << 20
"""Bytes of an extended header: `tarfile` reads it whole, whatever it claims to be."""
_EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_BUFFER = 1 << 18


class _StrictInfo(tarfile.TarInfo):
    """A header; a damaged one in the middle is an error, where `tarfile` takes it for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _StrictInfo:
        """Read one block."""
        try:
            info = super().frombuf(buf, encoding, errors)
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise DamagedError(f"a header of the tar archive is damaged: {error}") from error
        if info.size < 0 or (info.type in _EXTENDED and info.size > _LONGEST_HEADER):
            raise DamagedError(f"a header of the tar archive claims {info.size:,} bytes")
        return info


def is_tar(head: bytes) -> bool:
    """Tell whether a first block is a tar header, of whichever dialect."""
    try:
        _StrictInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except (tarfile.TarError, DamagedError, ValueError):
        return not head.strip(b"\0") and len(head) >= tarfile.BLOCKSIZE
    return True


def tar_members(stream: BinaryIO, *, most: int) -> Members:
    """Give the members of a decompressed tar stream, then read it to its end, where checksums are.

    :param most: bytes that the stream may give.
    """
    metered = MeteredReader(stream, most)
    with tarfile.open(
        fileobj=cast(BinaryIO, metered), mode="r|", bufsize=_BUFFER, tarinfo=_StrictInfo, errors="surrogateescape"
    ) as tar:
        while (info := tar.next()) is not None:
            tar.members = []  # type: ignore[attr-defined]  # it would remember millions
            yield _member(tar, info)
    while metered.read(_BUFFER):
        pass


def _member(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    if info.isdir():
        return Member(name=info.name, kind="folder")
    if info.issym():
        return Member(name=info.name, kind="link", target=info.linkname)
    if info.islnk():
        return Member(name=info.name, kind="hardlink", target=info.linkname)
    if not info.isfile():
        raise DamagedError(f"{info.name!r} is a device, a pipe or something else that no archive should hold")

    def content() -> BinaryIO:
        return cast(BinaryIO, tar.extractfile(info))

    return Member(name=info.name, kind="file", size=info.size, is_executable=bool(info.mode & 0o111), open=content)
