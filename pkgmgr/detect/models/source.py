"""Bounded reads from one file: what every reader of headers goes through.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import msgspec

from pkgmgr.host.ports import Files

_BLOCK = 1 << 16
_BUDGET = 48 << 20
"""Bytes read of one file at the most, however its tables lie."""
_BLOCKS_KEPT = 64


NO_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are no JSON, or not of the wanted shape."""


class UnreadableError(Exception):
    """The file ends, or leads, where its own tables say that something is; or it takes too much to read."""


UNREADABLE_ZIP = (UnreadableError, OSError, NotImplementedError, RuntimeError, ValueError, EOFError)
"""What reading a zip archive raises that is cut or wrong, besides `zipfile.BadZipFile`."""


class Source:
    """A file of known size, read in blocks, with a budget."""

    def __init__(self, files: Files, path: str, *, budget: int = _BUDGET) -> None:
        self._files = files
        self._path = path
        self._budget = budget
        self._blocks: dict[int, bytes] = {}
        state = files.stat(path)
        self.size = state.size if state is not None and not state.is_folder else 0

    def read(self, offset: int, size: int) -> bytes:
        """Read exactly ``size`` bytes.

        :raises UnreadableError: where the file has fewer, or the budget is spent.
        """
        if offset < 0 or size < 0 or offset + size > self.size:
            raise UnreadableError("it ends before what its tables name")
        first, last = offset // _BLOCK, (offset + size - 1) // _BLOCK if size else offset // _BLOCK
        if last - first > 4:
            return self._fetch(offset, size)
        parts = b"".join(self._block(number) for number in range(first, last + 1))
        start = offset - first * _BLOCK
        found = parts[start : start + size]
        if len(found) != size:
            raise UnreadableError("it can't be read")
        return found

    def head(self, size: int) -> bytes:
        """Read the beginning, as much as there is of it."""
        return self.read(0, min(size, self.size))

    def unpack(self, format_: str, offset: int) -> tuple[int, ...]:
        """Read little-endian numbers at an offset."""
        return struct.unpack("<" + format_, self.read(offset, struct.calcsize("<" + format_)))

    def _block(self, number: int) -> bytes:
        known = self._blocks.get(number)
        if known is None:
            if len(self._blocks) >= _BLOCKS_KEPT:
                self._blocks.pop(next(iter(self._blocks)))
            known = self._blocks[number] = self._fetch(number * _BLOCK, min(_BLOCK, self.size - number * _BLOCK))
        return known

    def _fetch(self, offset: int, size: int) -> bytes:
        self._budget -= size
        if self._budget < 0:
            raise UnreadableError("its tables take more to read than is allowed")
        return self._files.read(self._path, size, offset) or b""


class SourceFile(io.RawIOBase):
    """A source as a seekable file, for `zipfile`."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._position = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Give the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the position; before the start is an error that `zipfile` expects."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._source.size}[whence]
        if base + offset < 0:
            raise OSError("negative position")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: object) -> int:
        """Fill a buffer from the position on."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        size = max(0, min(len(view), self._source.size - self._position))
        view[:size] = self._source.read(self._position, size)
        self._position += size
        return size


_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MOST_FIELDS = 400_000


class Message:
    """A protobuf message inside a source, walked field by field; what is large is skipped, never read."""

    def __init__(self, source: Source, start: int = 0, end: int | None = None) -> None:
        self._source = source
        self.start = start
        self.end = source.size if end is None else end

    def fields(self) -> Iterator[tuple[int, int, int]]:
        """Give (number, start, end) of each field of bytes, and (number, value, -1) of each number.

        :raises UnreadableError: where this is no message, or it is cut.
        """
        position = self.start
        for _ in range(_MOST_FIELDS):
            if position == self.end:
                return
            key, position = self._varint(position)
            number, wire = key >> 3, key & 7
            if number == 0:
                raise UnreadableError("it is no protobuf message")
            if wire == _VARINT:
                value, position = self._varint(position)
                yield number, value, -1
            elif wire == _BYTES:
                size, position = self._varint(position)
                if position + size > self.end:
                    raise UnreadableError("it ends before what its tables name")
                yield number, position, position + size
                position += size
            elif wire in (_FIXED64, _FIXED32):
                position += 8 if wire == _FIXED64 else 4
                if position > self.end:
                    raise UnreadableError("it ends before what its tables name")
            else:
                raise UnreadableError("it is no protobuf message")
        raise UnreadableError("it has more fields than are looked at")

    def message(self, start: int, end: int) -> Message:
        """Give the message in a field."""
        return Message(self._source, start, end)

    def text(self, start: int, end: int, *, most: int = 4096) -> str:
        """Give the text in a field, or the beginning of a long one."""
        return self._source.read(start, min(end - start, most)).decode("utf-8", "replace")

    def packed(self, start: int, end: int) -> list[int]:
        """Give the numbers in a packed field."""
        values: list[int] = []
        position = start
        while position < end and len(values) < 64:
            value, position = self._varint(position)
            values.append(value)
        return values

    def _varint(self, position: int) -> tuple[int, int]:
        chunk = self._source.read(position, min(10, self._source.size - position))
        value = 0
        for index, byte in enumerate(chunk):
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return value, position + index + 1
        raise UnreadableError("it ends before what its tables name")
