"""What killed runs leave in the temporary folder goes; what a living one uses, or a person keeps, stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pkgmgr.install.kept import KeptBuild, keep_build
from pkgmgr.install.leftovers import sweep_leftovers
from pkgmgr.install.places import AREA, ELSEWHERE
from tests.conftest import Ckpm

LATER = time.time() + 3600
"""A time at which nothing that a test makes is young any more."""
ROOT = Path(__file__).parents[2]
BUSY = """
import sys, time
from pathlib import Path
from pkgmgr.host.remains import Scratch
from pkgmgr.host.temporary import temporary_folder
from pkgmgr.install.places import build_place

home = Path(sys.argv[1])
area = home / "staging" / "x"
area.mkdir(parents=True)
scratch = Scratch()
place = build_place(area, home / "store/linux-x86_64/lib-thing-1-0caacd8d", home, must_be_plain=True)
with temporary_folder("ckpm-solve-") as solve, place as made:
    for folder in (scratch.take(), solve, str(made.folder)):
        Path(folder, "file").touch()
        print(folder)
    print(flush=True)
    time.sleep(600)
"""


def start(temporary: Path, home: Path) -> tuple[subprocess.Popen[str], list[Path]]:
    """Start a process that uses folders of each kind, and name them."""
    temporary.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    return process, [Path(line.strip()) for line in iter(process.stdout.readline, "\n")]


def end(process: subprocess.Popen[str], sent: int) -> None:
    process.send_signal(sent)
    process.wait()


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is held on Windows, and nothing swept")


def test_a_killed_process_s_folders_go_and_a_living_one_s_stay(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    killed, gone = start(temporary, tmp_path / "a home with a long name of its own")
    living, used = start(temporary, tmp_path / "another home with a long name")
    try:
        assert len(gone) == len(used) == 3
        assert sweep_leftovers(temporary, now=LATER) == 0
        end(killed, signal.SIGKILL)
        assert sweep_leftovers(temporary) == 0, "what is young may be an earlier version's, which holds nothing"
        assert sweep_leftovers(temporary, now=LATER) == 3
        assert not any(path.exists() for path in gone)
        assert all((path / "file").is_file() for path in used)
        end(living, signal.SIGKILL)
        assert sweep_leftovers(temporary, now=LATER) == 3
        assert not any(path.exists() for path in used)
    finally:
        for process in (killed, living):
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def test_a_build_that_is_kept_stays_as_long_as_its_home(tmp_path: Path) -> None:
    temporary, home = tmp_path / "temporary", tmp_path / "a home with a long name of its own"
    process, folders = start(temporary, home)
    place, area = folders[2], home / "staging/x"
    end(process, signal.SIGKILL)
    assert os.readlink(place / AREA) == str(area)
    assert os.readlink(area / ELSEWHERE) == str(place)
    build = KeptBuild(package="thing", name="thing 1", folder=str(place / "build"), variables={}, log="")
    keep_build(area, build)
    assert sweep_leftovers(temporary, now=LATER) == 2
    assert (place / "file").is_file()
    (alias,) = (path for path in temporary.iterdir() if path.is_symlink())
    home.rename(tmp_path / "elsewhere")
    assert sweep_leftovers(temporary, now=LATER) == 2
    assert not place.exists()
    assert not alias.is_symlink()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    temporary, other = tmp_path / "temporary", tmp_path / "other"
    (other / "below").mkdir(parents=True)
    foreign = ("ckpm-probe-mine", "ckpm-work", "ckpm-0123", "probe-01234567", "ckpm-01234567-lib-thing", "x")
    for name in foreign:
        (temporary / name / "below").mkdir(parents=True)  # the last but one: whose it is was never said
    (temporary / "ckpm-probe-01234567").symlink_to(other)
    (temporary / "ckpm-check-01234567").write_text("a file")
    (temporary / "ckpm-0123456789abcdef").symlink_to(other)
    before = sorted(temporary.rglob("*"))
    assert sweep_leftovers(temporary, now=LATER) == 0
    assert sorted(temporary.rglob("*")) == before
    assert (other / "below").is_dir()
    assert sweep_leftovers(tmp_path / "none", now=LATER) == 0


def test_links_in_a_leftover_are_not_followed(tmp_path: Path) -> None:
    other, left = tmp_path / "other", tmp_path / "temporary/ckpm-probe-01234567"
    (other / "below").mkdir(parents=True)
    (left / "closed").mkdir(parents=True)
    (left / "closed/file").touch()
    (left / "closed").chmod(0)
    (left / "link").symlink_to(other)
    (other / "below").chmod(0o500)
    assert sweep_leftovers(left.parent, now=LATER) == 1
    assert not left.exists()
    assert (other / "below").stat().st_mode & 0o777 == 0o500


def test_another_person_s_stay(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make something another person's")
    left = tmp_path / "temporary/ckpm-probe-01234567"
    left.mkdir(parents=True)
    os.chown(left, 12345, 12345)
    assert sweep_leftovers(left.parent, now=LATER) == 0
    os.chown(left, 0, 0)
    assert sweep_leftovers(left.parent, now=LATER) == 1


def test_the_command_sweeps(ckpm: Ckpm, home: Path, tmp_path: Path) -> None:
    left = tmp_path / "temporary/ckpm-probe-01234567"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    (home / "store").mkdir(parents=True)
    assert ckpm("gc", env={"TMPDIR": str(left.parent)}).code == 0
    assert not left.exists()
