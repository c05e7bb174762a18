"""Read zip archives and wheels."""

from __future__ import annotations

import stat
import zipfile
from typing import BinaryIO, cast

from pkgmgr.install.unpack.member import DamagedError, Member, Members
from pkgmgr.install.unpack.names import LONGEST

_ENCRYPTED = 0x1


def zip_members(raw: BinaryIO) -> Members:
    """Give the members, as the central directory has them."""
    with zipfile.ZipFile(raw) as archive:
        for info in archive.infolist():
            yield _member(archive, info)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    # `filename` ends at a NUL, `orig_filename` does not. Archives of some Windows programs separate by backslashes.
    name = info.orig_filename.replace("\\", "/")
    mode = info.external_attr >> 16
    if info.flag_bits & _ENCRYPTED:
        raise DamagedError(f"{name!r} is encrypted")
    if name.endswith("/"):
        return Member(name=name, kind="folder")
    if stat.S_ISLNK(mode):
        if info.file_size > LONGEST:
            raise DamagedError(f"{name!r} is a link to a name of {info.file_size:,} bytes")
        return Member(name=name, kind="link", target=archive.read(info).decode("utf-8", "surrogateescape"))
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise DamagedError(f"{name!r} is a device, a pipe or something else that no archive should hold")

    def content() -> BinaryIO:
        return cast(BinaryIO, archive.open(info))

    return Member(name=name, kind="file", size=info.file_size, is_executable=bool(mode & 0o111), open=content)
