"""Open what compresses an archive; told by its first bytes."""

from __future__ import annotations

import io
import lzma
from typing import BinaryIO, cast

from pkgmgr.install.unpack.member import DamagedError
from pkgmgr.model.errors import CkpmError

_CHUNK = 1 << 18
_MOST_MEMORY = 1 << 30
"""Bytes that xz and zstd may take: an archive's head can ask for any amount."""


def decompressed(raw: BinaryIO) -> BinaryIO:
    """Give the stream behind gzip, bzip2, xz or zstd; any other stream as it is.

    :param raw: seekable, at the archive's beginning.
    """
    start = raw.tell()
    head = raw.read(6)
    raw.seek(start)
    if head.startswith(b"\x1f\x8b"):
        import gzip

        return cast(BinaryIO, gzip.GzipFile(fileobj=raw, mode="rb"))
    if head.startswith(b"BZh"):
        import bz2

        return cast(BinaryIO, bz2.BZ2File(raw))
    if head.startswith(b"\xfd7zXZ\0"):
        return cast(BinaryIO, io.BufferedReader(_XzReader(raw), _CHUNK))
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return _open_zstd(raw)
    return raw


def _open_zstd(raw: BinaryIO) -> BinaryIO:
    """Open zstd with what this Python has."""
    try:
        import zstandard
    except ImportError:
        return _open_zstd_of_python(raw)
    reader = zstandard.ZstdDecompressor(max_window_size=_MOST_MEMORY).stream_reader(raw, read_across_frames=True)
    return cast(BinaryIO, io.BufferedReader(_ZstdReader(cast(BinaryIO, reader), zstandard.ZstdError), _CHUNK))


def _open_zstd_of_python(raw: BinaryIO) -> BinaryIO:
    import importlib

    try:
        zstd = importlib.import_module("compression.zstd")
    except ImportError as error:
        raise CkpmError(
            "it is compressed with zstd, which this Python can't read", hint="pip install zstandard"
        ) from error
    return cast(BinaryIO, io.BufferedReader(_ZstdReader(zstd.ZstdFile(raw), zstd.ZstdError), _CHUNK))


class _ZstdReader(io.RawIOBase):
    """Reads zstd, and words its errors: each library has a class of its own for them."""

    def __init__(self, reader: BinaryIO, error: type[Exception]) -> None:
        super().__init__()
        self._reader = reader
        self._error = error

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill a buffer."""
        try:
            chunk = self._reader.read(len(buffer))
        except self._error as error:
            raise DamagedError(f"the archive is damaged: {error}") from error
        buffer[: len(chunk)] = chunk
        return len(chunk)


class _XzReader(io.RawIOBase):
    """Reads xz with bounded memory, which `lzma.LZMAFile` does not offer."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__()
        self._raw = raw
        self._decompressor = self._new()

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill a buffer; several streams behind each other are one."""
        while True:
            if self._decompressor.eof and not self._next_stream():
                return 0
            packed = self._raw.read(_CHUNK) if self._decompressor.needs_input else b""
            if self._decompressor.needs_input and not packed:
                raise DamagedError("it is cut short")
            chunk = self._decompressor.decompress(packed, len(buffer))
            if chunk:
                buffer[: len(chunk)] = chunk
                return len(chunk)

    def _next_stream(self) -> bool:
        """Begin the next stream, if something but padding follows."""
        rest = self._decompressor.unused_data.lstrip(b"\0")
        while not rest:
            packed = self._raw.read(_CHUNK)
            if not packed:
                return False
            rest = packed.lstrip(b"\0")
        self._decompressor = self._new()
        self._raw.seek(-len(rest), io.SEEK_CUR)
        return True

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)
