"""The target documents, and the page that says how to write one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pkgmgr.catalog.document import parse_document
from pkgmgr.model.target import TargetDocument, Toolchain, find_target, parse_target

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/writing/target.md").read_text(encoding="utf-8")
NAMES = sorted(path.parent.name for path in ROOT.glob("targets/*/target.toml"))
ASKED = {
    *("linux-x86_64", "linux-x86_64-musl", "linux-arm64", "linux-arm64-musl", "linux-arm", "linux-riscv64"),
    *("android-arm64", "android-arm", "android-x86_64", "macos-arm64", "macos-x86_64", "windows-x86_64"),
}
CMAKE = {"linux": "Linux", "android": "Android", "macos": "Darwin", "windows": "Windows"}
MESON = {"linux": "linux", "android": "android", "macos": "darwin", "windows": "windows"}
MACHINES = {"arm64": 183, "arm": 40, "x86_64": 62, "riscv64": 243}
KEYS = sorted({*TargetDocument.__struct_fields__, *Toolchain.__struct_fields__} - {"summary", "toolchain"})


def read(name: str) -> TargetDocument:
    path = ROOT / "targets" / name / "target.toml"
    return parse_document(path.read_text(encoding="utf-8"), TargetDocument, where=str(path))


def test_the_example_of_the_page_is_a_target() -> None:
    example = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    document = parse_document(example[1], TargetDocument, where="docs/writing/target.md")
    known = read(document.name)
    assert (document.toolchain, document.elf_machine, document.libc) == (known.toolchain, known.elf_machine, known.libc)
    assert set(known.triples) <= set(document.triples)


@pytest.mark.parametrize("field", KEYS)
def test_the_page_explains_each_key(field: str) -> None:
    assert re.search(rf"`(?:toolchain\.)?{field}`", PAGE)


def test_the_targets_that_are_promised_are_there() -> None:
    assert set(NAMES) >= ASKED


@pytest.mark.parametrize("name", NAMES)
def test_a_target_says_of_itself_what_its_name_says(name: str) -> None:
    document = read(name)
    target = parse_target(name)
    assert (document.name, str(target)) == (name, name)
    for triple in document.triples:
        found = find_target(triple)
        assert found is not None, triple
        assert (found.os, found.arch) == (target.os, target.arch), triple
    assert document.elf_machine == (MACHINES[target.arch] if target.os in ("linux", "android") else None)
    assert document.toolchain is not None
    assert document.toolchain.cmake_system == CMAKE[target.os]
    assert document.toolchain.meson_system == MESON[target.os]
    assert set(document.runs) <= set(NAMES)
    assert bool(document.default_detail) is (target.os == "android")
