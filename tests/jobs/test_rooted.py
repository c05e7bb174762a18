"""A clang serves a target whose root file system is here, where it finds in it all that a link takes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from pkgmgr.detect.ask import Asker
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.environ.aim import clang_flags
from pkgmgr.host.ports import Host
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.install.toolchain import make_toolchain
from pkgmgr.jobs.rooted import with_roots
from pkgmgr.model.entry import Entry
from pkgmgr.model.target import TargetDocument, parse_target

ROOT = "/srv/board"
GCC = f"{ROOT}/usr/lib/gcc/aarch64-linux-gnu/12"
# What Debian's libc6-dev, libgcc-12-dev and libstdc++-12-dev for arm64 hold, and lld.
WHOLE = (
    f"{ROOT}/usr/include/stdio.h",
    f"{ROOT}/usr/lib/aarch64-linux-gnu/crt1.o",
    f"{GCC}/crtbegin.o",
    f"{GCC}/libstdc++.so",
    "/usr/bin/ld.lld",
)
PROGRAM = "/usr/bin/clang-16"
# clang 16 of Debian.
TARGETS = """
  Registered Targets:
    aarch64    - AArch64 (little endian)
    x86-64     - 64-bit X86: EM64T and AMD64
"""
CLANG = Entry(
    id="compiler.llvm-16",
    soft="compiler.llvm",
    version="16.0.6",
    prefix="/usr/lib/llvm-16",
    target="linux-x86_64",
    origin="system",
    files={"c": PROGRAM, "cxx": "/usr/bin/clang++-16"},
    attributes={"emits": ["linux-x86_64"], "triple": "x86_64-pc-linux-gnu"},
)
BOARD = TargetDocument(
    name="linux-arm64-board",
    summary="",
    triples=("aarch64-linux-gnu",),
    libc="glibc",
    elf_machine=183,
    sysroots=("/opt/board", ROOT),
)
OTHER = msgspec.structs.replace(BOARD, name="linux-riscv64-board", triples=("riscv64-linux-gnu",))


def rooted(
    files: Sequence[str], *, clang: Entry = CLANG, targets: Sequence[TargetDocument] = (BOARD,), prints: str = TARGETS
) -> tuple[Entry, int]:
    """Give what becomes of a clang, and how many processes that took."""
    runner = RecordedRunner(prints={"clang-16 --print-targets": prints})
    there = RecordedFiles(files={**dict.fromkeys(files, ""), PROGRAM: "\x7fELF"})
    host = Host(files=there, runner=runner, variables={}, target="linux-x86_64", home="/home/me")
    (entry,) = with_roots([clang], targets, Asker(host=host, memory=AnswerMemory(None)))
    return entry, runner.started


def test_what_it_serves_and_how_it_is_called() -> None:
    entry, started = rooted(WHOLE)
    assert (entry.emits, started) == (("linux-x86_64", "linux-arm64-board"), 1)
    assert entry.id == CLANG.id
    board, host = parse_target(BOARD.name), parse_target("linux-x86_64")
    assert clang_flags(entry, board) == ("--target=aarch64-linux-gnu", f"--sysroot={ROOT}")
    assert clang_flags(entry, host) == ()
    there = {f"{ROOT}/usr/include", f"{ROOT}/lib", "/usr/bin/ld.lld"}
    toolchain = make_toolchain(entry, board, BOARD, host, exists=there.__contains__)
    assert toolchain.c[:3] == (PROGRAM, "--target=aarch64-linux-gnu", f"--sysroot={ROOT}")
    assert "-fuse-ld=lld" in toolchain.cxx
    assert (toolchain.sysroot, toolchain.library_root) == (ROOT, ROOT)


@pytest.mark.parametrize("lacks", WHOLE)
def test_what_a_link_takes_must_all_be_there(lacks: str) -> None:
    assert rooted([path for path in WHOLE if path != lacks]) == (CLANG, 0)


def test_a_clang_for_c_alone_needs_no_library_of_cxx() -> None:
    alone = msgspec.structs.replace(CLANG, files={"c": PROGRAM})
    assert "linux-arm64-board" in rooted([path for path in WHOLE if "libstdc++" not in path], clang=alone)[0].emits


@pytest.mark.parametrize(
    "linker", [pytest.param("/usr/bin/aarch64-linux-gnu-ld", id="GNU's"), pytest.param("/usr/bin/ld.lld", id="LLVM's")]
)
def test_any_linker_for_it_will_do(linker: str) -> None:
    assert "linux-arm64-board" in rooted([*WHOLE[:-1], linker])[0].emits


@pytest.mark.parametrize("said", ["", "clang: error: unsupported option '--print-targets'", "  x86-64 - 64-bit X86\n"])
def test_a_clang_that_was_built_without_its_machine_does_not_serve_it(said: str) -> None:
    assert rooted(WHOLE, prints=said)[0] == CLANG


def test_the_root_of_another_machine_is_none() -> None:
    assert rooted(WHOLE, targets=[OTHER]) == (CLANG, 0)
    assert rooted(WHOLE, targets=[]) == (CLANG, 0)


def test_what_it_emitted_before_stays() -> None:
    before = msgspec.structs.replace(
        CLANG, attributes={"emits": ["linux-x86_64", "linux-arm64"], "triples": {"linux-arm64": "aarch64-linux-gnu"}}
    )
    entry, _ = rooted(WHOLE, clang=before)
    assert entry.emits == ("linux-x86_64", "linux-arm64", "linux-arm64-board")
    assert entry.attributes["triples"] == {
        "linux-arm64": "aarch64-linux-gnu",
        "linux-arm64-board": "aarch64-linux-gnu",
    }
    assert clang_flags(entry, parse_target("linux-arm64")) == ("--target=aarch64-linux-gnu",)
