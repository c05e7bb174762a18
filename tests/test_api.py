"""The Python API does what the command does, and gives typed values."""

from __future__ import annotations

from pathlib import Path

import pytest

import pkgmgr


def test_every_name_is_there() -> None:
    for name in pkgmgr.__all__:
        assert getattr(pkgmgr, name) is not None
    assert not hasattr(pkgmgr, "nothing")


def test_detect_and_plan(tmp_path: Path) -> None:
    workspace = pkgmgr.open_workspace(home=tmp_path / "home")
    report = pkgmgr.detect_softs(workspace, [pkgmgr.parse_reference("soft:lang.python")])
    assert all(isinstance(entry, pkgmgr.Entry) for entry in report.entries)
    plan, _ = pkgmgr.make_plan(workspace, ["soft:lang.python@>=3"], pkgmgr.Wishes())
    assert [step.action for step in plan.steps] == ["reuse"]
    with pytest.raises(pkgmgr.CkpmError):
        pkgmgr.make_plan(workspace, ["soft:nothing.atall"], pkgmgr.Wishes())
