"""Detection on a real file system with programs made for the test."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pkgmgr.detect.ask import Asker
from pkgmgr.detect.engine import Detector
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.detect.merging import merge
from pkgmgr.detect.report import Report
from pkgmgr.detect.where import Where
from pkgmgr.host.local import Runner, local_host
from pkgmgr.model.entry import Entry
from pkgmgr.model.soft import Conclusion, Find, Probe, Soft

TOOL = Soft(
    name="tool.thing",
    summary="a tool",
    find=Find(executables=(r"thing(?:-\d+)?",)),
    probe=(Probe(argv=("{path}", "--version"), match=r"^thing (?P<version>\d[\w.]*)$"),),
    entry=Conclusion(),
)


def program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def look(folder: Path, *, memory: AnswerMemory | None = None, timeout: float = 2) -> tuple[Report, int]:
    host = local_host(variables={"PATH": "/usr/bin:/bin"}, timeout=timeout)
    asker = Asker(host=host, memory=memory or AnswerMemory(None), timeout=timeout)
    report = Detector(asker=asker, where=Where(search_paths=(str(folder),), system=False)).detect([TOOL])
    assert isinstance(host.runner, Runner)
    return report, host.runner.started


def test_found_with_prefix_and_evidence(tmp_path: Path) -> None:
    path = program(tmp_path / "a b" / "bin" / "thing", 'echo "thing 1.2.3"')
    report, _ = look(tmp_path)
    (entry,) = report.entries
    assert (entry.version, entry.prefix, entry.files["program"]) == ("1.2.3", str(tmp_path / "a b"), str(path))
    assert entry.id == look(tmp_path)[0].entries[0].id
    assert "1.2.3" in entry.evidence


def test_links_to_one_installation_are_one_entry(tmp_path: Path) -> None:
    program(tmp_path / "real" / "bin" / "thing-1", 'echo "thing 1.2"')
    (tmp_path / "links").mkdir()
    for name in ("thing", "thing-1"):
        (tmp_path / "links" / name).symlink_to("../real/bin/thing-1")
    (tmp_path / "same").symlink_to("real")
    report, started = look(tmp_path)
    assert len(report.entries) == 1
    assert report.entries[0].prefix == str(tmp_path / "real")
    assert started == 1


def test_nothing_is_run_again_until_something_changes(tmp_path: Path) -> None:
    path = program(tmp_path / "bin" / "thing", 'echo "thing 1.0"')
    memory = AnswerMemory(tmp_path / "memory")
    assert look(tmp_path, memory=memory)[1] == 1
    again = AnswerMemory(tmp_path / "memory")
    report, started = look(tmp_path, memory=again)
    assert (started, report.entries[0].version) == (0, "1.0")
    program(path, 'echo "thing 2.0"')
    os.utime(path, ns=(time.time_ns(), time.time_ns() + 1_000_000))
    report, started = look(tmp_path, memory=again)
    assert (started, report.entries[0].version) == (1, "2.0")
    path.unlink()
    assert not look(tmp_path, memory=again)[0].entries


def test_a_wrapper_is_asked_again_when_what_it_wraps_is_replaced(tmp_path: Path) -> None:
    inner = program(tmp_path / "inner" / "libexec" / "true-thing", 'echo "thing 1.0"')
    program(tmp_path / "bin" / "thing", f'exec {inner} "$@"')
    memory = AnswerMemory(None)
    assert look(tmp_path, memory=memory)[0].entries[0].version == "1.0"
    inner.write_text('#!/bin/sh\necho "thing 2.0.0"\n')
    assert look(tmp_path, memory=memory)[0].entries[0].version == "2.0.0"


HOSTILE = [
    ("hangs", "sleep 60", "did not"),
    ("crashes", "kill -9 $$", "ended by"),
    ("fails", "echo no >&2; exit 3", "exited with 3"),
    ("says something else", "echo Other Thing 9", "Other Thing"),
    ("floods", "yes", "more than"),
    ("prints no text", "head -c 1000 /dev/urandom", ""),
    ("says nothing", "true", ""),
]


@pytest.mark.parametrize(("name", "body", "reason"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_hostile_programs_are_turned_down_with_a_reason(tmp_path: Path, name: str, body: str, reason: str) -> None:
    program(tmp_path / "bin" / "thing", body)
    program(tmp_path / "good" / "bin" / "thing", 'echo "thing 1.0"')
    begin = time.monotonic()
    report, _ = look(tmp_path, timeout=1)
    assert time.monotonic() - begin < 8
    assert [entry.prefix for entry in report.entries] == [str(tmp_path / "good")]
    assert reason in report.rejections[0].reason


def test_folder_names_are_never_executed(tmp_path: Path) -> None:
    odd = tmp_path / "$(touch owned)`touch owned`; touch owned\n'\""
    program(odd / "bin" / "thing", 'echo "thing 1.0"')
    report, _ = look(tmp_path)
    assert report.entries[0].prefix == str(odd)
    assert not list(tmp_path.rglob("owned"))


def test_colours_do_not_hide_a_version(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "thing", r"printf '\033[1mthing 1.0\033[m\n'")
    assert look(tmp_path)[0].entries[0].version == "1.0"


def test_a_program_leaves_nothing_where_the_person_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin" / "thing", 'touch left-behind; echo "thing 1.0"')
    monkeypatch.chdir(tmp_path)
    assert look(tmp_path)[0].entries
    assert not (tmp_path / "left-behind").exists()


def test_broken_links_and_plain_files_keep_their_reason(tmp_path: Path) -> None:
    (tmp_path / "thing").symlink_to("nowhere")
    (tmp_path / "thing-1").write_text("text")
    report, started = look(tmp_path)
    assert sorted(item.reason for item in report.rejections) == ["a link that leads nowhere", "not executable"]
    assert started == 0


def test_the_first_of_a_soft_is_what_a_requirement_takes() -> None:
    def rust(version: str, emits: str = "linux-x86_64") -> Entry:
        return Entry(
            id=f"lang.rust-{version}-{emits}",
            soft="lang.rust",
            version=version,
            prefix=f"/{version}/{emits}",
            target="linux-x86_64",
            origin="system",
            attributes={"emits": [emits]},
        )

    entries = [rust("1.97.0-nightly"), rust("1.98.0", "linux-arm64"), rust("1.9.0"), rust("1.95.0")]
    assert [entry.version for entry in merge(entries)] == ["1.95.0", "1.9.0", "1.97.0-nightly", "1.98.0"]
