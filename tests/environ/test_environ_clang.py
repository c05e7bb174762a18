"""A clang that serves several targets is told which one, where it has to be."""

from __future__ import annotations

import msgspec
import pytest

from pkgmgr.environ.compose import compose
from pkgmgr.environ.request import ExportRequest
from pkgmgr.environ.tools import commands
from pkgmgr.model.entry import Entry
from pkgmgr.model.target import parse_target

from .entries import CLANG, GCC

LLD = ("-fuse-ld=lld", "-Wno-unused-command-line-argument")
WITHOUT_LLD = msgspec.structs.replace(CLANG, files={"c": "/usr/bin/clang-16"})
CALLED = msgspec.structs.replace(
    CLANG,
    files={"c": "/opt/x/aarch64-linux-gnu-clang"},
    attributes={"triple": "aarch64-unknown-linux-gnu", "emits": ["linux-arm64"]},
)
ROWS = [
    pytest.param(CLANG, "linux-arm64", ("--target=aarch64-linux-gnu", *LLD), id="lld is beside it"),
    pytest.param(WITHOUT_LLD, "linux-arm64", ("--target=aarch64-linux-gnu",), id="the target's own linker"),
    pytest.param(CALLED, "linux-arm64", (), id="its name says it"),
    pytest.param(CLANG, "linux-x86_64", (), id="this host"),
    pytest.param(CLANG, "linux-riscv64", (), id="what it can't link for"),
    pytest.param(GCC, "linux-arm64", (), id="another compiler"),
]


@pytest.mark.parametrize(("entry", "target", "flags"), ROWS)
def test_what_clang_is_told(entry: Entry, target: str, flags: tuple[str, ...]) -> None:
    wanted, triple = parse_target(target), target.replace("linux-arm64", "aarch64-linux-gnu")
    request = ExportRequest(
        operations=(), entries=[entry], host=parse_target("linux-x86_64"), target=wanted, triple=triple
    )
    assert commands(request)["c"] == (entry.files["c"], *flags)
    values = {operation.var: operation.value for operation in compose([entry], target=target)}
    told = " ".join([entry.files["c"] if flags else str(entry.env[0].value), *flags])
    assert values == {operation.var: operation.value for operation in entry.env} | {"CC": told}


def test_without_a_target_nothing_is_told() -> None:
    assert [operation.value for operation in compose([CLANG])] == [operation.value for operation in CLANG.env]
