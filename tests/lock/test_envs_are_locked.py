"""The locks of the envs that come along are current."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Ckpm

ENVS = Path(__file__).parents[2] / "envs"
LOCKED = sorted(path.parent.name for path in ENVS.glob("*/env.lock.json"))


def test_there_are_some() -> None:
    assert {"cross-toolchain", "tensorflow-cpu"} <= set(LOCKED)


@pytest.mark.parametrize("name", LOCKED)
def test_a_lock_is_current(name: str, ckpm: Ckpm) -> None:
    ran = ckpm("lock", f"env:{name}", "--check")
    assert ran.code == 0, ran.err
