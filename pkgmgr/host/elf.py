"""What an ELF object says of itself, read with `struct`. Pure: the bytes come from a function.

pyelftools knows all of ELF and takes 70 ms to import; the tests hold this against it.
Layouts: System V ABI, "ELF Header", "Program Header", "Dynamic Section"; machine numbers: its registry.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pkgmgr.host.ports import ElfFacts

Reader = Callable[[int, int], bytes]
"""Gives the bytes at (offset, size), fewer at the end of the file."""

_ARCHES = {
    (3, 32): "x86",
    (62, 64): "x86_64",
    (62, 32): "x86_64",
    (40, 32): "arm",
    (183, 64): "arm64",
    (243, 64): "riscv64",
    (243, 32): "riscv32",
    (21, 64): "ppc64le",
    (22, 64): "s390x",
    (258, 64): "loongarch64",
    (8, 32): "mips",
    (8, 64): "mips64",
    (20, 32): "powerpc",
    (2, 32): "sparc",
    (43, 64): "sparc64",
    (190, 64): "nvptx64",
    (224, 64): "amdgcn",
}
_KINDS = {1: "relocatable", 2: "executable", 3: "shared", 4: "core"}
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_NOTE = 1, 2, 3, 4
_DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_SONAME, _DT_FLAGS_1 = 1, 5, 10, 14, 0x6FFFFFFB
_DF_1_PIE = 0x08000000
_OSABI_FREEBSD = 9
_LARGEST_TABLE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def parse_elf(read: Reader) -> ElfFacts | None:
    """Read the headers; None when they are no ELF headers, are cut short or lie."""
    try:
        return _parse(read)
    except (struct.error, IndexError, ValueError, OverflowError):
        return None


def _parse(read: Reader) -> ElfFacts | None:
    head = read(0, 64)
    if head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    bits, order = (64 if head[4] == 2 else 32), ("<" if head[5] == 1 else ">")
    kind, machine = struct.unpack_from(order + "HH", head, 16)
    arch = _ARCHES.get((machine, bits), f"machine{machine}")
    if arch == "ppc64le" and order == ">":
        arch = "ppc64"
    segments = list(_segments(read, head, bits, order))
    interpreter = next(
        (_text(read(item.offset, min(item.size, 4096))) for item in segments if item.kind == _PT_INTERP), None
    )
    dynamic = _dynamic(read, segments, bits, order)
    needed = tuple(text for tag, text in dynamic if tag == _DT_NEEDED)
    api = _android_api(read, segments, order)
    flags = [int(text) for tag, text in dynamic if tag == _DT_FLAGS_1]
    return ElfFacts(
        target=_target(arch, head[7], interpreter, needed, api),
        machine=machine,
        kind=_KINDS.get(kind, f"type{kind}"),
        interpreter=interpreter,
        soname=next((text for tag, text in dynamic if tag == _DT_SONAME), None),
        needed=needed,
        is_pie=kind == 3 and (interpreter is not None or any(flag & _DF_1_PIE for flag in flags)),
        android_api=api,
    )


def _segments(read: Reader, head: bytes, bits: int, order: str) -> Iterator[_Segment]:
    if bits == 64:
        (start,) = struct.unpack_from(order + "Q", head, 32)
        size, count = struct.unpack_from(order + "HH", head, 54)
    else:
        (start,) = struct.unpack_from(order + "I", head, 28)
        size, count = struct.unpack_from(order + "HH", head, 42)
    table = read(start, min(size * count, _LARGEST_TABLE))
    for place in range(0, len(table) - size + 1, size or 1):
        if bits == 64:
            kind, _, offset, address, _, length = struct.unpack_from(order + "IIQQQQ", table, place)
        else:
            kind, offset, address, _, length = struct.unpack_from(order + "IIIII", table, place)
        yield _Segment(kind=kind, offset=offset, address=address, size=length)
        if not size:
            return


def _dynamic(read: Reader, segments: list[_Segment], bits: int, order: str) -> list[tuple[int, str]]:
    """Give (tag, text) of the dynamic entries that are texts, and the flags as decimal text."""
    segment = next((item for item in segments if item.kind == _PT_DYNAMIC), None)
    if segment is None:
        return []
    content = read(segment.offset, min(segment.size, _LARGEST_TABLE))
    width = 16 if bits == 64 else 8
    pairs = list(struct.iter_unpack(order + ("QQ" if bits == 64 else "II"), content[: len(content) // width * width]))
    values = dict(reversed(pairs))
    if _DT_STRTAB not in values:
        return []
    offset = _file_offset(segments, values[_DT_STRTAB])
    strings = (
        read(offset, min(values.get(_DT_STRSZ, _LARGEST_TABLE), 8 * _LARGEST_TABLE)) if offset is not None else b""
    )
    found = [(tag, _text(strings[value : value + 4096])) for tag, value in pairs if tag in (_DT_NEEDED, _DT_SONAME)]
    return [*found, *((tag, str(value)) for tag, value in pairs if tag == _DT_FLAGS_1)]


def _file_offset(segments: list[_Segment], address: int) -> int | None:
    for item in segments:
        if item.kind == _PT_LOAD and item.address <= address < item.address + item.size:
            return item.offset + address - item.address
    return None


def _android_api(read: Reader, segments: list[_Segment], order: str) -> int | None:
    """Read ``.note.android.ident``: name ``Android``, type 1, the API level first (NDK's crtbrand.S)."""
    for item in segments:
        if item.kind != _PT_NOTE:
            continue
        note = read(item.offset, min(item.size, 4096))
        place = 0
        while place + 12 <= len(note):
            name_size, size, kind = struct.unpack_from(order + "III", note, place)
            name = note[place + 12 : place + 12 + name_size]
            body = place + 12 + (name_size + 3) // 4 * 4
            if name == b"Android\0" and kind == 1 and size >= 4:
                return int(struct.unpack_from(order + "I", note, body)[0])
            place = body + (size + 3) // 4 * 4
    return None


def _text(content: bytes) -> str:
    return content.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _target(arch: str, abi: int, interpreter: str | None, needed: tuple[str, ...], api: int | None) -> str:
    if abi == _OSABI_FREEBSD:
        return f"freebsd-{arch}"
    # libc.so without a number is bionic's name; glibc's is libc.so.6, musl's libc.musl-<arch>.so.1 or libc.so.
    if api is not None or (interpreter or "").startswith("/system/bin/linker"):
        return f"android-{arch}"
    if "ld-musl" in (interpreter or "") or any(name.startswith("libc.musl-") for name in needed):
        return f"linux-{arch}-musl"
    return f"linux-{arch}"
