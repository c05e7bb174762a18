"""An env that asks for a standard, on a machine with a compiler that is too old for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Ckpm

GCC_485 = """#!/bin/sh
echo 'Using built-in specs.
Target: x86_64-linux-gnu
Thread model: posix
gcc version 4.8.5 (GCC)' >&2
"""


@pytest.fixture
def old_gcc(tmp_path: Path) -> str:
    """A PATH with GCC 4.8.5 in front, by what it says of itself."""
    if os.name == "nt":
        pytest.skip("its stand-in is a shell script")
    folder = tmp_path / "old"
    folder.mkdir()
    for name in ("gcc", "g++"):
        (folder / name).write_text(GCC_485)
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def lock(ckpm: Ckpm, tmp_path: Path, path: str, languages: str) -> tuple[int, str]:
    row = f'{{soft = "compiler.gcc@4.8", languages = {languages}, role = "compiler"}}'
    (tmp_path / "env.toml").write_text(f'name = "old"\ntargets = ["linux-x86_64"]\nrequires = [{row}]\n')
    ran = ckpm("lock", str(tmp_path / "env.toml"), "--dry-run", env={"PATH": path})
    return ran.code, ran.out + ran.err


def test_a_standard_that_it_takes(ckpm: Ckpm, tmp_path: Path, old_gcc: str) -> None:
    code, said = lock(ckpm, tmp_path, old_gcc, '["c11", "cxx11"]')
    assert code == 0, said
    assert "4.8.5" in said


def test_one_that_it_does_not(ckpm: Ckpm, tmp_path: Path, old_gcc: str) -> None:
    code, said = lock(ckpm, tmp_path, old_gcc, '["c11", "cxx17"]')
    assert code == 3
    assert "nothing meets soft:compiler.gcc@4.8 for c11, cxx17" in said
    assert "compiler.gcc 4.8.5 has no C++17: it needs ≥ 8" in said
