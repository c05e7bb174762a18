"""Our reading of ELF against pyelftools' and against hostile bytes; archives, scripts and other formats."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgmgr.host.archive import Member, first_members, parse_linker_script, resolve_library
from pkgmgr.host.binary import binary_targets, object_targets, parse_stub
from pkgmgr.host.elf import Reader, parse_elf
from pkgmgr.host.elf_target import Clues, elf_target
from pkgmgr.host.files import LocalFiles
from pkgmgr.host.recorded import RecordedFiles

SYSTEM_FOLDERS = ("/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/aarch64-linux-gnu/lib")


def reader(content: bytes) -> Reader:
    return lambda offset, size: content[offset : offset + size]


def system_objects() -> Iterator[str]:
    files = LocalFiles()
    for folder in SYSTEM_FOLDERS:
        paths = [f"{folder}/{name}" for name in files.names(folder)]
        yield from [path for path in paths if files.elf(path) is not None and files.real(path) == path][::12]


def test_agrees_with_pyelftools_on_the_objects_of_this_machine() -> None:
    elffile = pytest.importorskip("elftools.elf.elffile")
    files, checked = LocalFiles(), 0
    for path in system_objects():
        facts = files.elf(path)
        assert facts is not None
        with open(path, "rb") as stream:
            elf = elffile.ELFFile(stream)
            dynamic = elf.get_section_by_name(".dynamic")
            tags = list(dynamic.iter_tags()) if dynamic is not None and dynamic["sh_type"] == "SHT_DYNAMIC" else []
            assert facts.machine == struct.unpack("<H", Path(path).read_bytes()[18:20])[0]
            assert list(facts.needed) == [tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"], path
            assert [facts.soname] == ([tag.soname for tag in tags if tag.entry.d_tag == "DT_SONAME"] or [None]), path
            found = [item.get_interp_name() for item in elf.iter_segments() if item["p_type"] == "PT_INTERP"]
            assert facts.interpreter == (found[0] if found else None), path
        checked += 1
    if not checked:
        pytest.skip("no ELF objects in the usual folders")


@pytest.fixture(scope="module")
def program() -> bytes:
    files = LocalFiles()
    path = next((item for item in ("/bin/true", "/usr/bin/env", "/bin/ls") if files.elf(item) is not None), None)
    if path is None:
        pytest.skip("no ELF program at hand")
    return Path(path).read_bytes()


def test_every_cut_is_survived(program: bytes) -> None:
    for size in [*range(0, 1200, 7), *range(1200, len(program), 997)]:
        parse_elf(reader(program[:size]))
    assert parse_elf(reader(program[:40])) is None


def test_every_lie_is_survived(program: bytes) -> None:
    chance = random.Random(7)
    for _ in range(3000):
        lie = bytearray(program)
        for _ in range(chance.randint(1, 12)):
            lie[chance.randrange(4, 1024)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        parse_elf(reader(bytes(lie)))


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"MZ" + b"\0" * 99, b"#!/bin/sh\n", b"\x7fELF" + b"\xff" * 99])
def test_other_files_are_no_objects(content: bytes) -> None:
    assert parse_elf(reader(content)) is None


def make_elf(
    *, machine: int = 183, bits: int = 64, kind: int = 3, interpreter: bytes = b"", note: bytes = b"", abi: int = 0
) -> bytes:
    """Make an object of two program headers; no linker for the machine is at hand."""
    wide = bits == 64
    header, entry = (64, 56) if wide else (52, 32)
    parts = [(3, interpreter), (4, note)]
    offset, table, body = header + 2 * entry, b"", b""
    for tag, content in parts:
        place = offset + len(body)
        row = struct.pack("<IIQQQQQQ", tag, 4, place, place, place, len(content), len(content), 1)
        if not wide:
            row = struct.pack("<IIIIIIII", tag, place, place, place, len(content), len(content), 4, 1)
        table, body = table + (row if content else b"\0" * entry), body + content
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1, abi]) + b"\0" * 8
    pointers = struct.pack("<QQQ" if wide else "<III", 0, header, 0)
    return (
        ident
        + struct.pack("<HHI", kind, machine, 1)
        + pointers
        + struct.pack("<IHHHHHH", 0, header, entry, 2, 0, 0, 0)
        + table
        + body
    )


def note(name: bytes, kind: int, content: bytes) -> bytes:
    return struct.pack("<III", len(name), len(content), kind) + name.ljust((len(name) + 3) // 4 * 4, b"\0") + content


@pytest.mark.parametrize(
    ("content", "target", "api"),
    [
        pytest.param(
            make_elf(note=note(b"Android\0", 1, struct.pack("<I", 24) + b"r26b")), "android-arm64", 24, id="ndk"
        ),
        pytest.param(make_elf(interpreter=b"/system/bin/linker64\0"), "android-arm64", None, id="android loader"),
        pytest.param(make_elf(interpreter=b"/lib/ld-musl-aarch64.so.1\0"), "linux-arm64-musl", None, id="musl"),
        pytest.param(make_elf(interpreter=b"/lib/ld-linux-aarch64.so.1\0"), "linux-arm64", None, id="glibc"),
        pytest.param(make_elf(machine=40, bits=32), "linux-arm", None, id="32 bit"),
        pytest.param(make_elf(machine=62, bits=32), "linux-x86_64-gnux32", None, id="x32"),
        pytest.param(make_elf(machine=62, abi=9), "freebsd-x86_64", None, id="freebsd"),
        pytest.param(make_elf(note=note(b"NetBSD\0\0", 1, b"\0\0\0\1")), "netbsd-arm64", None, id="netbsd"),
        pytest.param(make_elf(machine=224), "none-amdgcn", None, id="gpu code"),
        pytest.param(make_elf(machine=4711), "linux-machine4711", None, id="unknown machine"),
    ],
)
def test_the_target_is_what_the_object_says(content: bytes, target: str, api: int | None) -> None:
    facts = parse_elf(reader(content))
    assert facts is not None
    assert (facts.target, facts.android_api) == (target, api)


@pytest.mark.parametrize(
    ("clues", "target"),
    [
        (Clues(machine=183, bits=64, is_little=True, needed=("libc.so", "libdl.so")), "android-arm64"),
        (Clues(machine=62, bits=64, is_little=True, needed=("libc.so",)), "linux-x86_64-musl"),
        (Clues(machine=62, bits=64, is_little=True, needed=("libc.musl-x86_64.so.1",)), "linux-x86_64-musl"),
        (Clues(machine=62, bits=64, is_little=True, needed=("libc.so.6", "libm.so.6")), "linux-x86_64"),
        (Clues(machine=40, bits=32, is_little=True, flags=0x5000200), "linux-arm-softfloat"),
        (Clues(machine=40, bits=32, is_little=True, flags=0x5000400), "linux-arm"),
        (Clues(machine=8, bits=32, is_little=True), "linux-mipsel"),
        (Clues(machine=21, bits=64, is_little=False), "linux-ppc64"),
    ],
    ids=["bionic", "musl by zig", "alpine", "glibc", "soft float", "hard float", "little mips", "big power"],
)
def test_the_c_library_tells_the_system(clues: Clues, target: str) -> None:
    assert elf_target(clues) == target


def test_a_library_with_a_loader_is_no_program() -> None:
    files = LocalFiles()
    libc = next((path for path in ("/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6") if files.stat(path)), None)
    if libc is None:
        pytest.skip("no glibc at hand")
    facts = files.elf(libc)
    assert facts is not None
    assert (facts.kind, facts.is_pie, facts.soname) == ("shared", False, "libc.so.6")


def archive(*members: tuple[bytes, bytes]) -> bytes:
    content = b"!<arch>\n"
    for name, body in members:
        header = name.ljust(16) + b"0".ljust(12) + b"0".ljust(6) + b"0".ljust(6) + b"644".ljust(8)
        content += header + str(len(body)).encode().ljust(10) + b"`\n" + body + b"\n" * (len(body) % 2)
    return content


def test_an_archive_gives_its_members_without_tables() -> None:
    content = archive(
        (b"/", b"symbols"), (b"//", b"a_very_long_name.o/\n"), (b"a.o/", b"xyz"), (b"#1/8", b"b.o\0\0\0\0\0body")
    )
    found = list(first_members(reader(content)))
    assert [(member.name, content[member.offset : member.offset + member.size]) for member in found] == [
        ("a.o", b"xyz"),
        ("b.o", b"body"),
    ]


@pytest.mark.parametrize(
    "content", [b"", b"!<thin>\n" + b"x" * 99, b"!<arch>\n" + b"x" * 99, archive((b"a.o/", b"xy"))[:60]], ids=range(4)
)
def test_broken_archives_are_empty(content: bytes) -> None:
    assert list(first_members(reader(content))) == []
    assert Member("a", 1, 2).name == "a"


@pytest.mark.parametrize("symbols", [10, 300_000], ids=["small", "symbols beyond the first read"])
def test_an_archive_is_for_the_target_of_its_first_object(symbols: int) -> None:
    content = archive((b"/", b"\0" * symbols), (b"readme/", b"text"), (b"a.o/", make_elf(kind=1)))
    assert binary_targets(RecordedFiles(files={"/l/liba.a": content}), "/l/liba.a") == ("linux-arm64",)


def test_an_archive_of_windows_objects() -> None:
    content = archive((b"a.o/", struct.pack("<HHIIIHH", 0x8664, 3, 0, 0, 0, 0, 0) + b"\0" * 60))
    assert binary_targets(RecordedFiles(files={"/l/a.lib": content}), "/l/a.lib") == ("windows-x86_64",)


def macho(cpu: int, platform: int | None = None) -> bytes:
    command = b"" if platform is None else struct.pack("<IIIIII", 0x32, 24, platform, 0, 0, 0)
    return struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, 0, 6, 1 if command else 0, len(command), 0, 0) + command


FAT = (
    struct.pack(">II", 0xCAFEBABE, 2)
    + struct.pack(">IIIII", 0x01000007, 3, 4096, 9, 12)
    + struct.pack(">IIIII", 0x0100000C, 0, 8192, 9, 14)
)


@pytest.mark.parametrize(
    ("content", "targets"),
    [
        pytest.param(macho(0x0100000C), ("macos-arm64",), id="macho"),
        pytest.param(macho(0x0100000C, 2), ("ios-arm64",), id="ios"),
        pytest.param(macho(99), (), id="unknown processor"),
        pytest.param(FAT + b"\0" * 64, ("macos-x86_64", "macos-arm64"), id="universal"),
        pytest.param(struct.pack(">IHH", 0xCAFEBABE, 0, 61) + b"\0" * 64, (), id="java class"),
        pytest.param(
            b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", 0xAA64),
            ("windows-arm64",),
            id="pe",
        ),
        pytest.param(b"MZ" + b"\0" * 58 + struct.pack("<I", 1 << 31), (), id="pe beyond its end"),
        pytest.param(struct.pack("<HHHH", 0, 0xFFFF, 0, 0x14C) + b"\0" * 20, ("windows-x86",), id="import object"),
        pytest.param(b"#!/bin/sh\necho\n", (), id="script"),
        pytest.param(b"", (), id="empty"),
        pytest.param(b"\xcf\xfa\xed\xfe", (), id="cut"),
    ],
)
def test_other_formats(content: bytes, targets: tuple[str, ...]) -> None:
    assert object_targets(reader(content)) == targets


def test_apple_stubs_name_their_targets() -> None:
    named = "x86_64-macos, x86_64-maccatalyst,\n arm64e-macos, arm64-ios-simulator"
    v4 = f"--- !tapi-tbd\ntbd-version: 4\ntargets: [ {named} ]\n"
    v3 = "--- !tapi-tbd-v3\narchs:           [ i386, x86_64 ]\nplatform:        macosx\n"
    assert parse_stub(v4) == ("macos-x86_64", "macos-arm64")
    assert parse_stub(v3) == ("macos-x86", "macos-x86_64")
    assert binary_targets(RecordedFiles(files={"/S/libz.tbd": v4}), "/S/libz.tbd") == ("macos-x86_64", "macos-arm64")
    assert parse_stub("--- yaml: of another kind\n") == ()


LIBC_SCRIPT = """/* GNU ld script
   Use the shared library, but some functions are only in
   the static library, so try that secondarily.  */
