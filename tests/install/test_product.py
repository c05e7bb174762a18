"""Whether a product is for its target, on objects that are made here: no linker for most targets is at hand."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pkgmgr.install.product import check_product
from pkgmgr.model.target import TargetDocument, parse_target
from pkgmgr.model.target import Toolchain as Names

ARM64, X86_64, ARM = 183, 62, 40
PIE = 0x08000000
ANDROID = TargetDocument(
    name="android-arm64",
    summary="",
    triples=("aarch64-linux-android",),
    libc="bionic",
    elf_machine=ARM64,
    default_detail="24",
)
MUSL = TargetDocument(
    name="linux-arm64-musl",
    summary="",
    triples=("aarch64-linux-musl",),
    libc="musl",
    elf_machine=ARM64,
    toolchain=Names(cmake_system="Linux", cmake_processor="aarch64", flags=("-static",)),
)
WINDOWS = TargetDocument(name="windows-x86_64", summary="", triples=("x86_64-w64-mingw32",))


def make_elf(
    *,
    machine: int = ARM64,
    kind: int = 3,
    interpreter: str = "",
    needed: tuple[str, ...] = (),
    pie: bool = True,
    api: int = 0,
) -> bytes:
    """Make a 64-bit object: an interpreter, a note of the NDK's and a dynamic section, each where it is asked for."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in needed)
    offsets = [strings.index(name.encode() + b"\0") for name in needed]
    tags = [(1, offset) for offset in offsets] + ([(0x6FFFFFFB, PIE)] if pie else [])
    note = struct.pack("<III8sI", 8, 4, 1, b"Android\0", api) if api else b""
    start = 64 + 5 * 56
    place_of_note = start + len(interpreter) + 1
    place_of_strings = place_of_note + len(note)
    place_of_tags = place_of_strings + len(strings)
    tags += [(5, place_of_strings), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in tags)
    end = place_of_tags + len(dynamic)
    rows = [
        (1, 0, end),
        (3 if interpreter else 0, start, len(interpreter) + 1),
        (4 if note else 0, place_of_note, len(note)),
        (2 if needed or pie else 0, place_of_tags, len(dynamic)),
        (0, 0, 0),
    ]
    table = b"".join(struct.pack("<IIQQQQQQ", tag, 4, place, place, place, size, size, 1) for tag, place, size in rows)
    head = b"\x7fELF\x02\x01\x01" + b"\0" * 9 + struct.pack("<HHI", kind, machine, 1)
    head += struct.pack("<QQQ", 0, 64, 0) + struct.pack("<IHHHHHH", 0, 64, 56, len(rows), 0, 0, 0)
    return head + table + interpreter.encode() + b"\0" + note + strings + dynamic


def make_archive(content: bytes) -> bytes:
    header = f"{'made.o/':16}{0:<12}{0:<6}{0:<6}{644:<8}{len(content):<10}`\n".encode()
    return b"!<arch>\n" + header + content


LINKER = "/system/bin/linker64"
CASES = [
    pytest.param(
        ANDROID, "p", make_elf(interpreter=LINKER, needed=("libc.so", "libm.so"), api=24), "", id="NDK program"
    ),
    pytest.param(ANDROID, "l.so", make_elf(needed=("libc.so", "libc++_shared.so"), pie=False), "", id="NDK library"),
    pytest.param(ANDROID, "p", make_elf(kind=2, pie=False), "", id="static program, at a fixed address"),
    pytest.param(ANDROID, "p", make_elf(machine=X86_64), "ELF machine 62", id="machine"),
    pytest.param(ANDROID, "p", make_elf(interpreter="/lib/ld-linux-aarch64.so.1"), "interpreter", id="GNU interpreter"),
    pytest.param(ANDROID, "p", make_elf(interpreter="/system/bin/linker"), "linker64", id="32-bit interpreter"),
    pytest.param(ANDROID, "p", make_elf(interpreter=LINKER, kind=2, pie=False), "PIE", id="fixed address"),
    pytest.param(ANDROID, "p", make_elf(interpreter=LINKER, needed=("libc.so.6",)), "libc.so.6 of glibc", id="glibc"),
    pytest.param(ANDROID, "l.so", make_elf(needed=("libpthread.so.0",), pie=False), "of glibc", id="glibc's threads"),
    pytest.param(ANDROID, "l.so", make_elf(needed=("libstdc++.so.6",), pie=False), "of GCC", id="libstdc++"),
    pytest.param(
        ANDROID, "p", make_elf(interpreter=LINKER, api=26), "API level 26", id="too new for the default level"
    ),
    pytest.param(MUSL, "p", make_elf(kind=2, pie=False), "", id="static"),
    pytest.param(MUSL, "p", make_elf(interpreter="/lib/ld-musl-aarch64.so.1"), "dynamic", id="dynamic"),
    pytest.param(MUSL, "l.a", make_archive(make_elf(kind=1, pie=False)), "", id="archive"),
    pytest.param(ANDROID, "l.a", make_archive(make_elf(kind=1, pie=False)), "", id="archive for Android"),
    pytest.param(
        MUSL, "l.a", make_archive(make_elf(kind=1, pie=False, machine=X86_64)), "for linux-x86_64", id="host's archive"
    ),
    pytest.param(WINDOWS, "l.dll", make_elf(machine=X86_64, pie=False), "for linux-x86_64", id="ELF for Windows"),
    pytest.param(
        WINDOWS, "l.a", make_archive(struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 0, 0) + b"\0" * 64), "", id="COFF"
    ),
    pytest.param(MUSL, "cli-32.exe", b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0\x4c\x01", "", id="launcher"),
    pytest.param(MUSL, "notes.txt", b"\x7fELF" + b"\xff" * 99, "", id="garbage"),
    pytest.param(MUSL, "l.a", b"!<arch>\n" + b"\xff" * 99, "", id="garbage archive"),
    pytest.param(MUSL, "l.a", b"", "", id="empty"),
]


@pytest.mark.parametrize(("document", "name", "content", "reason"), CASES)
def test_a_product_for_another_target_is_seen(
    document: TargetDocument, name: str, content: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    wrong = check_product(tmp_path, parse_target(document.name), document)
    assert len(wrong) == bool(reason)
    assert all(line.startswith(f"{name}: ") and reason in line for line in wrong)


@pytest.mark.parametrize(("level", "ok"), [("android-arm64-21", False), ("android-arm64-26", True)])
def test_the_api_level_asked_for_counts(level: str, ok: bool, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(make_elf(interpreter=LINKER, api=24))
    assert (check_product(tmp_path, parse_target(level), ANDROID) == []) is ok
