"""Make archives by hand, good and hostile."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping

Entry = tuple[tarfile.TarInfo, bytes]


def entry(
    name: str, content: bytes = b"", *, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644
) -> Entry:
    """Give one member of a tar."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size, info.mtime = kind, link, mode, len(content), 1_700_000_000
    return info, content


def tar_bytes(*entries: Entry) -> bytes:
    """Give a tar archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def write_zip(archive: zipfile.ZipFile, name: str, content: bytes, *, mode: int) -> None:
    """Add one member to a zip, with its name untouched."""
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    info.external_attr = mode << 16
    info.compress_type = archive.compression
    archive.writestr(info, content)


def ar(members: Mapping[str, bytes]) -> bytes:
    """Give an ar archive."""
    result = b"!<arch>\n"
    for name, content in members.items():
        result += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        result += content + b"\n" * (len(content) % 2)
    return result
