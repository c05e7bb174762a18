"""Killed with -9 at any of a hundred points: nothing half-made counts, and the next run repairs and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Ckpm
from tests.jobs.test_crashes import ROOT, make_pair

if not hasattr(os, "fork"):
    pytest.skip("needs fork", allow_module_level=True)

INSTALL = ["install", "package:lib-one"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is killed, and what must be there afterwards."""

    do: list[str]
    points: int
    """How many, spread evenly over all changes of files that it makes."""
    forget: tuple[str, ...] = ()
    """What is removed from the home before each point."""
    prepare: tuple[list[str], ...] = ()
    """What is run before each point."""
    may_be: tuple[str, ...] = ()
    """What may be there after the kill, besides the bystander."""
    then: tuple[str, ...] = ()
    """What must be there after the next run."""


CASES = {
    "install with what it needs": Case(
        do=INSTALL,
        points=56,
        forget=("store/*/lib-one-*", "store/*/lib-shared-*", "cache/downloads", "registry.json"),
        may_be=("lib.one", "lib.shared"),
        then=("lib.one", "lib.shared"),
    ),
    "install again": Case(
        do=INSTALL,
        points=20,
        forget=("store/*/lib-one-*/.ckpm/entry.json",),
        may_be=("lib.one", "lib.shared"),
        then=("lib.one", "lib.shared"),
    ),
    "uninstall": Case(
        do=["uninstall", "package:lib-one"],
        points=14,
        prepare=(INSTALL,),
        may_be=("lib.one", "lib.shared"),
        then=("lib.shared",),
    ),
    "gc": Case(do=["gc"], points=14, prepare=(INSTALL,), may_be=("lib.one", "lib.shared")),
}


def test_there_are_a_hundred_points() -> None:
    assert sum(case.points for case in CASES.values()) >= 100


@pytest.mark.parametrize("name", CASES)
def test_killed_anywhere_the_next_run_goes_on(
    name: str, ckpm: Ckpm, home: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    case, root = CASES[name], tmp_path / "repository"
    make_pair(root, "bystander")
    (root / "envs/keeps").mkdir(parents=True)
    (root / "envs/keeps/env.toml").write_text('name = "keeps"\nrequires = ["package:lib-bystander"]\n')
    assert ckpm("repo", "add", str(root), "--trust").code == 0
    assert ckpm("sync", "env:keeps").code == 0
    points = 0 if request.config.getoption("--every-point") else case.points
    job = {"do": case.do, "prepare": case.prepare, "forget": case.forget}
    done = subprocess.run(
        [sys.executable, "-m", "tests.jobs.killing", str(home), str(points)],
        input=json.dumps(job),
        env={**os.environ, "CKPM_HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, *rows = [json.loads(line) for line in done.stdout.splitlines()]
    print(f"{name}: killed at {len(rows)} of {first['changes']} changes")
    assert len(rows) >= min(case.points, first["changes"]) - 1
    for row in rows:
        # A run that remembers more changes less: the last points may lie behind its end.
        assert row["ended"] == -signal.SIGKILL or row["point"] > first["changes"] * 0.7, row
        assert "lib.bystander" in row["there"], row
        assert set(row["there"]) <= {"lib.bystander", *case.may_be}, row
        # 3: there was nothing left to uninstall.
        assert row["again"] == 0 or (name == "uninstall" and row["again"] == 3), row
        assert row["then"] == sorted(["lib.bystander", *case.then]), row
        # Where only the cleaning up was cut short, there is nothing to build: the next build sweeps.
        assert not row["left"] or set(case.then) <= set(row["there"]), row
    assert ckpm(*INSTALL).code == 0
    assert ckpm("gc").code == 0
    assert not list((home / "staging").iterdir())
    assert ckpm("verify", "--full").code == 0
