"""What stands in front of a program of another machine, and where its C library is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgmgr.host.files import LocalFiles
from pkgmgr.model.entry import Entry
from pkgmgr.model.target import TargetDocument, parse_target
from pkgmgr.run.emulate import launcher, sysroot_of

HOST, ARM = parse_target("linux-x86_64"), parse_target("linux-arm64")


def entry(soft: str, prefix: Path, *tags: str, files: dict[str, str] | None = None) -> Entry:
    return Entry(
        id=soft, soft=soft, version="1", prefix=str(prefix), target="x", origin="x", tags=tags, files=files or {}
    )


def document(system: Path) -> TargetDocument:
    return TargetDocument(
        name="linux-arm64",
        summary="",
        triples=("aarch64-linux-gnu", "aarch64-unknown-linux-gnu"),
        emulator=("arm64",),
        sysroots=(str(system),),
    )


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((), None),
        (("usr/aarch64-linux-gnu",), "usr/aarch64-linux-gnu"),
        (("usr/aarch64-linux-gnu", "gcc/aarch64-linux-gnu"), "gcc/aarch64-linux-gnu"),
        (("gcc/aarch64-unknown-linux-gnu",), "gcc/aarch64-unknown-linux-gnu"),
        (("gcc/arm-linux-gnueabihf",), None),
    ],
)
def test_the_compilers_own_c_library_comes_first(there: tuple[str, ...], expected: str | None, tmp_path: Path) -> None:
    for name in there:
        (tmp_path / name / "lib").mkdir(parents=True)
    target = document(tmp_path / "usr/aarch64-linux-gnu")
    compiler = entry("compiler.gcc", tmp_path / "gcc", "compiler")
    emulator = entry("tool.qemu-user", tmp_path, files={"arm64": "/bin/qemu-aarch64"})
    found = sysroot_of(target, LocalFiles(), [compiler])
    assert found == (None if expected is None else str(tmp_path / expected))
    roles = {"compiler": compiler, "emulator": emulator}
    front = launcher(ARM, HOST, target, roles, LocalFiles())
    assert front == ("/bin/qemu-aarch64", *(() if found is None else ("-L", found)))
