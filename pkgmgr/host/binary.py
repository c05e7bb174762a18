"""Which targets a binary of any format is for: ELF, Mach-O, PE, COFF, archives of them, Apple's text stubs.

`object_targets` and the parsers are pure; `binary_targets` looks at a file through `Files`.
"""

from __future__ import annotations

import re
import struct

from pkgmgr.host.archive import first_members
from pkgmgr.host.elf import Reader, parse_elf
from pkgmgr.host.ports import Files

_HEAD = 1 << 16
_MOST_READ = 64 << 20
"""An archive's table of symbols comes first, and is 20 MiB in the largest ones."""
_LARGEST_MACHO_COMMANDS = 1 << 16
_MOST_FAT_ARCHES = 42
"""``cafebabe`` begins Java classes too; what stands there is their version, 45 and up."""

_MACHO_ARCHES = {
    7: "x86",
    0x01000007: "x86_64",
    12: "arm",
    0x0100000C: "arm64",
    0x0200000C: "arm64",
    0x01000012: "ppc64",
}
_MACHO_PLATFORMS = {1: "macos", 2: "ios", 3: "tvos", 4: "watchos", 6: "macos", 7: "ios", 8: "tvos", 9: "watchos"}
_MACHO_LEAST_VERSIONS = {0x24: "macos", 0x25: "ios", 0x2F: "tvos", 0x30: "watchos"}
_LC_BUILD_VERSION = 0x32
_PE_ARCHES = {0x014C: "x86", 0x8664: "x86_64", 0x01C0: "arm", 0x01C4: "arm", 0xAA64: "arm64", 0xA641: "arm64"}

_STUB_TARGETS = re.compile(r"^targets:\s*\[([^\]]*)\]", re.MULTILINE)
_STUB_ARCHES = re.compile(r"^archs:\s*\[([^\]]*)\]", re.MULTILINE)


def binary_targets(files: Files, path: str) -> tuple[str, ...]:
    """Give the targets that a file is for; several for a universal Mach-O, none where none can be told.

    Objects of ELF archives do not name a system: theirs is given as Linux.
    """
    facts = files.elf(path)
    if facts is not None:
        return (facts.target,)
    head = files.read(path, _HEAD)
    if head is None:
        return ()
    if head.startswith(b"--- "):
        return parse_stub(head.decode("utf-8", "replace"))
    if not head.startswith(b"!<arch>\n"):
        return object_targets(_bytes_reader(head))
    return _archive_targets(files, path, head)


def _archive_targets(files: Files, path: str, head: bytes) -> tuple[str, ...]:
    read = _Growing(files, path, head).read
    for member in first_members(read):
        targets = object_targets(_bytes_reader(read(member.offset, min(member.size, _HEAD))))
        if targets:
            return targets
    return ()


class _Growing:
    """The beginning of a file, read further as more of it is asked for."""

    def __init__(self, files: Files, path: str, head: bytes) -> None:
        self._files, self._path, self._content = files, path, head
        self._is_whole = len(head) < _HEAD

    def read(self, offset: int, size: int) -> bytes:
        end = offset + size
        if len(self._content) < end <= _MOST_READ and not self._is_whole:
            wanted = max(end, 2 * len(self._content))
            self._content = self._files.read(self._path, wanted) or self._content
            self._is_whole = len(self._content) < wanted
        return self._content[offset:end]


def _bytes_reader(content: bytes) -> Reader:
    return lambda offset, size: content[offset : offset + size]


def object_targets(read: Reader) -> tuple[str, ...]:
    """Give the targets of an object or program from its header; none where the format is not known."""
    head = read(0, 64)
    facts = parse_elf(read)
    if facts is not None:
        return (facts.target,)
    try:
        if head[:4] in (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"):
            return _fat_targets(read, is_64=head[3] == 0xBF)
        if head[:4] in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe"):
            return _macho_targets(read, 0)
        if head[:2] == b"MZ":
            return _pe_targets(read)
        return _coff_targets(head)
    except struct.error:
        return ()


def _macho_targets(read: Reader, start: int) -> tuple[str, ...]:
    header = read(start, 32)
    if header[:4] not in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe"):
        return ()
    cpu, count, size = struct.unpack_from("<4xI8xII", header)
    arch = _MACHO_ARCHES.get(cpu)
    if arch is None:
        return ()
    first = 32 if header[0] == 0xCF else 28
    return (f"{_macho_system(read(start + first, min(size, _LARGEST_MACHO_COMMANDS)), count)}-{arch}",)


def _macho_system(commands: bytes, count: int) -> str:
    place = 0
    for _ in range(count):
        if place + 12 > len(commands):
            break
        kind, size, value = struct.unpack_from("<III", commands, place)
        if kind == _LC_BUILD_VERSION:
            return _MACHO_PLATFORMS.get(value, "macos")
        if kind in _MACHO_LEAST_VERSIONS:
            return _MACHO_LEAST_VERSIONS[kind]
        place += max(size, 8)
    return "macos"


def _fat_targets(read: Reader, *, is_64: bool) -> tuple[str, ...]:
    (count,) = struct.unpack(">I", read(4, 4))
    if not 0 < count <= _MOST_FAT_ARCHES:
        return ()
    layout = struct.Struct(">I4xQ16x" if is_64 else ">I4xI8x")
    found: list[str] = []
    for cpu, offset in layout.iter_unpack(read(8, count * layout.size)):
        slice_targets = _macho_targets(read, offset)
        found += slice_targets or ([f"macos-{_MACHO_ARCHES[cpu]}"] if cpu in _MACHO_ARCHES else [])
    return tuple(dict.fromkeys(found))


def _pe_targets(read: Reader) -> tuple[str, ...]:
    (place,) = struct.unpack("<I", read(0x3C, 4))
    header = read(place, 6)
    if header[:4] != b"PE\0\0":
        return ()
    return _windows(*struct.unpack_from("<H", header, 4))


def _coff_targets(head: bytes) -> tuple[str, ...]:
    """Read an object of a Windows library, or the short form that stands for an import."""
    machine, second = struct.unpack_from("<HH", head)
    if machine == 0 and second == 0xFFFF:
        (machine,) = struct.unpack_from("<H", head, 6)
        return _windows(machine)
    (optional,) = struct.unpack_from("<H", head, 16)
    return _windows(machine) if optional == 0 and 0 < second < 1 << 12 else ()


def _windows(machine: int) -> tuple[str, ...]:
    return (f"windows-{_PE_ARCHES[machine]}",) if machine in _PE_ARCHES else ()


def parse_stub(text: str) -> tuple[str, ...]:
    """Read the targets of a ``.tbd`` file, which stands for a library in Apple's SDKs."""
    targets = _STUB_TARGETS.search(text)
    if targets is not None:  # version 4: [ x86_64-macos, arm64e-macos ]
        pairs = [item.strip().split("-", 1) for item in targets[1].split(",") if "-" in item]
        named = [f"{system}-{_stub_arch(arch)}" for arch, system in pairs if system in _MACHO_PLATFORMS.values()]
        return tuple(dict.fromkeys(named))
    arches = _STUB_ARCHES.search(text)
    if arches is None or "platform:" not in text or "macosx" not in text:
        return ()
    return tuple(dict.fromkeys(f"macos-{_stub_arch(item.strip())}" for item in arches[1].split(",")))


def _stub_arch(text: str) -> str:
    return {
        "arm64e": "arm64",
        "arm64e.x1": "arm64",
        "x86_64h": "x86_64",
        "i386": "x86",
        "armv7": "arm",
        "armv7s": "arm",
    }.get(text, text)
