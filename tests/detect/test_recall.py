"""Whole detections are remembered, and never one that a new look would not give."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgmgr.detect.caches.places import cache_places
from pkgmgr.detect.installed_by import easybuild
from pkgmgr.detect.recall import ReportMemory, SeenVariables
from pkgmgr.detect.report import Report
from pkgmgr.host.files import LocalFiles
from pkgmgr.host.ports import Host
from pkgmgr.host.probe_environment import probe_variables
from pkgmgr.host.process import LocalRunner
from pkgmgr.model.entry import Rejection

REPORT = Report(entries=(), rejections=(Rejection(soft="tool.x", candidate="/x", reason="not one"),), skipped=("a",))


def memory(folder: Path, files: LocalFiles, *, platform: str = "p", now: float = 1000.0) -> ReportMemory:
    return ReportMemory(
        folder=folder / "memory",
        files=files,
        variables={"PATH": "/bin", "JAVA_HOME": "/j"},
        platform=lambda: platform,
        now=lambda: now,
    )


def machine(folder: Path) -> Path:
    """Make a small tree, older than any tick of the file system's clock."""
    bin_ = folder / "machine" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "tool").write_text("one")
    (bin_ / "link").symlink_to("tool")
    time.sleep(0.05)
    return bin_


def keep(folder: Path, bin_: Path, *, until: float | None = None, uses_platform: bool = False) -> None:
    files = LocalFiles()
    began = time.time()
    files.names(str(bin_))
    files.stat(str(bin_ / "tool"))
    files.stat(str(bin_ / "absent"))
    files.real(str(bin_ / "link"))
    memory(folder, files).keep(
        "question", REPORT, asked={"JAVA_HOME": "/j", "X": None}, until=until, began=began, uses_platform=uses_platform
    )


def recalled(folder: Path, **changes: object) -> Report | None:
    return memory(folder, LocalFiles(), **changes).recall("question")  # type: ignore[arg-type]


def test_an_unchanged_machine_gives_the_report_again(tmp_path: Path) -> None:
    keep(tmp_path, machine(tmp_path))
    assert recalled(tmp_path) == REPORT


def _replace_in_place(bin_: Path) -> None:
    """Same size, same date, same file: only the time of the change itself tells."""
    state = (bin_ / "tool").stat()
    (bin_ / "tool").write_text("two")
    os.utime(bin_ / "tool", ns=(state.st_atime_ns, state.st_mtime_ns))


def _relink(bin_: Path) -> None:
    (bin_ / "other").write_text("x")
    (bin_ / "link").unlink()
    (bin_ / "link").symlink_to("other")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file was replaced in place": _replace_in_place,
    "a file was deleted": lambda bin_: (bin_ / "tool").unlink(),
    "a name came": lambda bin_: (bin_ / "new").write_text(""),
    "what was missing is there": lambda bin_: (bin_ / "absent").write_text(""),
    "a link leads elsewhere": _relink,
    "a file may be run": lambda bin_: (bin_ / "tool").chmod(0o755),
    "the folder is gone": lambda bin_: bin_.rename(bin_.with_name("moved")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_makes_it_look_again(tmp_path: Path, change: Callable[[Path], object]) -> None:
    bin_ = machine(tmp_path)
    keep(tmp_path, bin_)
    change(bin_)
    assert recalled(tmp_path) is None


def test_a_variable_that_was_looked_at_counts(tmp_path: Path) -> None:
    keep(tmp_path, machine(tmp_path))
    changed = ReportMemory(
        folder=tmp_path / "memory", files=LocalFiles(), variables={"JAVA_HOME": "/k"}, platform=lambda: ""
    )
    assert changed.recall("question") is None


def test_facts_of_the_machine_count_where_they_were_asked_for(tmp_path: Path) -> None:
    bin_ = machine(tmp_path)
    keep(tmp_path, bin_, uses_platform=False)
    assert recalled(tmp_path, platform="other driver") == REPORT
    keep(tmp_path, bin_, uses_platform=True)
    assert recalled(tmp_path, platform="other driver") is None


def test_a_report_with_a_hung_program_ends(tmp_path: Path) -> None:
    keep(tmp_path, machine(tmp_path), until=2000.0)
    assert recalled(tmp_path, now=1999.0) == REPORT
    assert recalled(tmp_path, now=2000.0) is None


def test_what_changed_just_now_is_not_remembered(tmp_path: Path) -> None:
    bin_ = machine(tmp_path)
    (bin_ / "tool").write_text("six")
    keep(tmp_path, bin_)
    assert recalled(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"\x00garbage", b"\x96\x63\xc0\xa0\x80\x93\x80\x80\x80\x90"])
def test_a_broken_memory_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "question").write_bytes(content)
    assert recalled(tmp_path) is None


def test_only_so_many_are_kept(tmp_path: Path) -> None:
    bin_ = machine(tmp_path)
    for number in range(70):
        (tmp_path / "memory").mkdir(exist_ok=True)
        (tmp_path / "memory" / f"old{number}").write_text("")
    keep(tmp_path, bin_)
    assert len(list((tmp_path / "memory").iterdir())) == 64
    assert recalled(tmp_path) == REPORT


def test_variables_remember_what_they_were_asked() -> None:
    seen = SeenVariables({"A": "1", "B": "2"})
    assert (seen.get("A"), seen.get("C"), "D" in seen, len(seen)) == ("1", None, False, 2)
    assert seen.asked == {"A": "1", "C": None, "D": None}


def test_looking_everywhere_asks_for_no_variable_that_differs_with_each_command(tmp_path: Path) -> None:
    seen = SeenVariables({"PATH": "/bin", "_": "/usr/bin/ckpm", "EBROOTZLIB": str(tmp_path), "HOME": str(tmp_path)})
    host = Host(
        files=LocalFiles(),
        runner=LocalRunner({}),
        variables=seen,
        target="linux-x86_64",
        home=str(tmp_path),
    )
    list(easybuild.find(host))
    cache_places(host)
    probe_variables(seen)
    assert "EBROOTZLIB" in seen.asked and "PATH" in seen.asked
    assert "_" not in seen.asked
