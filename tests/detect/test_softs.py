"""Every recorded case of every soft, run without anyone writing test code."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgmgr.catalog.index import Catalog
from pkgmgr.catalog.repository import BUILT_IN, Repository, built_in_root
from pkgmgr.detect.cases import run_cases
from pkgmgr.jobs.linting import lint_soft
from pkgmgr.model.soft import Soft

CATALOG = Catalog(repositories=[Repository(name=BUILT_IN, root=built_in_root(), is_trusted=True)])
SOFTS = CATALOG.softs()


def hook_folder(name: str) -> Path:
    return CATALOG.located("soft", name).folder


@pytest.mark.parametrize("soft", SOFTS, ids=lambda soft: soft.name)
def test_recorded_cases(soft: Soft) -> None:
    assert [str(failure) for failure in run_cases(soft, hook_folder=hook_folder)] == []


@pytest.mark.parametrize("soft", SOFTS, ids=lambda soft: soft.name)
def test_lint(soft: Soft) -> None:
    assert list(lint_soft(soft, hook_folder)) == []


def test_a_wrong_case_fails() -> None:
    soft = CATALOG.soft("tool.cmake")
    assert soft is not None
    import msgspec

    wrong = msgspec.structs.replace(soft.case[0], expect={"version": "9.9"})
    failures = list(run_cases(msgspec.structs.replace(soft, case=(wrong,))))
    assert len(failures) == 1
    assert "9.9" in failures[0].reason


def test_softs_that_the_contract_names_are_there() -> None:
    names = {soft.name for soft in SOFTS}
    assert {"compiler.gcc", "compiler.llvm", "compiler.zig", "compiler.cuda", "compiler.android-ndk"} <= names
    assert {"lang.python", "lang.java", "tool.cmake", "tool.ninja", "tool.git", "tool.qemu-user"} <= names
    assert {"lib.zlib", "lib.tensorflow", "lib.tflite-c", "model.ssd-mobilenet", "dataset.coco"} <= names
