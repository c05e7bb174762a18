"""Records: what a run leaves, also when it is killed; how they are shown, compared and reported."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest

from pkgmgr.model.errors import NotFoundError
from pkgmgr.run.execute import Ended
from pkgmgr.run.present import result_differences, result_text
from pkgmgr.run.record import (
    Result,
    finished,
    process_start,
    read_pictures,
    read_results,
    require_result,
    write_result,
)
from pkgmgr.run.report import histogram, report_page

PNG = b"\x89PNG\r\n\x1a\n"


def begun(folder: Path, identity: str = "env-task-1") -> Result:
    folder.mkdir(parents=True, exist_ok=True)
    return Result(
        id=identity,
        env="env",
        task="task",
        target="linux-x86_64",
        started="2026-01-02T03:04:05.000+00:00",
        seconds=1.5,
        exit_code=None,
        state="running",
        pid=os.getpid(),
        pid_started=process_start(os.getpid()),
        argv=("program",),
        params={"engine": "tflite"},
        host={"cpu": "a processor"},
        folder=str(folder),
    )


def done(folder: Path, values: list[float], identity: str = "env-task-1", **metrics: object) -> Result:
    figures = {"repetitions": {"time": values}, **metrics}
    return finished(begun(folder, identity), Ended(code=0), reason="", metrics=msgspec.to_builtins(figures))


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.txt").write_bytes(b"abc")
    result = done(tmp_path / "out", [1.0, 1.1])
    write_result(tmp_path, result)
    assert read_results(tmp_path) == [result]
    assert result.files == {"a.txt": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
    assert require_result(tmp_path, "env-task") == result
    with pytest.raises(NotFoundError):
        require_result(tmp_path, "other")


@pytest.mark.skipif(not process_start(os.getpid()), reason="no /proc here")
def test_a_run_whose_ckpm_is_gone_has_failed(tmp_path: Path) -> None:
    running = begun(tmp_path / "out")
    write_result(tmp_path, running)
    assert read_results(tmp_path)[0].state == "running"
    # The same number, but another process than the one that began the run.
    write_result(tmp_path, msgspec.structs.replace(running, pid_started="1"))
    (result,) = read_results(tmp_path)
    assert (result.state, result.metrics) == ("failed", {})
    assert "killed" in result.reason


def test_garbage_beside_the_records_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results/x.json").write_text("{")
    assert read_results(tmp_path) == []


def test_differences_say_what_was_told_and_what_is_proven(tmp_path: Path) -> None:
    one = done(tmp_path / "a", [10.0, 10.1, 9.9])
    other = msgspec.structs.replace(done(tmp_path / "b", [20.0, 20.1, 19.9], "b"), params={"engine": "tflite-c"})
    rows = {name: (before, after) for name, before, after in result_differences(one, other)}
    assert rows["params.engine"] == ("tflite", "tflite-c")
    assert "x2.000" in rows["mean of time"][1] and "no proven" not in rows["mean of time"][1]
    same = result_differences(one, done(tmp_path / "c", [10.05, 9.95, 10.0], "c"))
    assert [name for name, _, _ in same] == ["mean of time"]
    assert "no proven difference" in same[0][2]


def test_high_variance_is_shown(tmp_path: Path) -> None:
    assert "variance too high" in result_text(done(tmp_path / "a", [1.0, 2.0, 3.0]))
    assert "variance too high" not in result_text(done(tmp_path / "a", [1.0, 1.01]))


def test_histogram_holds_every_value() -> None:
    rows = histogram([1.0, 1.0, 2.0, 5.0], bins=4)
    assert [count for _, _, count in rows] == [2, 1, 0, 1]
    assert sum(count for _, _, count in histogram([3.0, 3.0])) == 2


def test_a_report_needs_nothing_else_and_is_not_fooled(tmp_path: Path) -> None:
    result = done(
        tmp_path / "out",
        [1.0, 2.0],
        table=[["name", "<script>alert(1)</script>"]],
        samples={"latency_ms": [1.0, 2.0, 4.0]},
        pictures=[
            {"file": "a.png", "title": "a", "boxes": [{"label": "<b>", "score": 0.9, "box": [0, 0.25, 0.5, 1]}]},
            {"file": "../secret.png", "title": "b", "boxes": []},
        ],
        ap=0.4,
        accuracy="fail",
        reference={"ap": 0.5, "least": 0.48, "source": "a paper"},
    )
    (tmp_path / "out/a.png").write_bytes(PNG)
    (tmp_path / "secret.png").write_bytes(PNG + b"secret")
    pictures = read_pictures(result)
    assert list(pictures) == ["env-task-1/a.png"]
    page = report_page([result], pictures)
    assert "<script" not in page and "&lt;b&gt;" in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert "left:0.00%;top:25.00%;width:50.00%;height:75.00%" in page
    assert "a paper" in page and "3 samples" in page
