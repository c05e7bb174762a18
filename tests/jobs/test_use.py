"""What a program runs in is not removed under it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Ckpm
from tests.jobs.test_crashes import ROOT, installed, make_pair

ENV = """
name = "waiting"
requires = ["package:lib-one"]
[tasks.wait]
run = ["sh", "-c", "echo ready; read line"]
on = "host"
"""


@pytest.fixture
def call(ckpm: Ckpm, tmp_path: Path) -> Ckpm:
    """A package and another that it needs, installed; and one that nobody uses."""
    root = tmp_path / "repository"
    make_pair(root, "two")
    (root / "envs/waiting").mkdir(parents=True)
    (root / "envs/waiting/env.toml").write_text(ENV)
    assert ckpm("repo", "add", str(root), "--trust").code == 0
    assert ckpm("install", "package:lib-one", "package:lib-two").code == 0
    return ckpm


def started(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the command and wait until the program in it says that it runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pkgmgr", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "CKPM_HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=home.parent,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


USES = {
    "exec": ("exec", "package:lib-one", "--", "sh", "-c", "echo ready; read line"),
    "run": ("run", "env:waiting"),
}


@pytest.mark.parametrize("verb", sorted(USES))
def test_what_a_program_runs_in_stays_until_it_ends(call: Ckpm, home: Path, verb: str) -> None:
    process = started(home, *USES[verb])
    try:
        refused = call("uninstall", "package:lib-one")
        assert refused.code == 1
        assert "is in use" in refused.err
        assert call("gc").code == 0
        assert installed(home) == ["lib.one", "lib.shared"], "what runs, and what it needs"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert call("uninstall", "package:lib-one").code == 0
    assert call("gc").code == 0
    assert installed(home) == []


def test_any_number_may_run_in_one(call: Ckpm, home: Path) -> None:
    processes = [started(home, *USES["exec"]) for _ in range(2)]
    os.killpg(processes[0].pid, signal.SIGKILL)
    processes[0].communicate()
    assert call("uninstall", "package:lib-one").code == 1
    out, _ = processes[1].communicate("\n")
    assert (out, processes[1].returncode) == ("", 0)
    assert call("uninstall", "package:lib-one").code == 0
