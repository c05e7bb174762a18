"""What an ELF object says of itself, read with `struct`. Pure: the bytes come from a function.

pyelftools knows all of ELF and takes 70 ms to import; the tests hold this against it.
Layouts: System V ABI, "ELF Header", "Program Header", "Dynamic Section"; machine numbers: its registry.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from pkgmgr.host.elf_target import Clues, elf_target
from pkgmgr.host.ports import ElfFacts

Reader = Callable[[int, int], bytes]
"""Gives the bytes at (offset, size), fewer at the end of the file."""

_KINDS = {1: "relocatable", 2: "executable", 3: "shared", 4: "core"}
_ET_DYN, _ET_CORE = 3, 4
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_NOTE = 1, 2, 3, 4
_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_SONAME, _DT_FLAGS_1 = 0, 1, 5, 14, 0x6FFFFFFB
_DF_1_PIE = 0x08000000
_LARGEST_TABLE = 1 << 20
_LARGEST_NOTE = 1 << 16
_LONGEST_TEXT = 4096
_MOST_NEEDED = 4096


class _Header(NamedTuple):
    order: str
    """Byte order, as `struct` writes it."""
    bits: int
    abi: int
    kind: int
    machine: int
    flags: int
    table: int
    """Offset of the program headers."""
    entry_size: int
    entries: int


class _Segment(NamedTuple):
    kind: int
    offset: int
    address: int
    size: int


class _Dynamic(NamedTuple):
    soname: str | None
    needed: tuple[str, ...]
    flags: int


class _Note(NamedTuple):
    name: bytes
    kind: int
    content: bytes


def parse_elf(read: Reader) -> ElfFacts | None:
    """Read the headers; None when they are no ELF headers, or are cut short.

    A table that lies beyond the file or makes no sense is read as empty: a stripped or half-copied library still
    says what it is for.
    """
    try:
        header = _header(read(0, 64))
    except struct.error:
        return None
    if header is None:
        return None
    segments = list(_segments(read, header)) if header.kind != _ET_CORE else []
    interpreter = next((_text(read, item.offset, item.size) for item in segments if item.kind == _PT_INTERP), None)
    dynamic = _dynamic(read, header, segments)
    notes = list(_notes(read, header, segments))
    api = _android_api(notes, header.order)
    clues = Clues(
        machine=header.machine,
        bits=header.bits,
        is_little=header.order == "<",
        abi=header.abi,
        flags=header.flags,
        interpreter=interpreter or "",
        needed=dynamic.needed,
        soname=dynamic.soname or "",
        notes=frozenset(note.name.rstrip(b"\0") for note in notes),
    )
    # glibc's libc.so.6 and ld.so have an interpreter or an entry point and are libraries nonetheless: they have a name.
    is_program = bool(dynamic.flags & _DF_1_PIE) or (interpreter is not None and dynamic.soname is None)
    is_pie = header.kind == _ET_DYN and is_program
    return ElfFacts(
        target=elf_target(clues),
        machine=header.machine,
        kind="executable" if is_pie else _KINDS.get(header.kind, f"type{header.kind}"),
        interpreter=interpreter,
        soname=dynamic.soname,
        needed=dynamic.needed,
        is_pie=is_pie,
        android_api=api,
    )


def _header(head: bytes) -> _Header | None:
    if head[:4] != b"\x7fELF" or len(head) < 52 or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    bits, order = (64 if head[4] == 2 else 32), ("<" if head[5] == 1 else ">")
    kind, machine = struct.unpack_from(order + "HH", head, 16)
    table, flags, entry_size, entries = (
        (*struct.unpack_from(order + "Q", head, 32), *struct.unpack_from(order + "I2xHH", head, 48))
        if bits == 64
        else (*struct.unpack_from(order + "I", head, 28), *struct.unpack_from(order + "I2xHH", head, 36))
    )
    return _Header(order, bits, head[7], kind, machine, flags, table, entry_size, entries)


def _segments(read: Reader, header: _Header) -> Iterator[_Segment]:
    layout = struct.Struct(header.order + ("I4xQQ8xQ16x" if header.bits == 64 else "III4xI12x"))
    if header.entry_size < layout.size:
        return
    table = read(header.table, min(header.entry_size * header.entries, _LARGEST_TABLE))
    for place in range(0, len(table) - layout.size + 1, header.entry_size):
        kind, offset, address, size = layout.unpack_from(table, place)
        yield _Segment(kind, offset, address, size)


def _dynamic(read: Reader, header: _Header, segments: Iterable[_Segment]) -> _Dynamic:
    place = next((item for item in segments if item.kind == _PT_DYNAMIC), None)
    if place is None:
        return _Dynamic(None, (), 0)
    pairs = list(_pairs(read(place.offset, min(place.size, _LARGEST_TABLE)), header))
    strings = next((_file_offset(segments, value) for tag, value in pairs if tag == _DT_STRTAB), None)
    flags = next((value for tag, value in pairs if tag == _DT_FLAGS_1), 0)
    if strings is None:
        return _Dynamic(None, (), flags)
    needed = [_text(read, strings + value) for tag, value in pairs if tag == _DT_NEEDED][:_MOST_NEEDED]
    soname = next((_text(read, strings + value) for tag, value in pairs if tag == _DT_SONAME), None)
    return _Dynamic(soname, tuple(needed), flags)


def _pairs(table: bytes, header: _Header) -> Iterator[tuple[int, int]]:
    layout = struct.Struct(header.order + ("QQ" if header.bits == 64 else "II"))
    for tag, value in layout.iter_unpack(table[: len(table) // layout.size * layout.size]):
        if tag == _DT_NULL:
            return
        yield tag, value


def _file_offset(segments: Iterable[_Segment], address: int) -> int | None:
    for item in segments:
        if item.kind == _PT_LOAD and item.address <= address < item.address + item.size:
            return item.offset + address - item.address
    return None


def _notes(read: Reader, header: _Header, segments: Iterable[_Segment]) -> Iterator[_Note]:
    for item in segments:
        if item.kind != _PT_NOTE:
            continue
        content = read(item.offset, min(item.size, _LARGEST_NOTE))
        place = 0
        while place + 12 <= len(content):
            name_size, size, kind = struct.unpack_from(header.order + "III", content, place)
            start = place + 12 + _aligned(name_size)
            yield _Note(content[place + 12 : place + 12 + name_size], kind, content[start : start + size])
            place = start + _aligned(size)


def _aligned(size: int) -> int:
    return (size + 3) // 4 * 4


def _android_api(notes: Iterable[_Note], order: str) -> int | None:
    """Read ``.note.android.ident``: name ``Android``, type 1, the API level first (NDK's crtbrand.S)."""
    for note in notes:
        if note.name == b"Android\0" and note.kind == 1 and len(note.content) >= 4:
            return int(struct.unpack_from(order + "i", note.content)[0])
    return None


def _text(read: Reader, offset: int, size: int = _LONGEST_TEXT) -> str:
    """Read a text that ends with a zero byte."""
    part = read(offset, min(size, 128))
    if b"\0" not in part and size > 128:
        part = read(offset, min(size, _LONGEST_TEXT))
    return part.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
