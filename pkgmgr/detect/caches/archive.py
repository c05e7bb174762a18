"""Whether an archive is whole, told from its two ends: nothing in between is read.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import io
import zlib

from pkgmgr.detect.models.facts import BROKEN, COMPLETE, CUT, PARTIAL, UNKNOWN
from pkgmgr.detect.models.source import UNREADABLE_ZIP, Source, SourceFile
from pkgmgr.host.ports import Files

_TAR_MARK, _TAR_PLACE = b"ustar", 257


def archive_state(files: Files, path: str) -> tuple[str, str]:
    """Give (state, reason) of an archive that calls itself one by its name.

    Of a zip archive the table at its end is looked at. Of others nothing tells where they end.
    """
    source = Source(files, path)
    if source.size == 0:
        return BROKEN, "it is empty"
    head = source.head(1024)
    if path.endswith(".zip"):
        if head[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
            return BROKEN, "it is no zip archive"
        return (COMPLETE, "") if zip_names(source) is not None else (PARTIAL, CUT)
    if is_tar(head):
        return UNKNOWN, ""
    return BROKEN, "it is no archive of the kind that its name says"


def zip_names(source: Source) -> list[str] | None:
    """Give the names in a zip archive; None where its table is not there: it was cut."""
    import zipfile  # 8 ms, where there is such an archive

    try:
        with zipfile.ZipFile(io.BufferedReader(SourceFile(source))) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, *UNREADABLE_ZIP):
        return None


def zip_beginning(source: Source, name: str, size: int) -> bytes | None:
    """Give the first bytes of a file in a zip archive; None where that can't be read."""
    import zipfile

    try:
        with zipfile.ZipFile(io.BufferedReader(SourceFile(source))) as archive, archive.open(name) as stream:
            return stream.read(size)
    except (zipfile.BadZipFile, *UNREADABLE_ZIP, KeyError):
        return None


def is_tar(head: bytes) -> bool:
    """Tell whether a file that begins so is a tar archive, plain or packed with gzip."""
    return unpacked(head, 512)[_TAR_PLACE : _TAR_PLACE + 5] == _TAR_MARK


def unpacked(head: bytes, size: int) -> bytes:
    """Give the beginning of what gzip packed; the bytes themselves where it did not."""
    if not head.startswith(b"\x1f\x8b"):
        return head[:size]
    try:
        return zlib.decompressobj(wbits=31).decompress(head, size)
    except zlib.error:
        return b""
