"""How a task's program ended, and whether its figures are its own."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from pkgmgr.model.env import Expect, Task
from pkgmgr.run.execute import Ended, execute, judge, read_metrics


def run(tmp_path: Path, program: str, echo: io.BytesIO | None = None) -> Ended:
    return execute([sys.executable, "-c", program], tmp_path, dict(os.environ), tmp_path / "log", echo)


def test_what_is_printed_is_kept_and_passed_on(tmp_path: Path) -> None:
    echo = io.BytesIO()
    ended = run(tmp_path, "print('one'); print('two')", echo)
    assert ended.code == 0
    assert ended.printed == echo.getvalue() == (tmp_path / "log").read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("pass", ""),
        ("raise SystemExit(3)", "it exited with 3"),
        ("import os; os.kill(os.getpid(), 9)", "it was killed by signal 9"),
    ],
)
def test_exit(tmp_path: Path, program: str, reason: str) -> None:
    assert judge(Task(), run(tmp_path, program)) == reason


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    ended = execute(["/nowhere/program"], tmp_path, {}, tmp_path / "log", None)
    assert ended.code is None
    assert judge(Task(), ended) == "/nowhere/program: No such file or directory"


def test_expected_output(tmp_path: Path) -> None:
    task = Task(expect=Expect(stdout="^done$"))
    assert judge(task, run(tmp_path, "print('done')")) == ""
    assert "does not match" in judge(task, run(tmp_path, "print('undone')"))


def test_an_interrupt_ends_the_program_and_is_told(tmp_path: Path) -> None:
    def interrupt() -> None:
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    begin = "import os, time; open('made', 'w').write(str(os.getpid())); os.rename('made', 'begun'); time.sleep(600)"
    ended = run(tmp_path, begin)
    assert (ended.code, ended.reason, ended.is_interrupted) == (130, "interrupted", True)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "begun").read_text()), 0)


@pytest.mark.parametrize(
    ("content", "metrics", "reason"),
    [
        ('{"a": 1}', {"a": 1}, ""),
        ("[1]", {}, "are no JSON object"),
        ("{", {}, "can't be read"),
        (None, {}, "it wrote no result.json"),
    ],
)
def test_metrics(tmp_path: Path, content: str | None, metrics: dict[str, object], reason: str) -> None:
    path = tmp_path / "result.json"
    if content is not None:
        path.write_text(content)
    found, why = read_metrics(path, since=0)
    assert found == metrics
    assert reason in why and bool(reason) == bool(why)


def test_figures_of_an_earlier_run_are_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text('{"a": 1}')
    os.utime(path, (1000, 1000))
    assert read_metrics(path, since=2000) == ({}, "it wrote no result.json")
