"""A file system that has no locks, or whose locks keep nobody out: still one whole entry."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pkgmgr.install.store import Store

ROOT = Path(__file__).parents[2]
# What the system call of a lock answers is the file system's: replaced before anything of ours is imported.
WORKER = """
import errno, fcntl, sys
from pathlib import Path
def flock(file, kind):
    if sys.argv[2] == "none":
        raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = flock
from pkgmgr.install.store import Store
from tests.install.test_store_removal import entry, recipe
store = Store(home=Path(sys.argv[1]))
sys.stdin.readline()
with store.building(recipe()), store.staging() as staging:
    made = staging / "made"
    made.mkdir()
    for number in range(200):
        (made / str(number)).write_text("content")
    first = store.publish(made, recipe())
    if first is None:
        store.record(store.prefix(recipe()), entry(store, recipe()))
    print("lost" if first is not None else "won")
"""


@pytest.mark.parametrize("kind", ["none", "lying"])
def test_eight_make_one_without_locks(tmp_path: Path, kind: str) -> None:
    store = Store(home=tmp_path / "home")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(store.home), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(8)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, ended
    assert sorted(out.strip() for out, _ in ended) == ["lost"] * 7 + ["won"]
    (made,) = store.installed()
    assert len([path for path in Path(made.prefix).iterdir() if path.name != ".ckpm"]) == 200
    assert not list(store.staging_area.base.iterdir())
