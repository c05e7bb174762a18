"""The locks of the envs that come along are current."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgmgr.lock.document import parse_lock
from tests.conftest import Ckpm

ENVS = Path(__file__).parents[2] / "envs"
LOCKED = sorted(path.parent.name for path in ENVS.glob("*/env.lock.json"))


def test_there_are_some() -> None:
    assert {"cross-toolchain", "hello-cross", "tensorflow-cpu"} <= set(LOCKED)


@pytest.mark.parametrize("name", LOCKED)
def test_a_lock_is_current_on_any_machine(name: str, ckpm: Ckpm, home: Path, tmp_path: Path) -> None:
    ran = ckpm("lock", f"env:{name}", "--check", env={"PATH": str(tmp_path / "nothing")})
    assert ran.code == 0, ran.err
    # Nothing was looked for on this machine, nor asked of it: inputs and documents alone decide.
    assert {path.name for path in (home / "cache").iterdir()} == {"documents"}
    assert {path.name for path in home.iterdir()} == {"cache"}


@pytest.mark.parametrize("name", LOCKED)
def test_what_only_its_makers_machine_has_may_differ(name: str) -> None:
    lock = parse_lock((ENVS / name / "env.lock.json").read_text(encoding="utf-8"), where=name)
    for target, part in lock.targets.items():
        assert part.accept != "exact", f"{target}: another host is always drift"
        exact = [pin.id for pin in part.entries if pin.prefix is not None and pin.accept == "exact"]
        assert not exact, f"{target}: found where the lock was made, and nothing else will do"