OUTPUT_FORMAT(elf64-x86-64)
GROUP ( /lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu/libc_nonshared.a
        AS_NEEDED ( /lib64/ld-linux-x86-64.so.2 ) )
"""


def test_linker_scripts_name_their_inputs() -> None:
    script = parse_linker_script(LIBC_SCRIPT)
    assert script is not None
    assert script.format == "elf64-x86-64"
    assert script.inputs == (
        "/lib/x86_64-linux-gnu/libc.so.6",
        "/usr/lib/x86_64-linux-gnu/libc_nonshared.a",
        "/lib64/ld-linux-x86-64.so.2",
    )
    assert parse_linker_script("GROUP (") is None
    assert parse_linker_script("/* GROUP ( x ) */") is None
    assert parse_linker_script("") is None


@pytest.mark.parametrize(
    ("path", "sysroot", "found"),
    [
        pytest.param("/l/libc.so", "", "/lib/x86_64-linux-gnu/libc.so.6", id="absolute"),
        pytest.param("/l/libncurses.so", "", "/l/libncurses.so.6", id="by name"),
        pytest.param("/l/libtinfo.so", "", "/l/libtinfo.so.6", id="-l"),
        pytest.param("/sysroot/usr/lib/libm.so", "/sysroot", "/sysroot/lib/libm.so.6", id="in a sysroot"),
        pytest.param("/l/loop.so", "", None, id="a script that names itself"),
        pytest.param("/l/lost.so", "", None, id="nothing it names is there"),
        pytest.param("/l/libplain.a", "", "/l/libplain.a", id="an archive"),
        pytest.param("/l/missing.so", "", None, id="missing"),
    ],
)
def test_a_script_leads_to_the_library(path: str, sysroot: str, found: str | None) -> None:
    files = RecordedFiles(
        files={
            "/l/libc.so": LIBC_SCRIPT,
            "/lib/x86_64-linux-gnu/libc.so.6": make_elf(),
            "/l/libncurses.so": "INPUT(libncurses.so.6 -ltinfo)",
            "/l/libncurses.so.6": make_elf(),
            "/l/libtinfo.so": "INPUT(-lreal)",
            "/l/libreal.so": "INPUT ( libtinfo.so.6 )",
            "/l/libtinfo.so.6": make_elf(),
            "/sysroot/usr/lib/libm.so": "GROUP ( /lib/libm.so.6 )",
            "/sysroot/lib/libm.so.6": make_elf(),
            "/lib/libm.so.6": make_elf(),
            "/l/loop.so": "INPUT(loop.so)",
            "/l/lost.so": "INPUT(/nowhere/x.so)",
            "/l/libplain.a": archive(),
        }
    )
    assert resolve_library(files, path, sysroot=sysroot) == found
