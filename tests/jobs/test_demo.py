"""The detection demo as a user runs it, and what a task's record says when things go wrong."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ckpm

ROOT = Path(__file__).parents[2]
PIXELS = 0.5
"""How far the edges of one thing's box may be apart between two engines, on photos of some 500 pixels."""
SCORE = 0.005


def benchmark(ckpm: Ckpm, *words: str) -> dict[str, Any]:
    ran = ckpm("run", "env:object-detection", "--json", *words, timeout=1800)
    assert ran.code == 0, ran.err
    data: dict[str, Any] = json.loads(ran.out)["data"]
    return data


def found(record: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(Path(record["folder"], "detections.json").read_text())
    return rows


def assert_agree(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Hold the sure detections of one run against those of another."""
    rows = found(other)
    sure = [row for row in found(one) if row["score"] >= 0.3]
    assert sure
    for row in sure:
        alike = [item for item in rows if all(item[key] == row[key] for key in ("image_id", "category_id"))]
        assert any(
            abs(item["score"] - row["score"]) <= SCORE
            and all(abs(a - b) <= PIXELS for a, b in zip(item["bbox"], row["bbox"], strict=True))
            for item in alike
        ), row


@pytest.mark.xdist_group("equipped")
@pytest.mark.network
@pytest.mark.slow
def test_native_engines_and_the_c_detector_on_arm64_agree(equipped: Ckpm) -> None:
    native = benchmark(equipped)
    assert native["metrics"]["accuracy"] == "pass"
    assert len(native["metrics"]["samples"]["latency_ms"]) == 4 * 5
    assert native["statistics"]["latency_mean_ms"]["count"] == 5
    if shutil.which("gcc") is not None:
        assert_agree(native, benchmark(equipped, "--set", "engine=tflite-c"))
    once = ("--set", "repetitions=1", "--set", "warmup=0")
    emulated = benchmark(equipped, "--target", "linux-arm64", *once)
    assert emulated["target"] == "linux-arm64"
    assert_agree(native, emulated)
    phone = benchmark(equipped, "--target", "android-arm64", *once)
    assert (phone["target"], phone["place"]) == ("linux-arm64", "android-arm64")
    assert_agree(native, phone)
    folder = Path(phone["folder"], "portable")
    assert {"detect", "model.tflite", "labels.txt", "run.sh", "lib", "images"} <= {row.name for row in folder.iterdir()}
    assert len(list((folder / "images").iterdir())) == 4


@pytest.mark.xdist_group("equipped")
@pytest.mark.network
@pytest.mark.slow
def test_int8_finds_the_same_things_less_surely(equipped: Ckpm) -> None:
    exact = benchmark(equipped, "--set", "repetitions=1")
    quantized = benchmark(equipped, "--set", "repetitions=1", "--set", "precision=int8")
    assert quantized["metrics"]["accuracy"] == "pass"
    assert quantized["params"]["precision"] == "int8"
    sure = {(row["image_id"], row["category_id"]) for row in found(exact) if row["score"] >= 0.6}
    assert sure <= {(row["image_id"], row["category_id"]) for row in found(quantized) if row["score"] >= 0.3}
    assert [row["score"] for row in found(exact)] != [row["score"] for row in found(quantized)]


@pytest.mark.xdist_group("equipped")
@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("engine", ["tflite", "tflite-c"])
def test_loadgen_calls_a_run_valid_or_says_why_not(equipped: Ckpm, engine: str) -> None:
    if engine == "tflite-c" and shutil.which("gcc") is None:
        pytest.skip("gcc is not there: apt-get install gcc")
    under = ("--set", f"engine={engine}", "--set", "harness=loadgen", "--set", "duration=300")
    valid = benchmark(equipped, *under, "--set", "queries=64")
    assert valid["metrics"]["result"] == "VALID", valid["metrics"]
    logs = Path(valid["folder"], "loadgen")
    assert "SingleStream" in (logs / "mlperf_log_summary.txt").read_text()
    assert (logs / "mlperf_log_detail.txt").stat().st_size > 0
    # One query of four photos can't last ten seconds.
    short = benchmark(equipped, *under, "--set", "scenario=Offline", "--set", "qps=0.0001", "--set", "duration=10000")
    assert short["metrics"]["result"] == "INVALID"
    assert any("Min duration" in reason for reason in short["metrics"]["reasons"])


@pytest.mark.parametrize("engine", ["tensorflow", "onnxruntime"])
def test_a_precision_that_an_engine_has_not_is_refused_before_anything_is_done(ckpm: Ckpm, engine: str) -> None:
    ran = ckpm("run", "env:object-detection", "--set", f"engine={engine}", "--set", "precision=int8")
    assert ran.code == 4
    assert f"engine={engine}, precision=int8" in ran.err
    assert json.loads(ckpm("list", "result", "--json").out)["data"] == []


def test_an_engine_of_this_machine_is_refused_for_another(ckpm: Ckpm) -> None:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("the conflict is stated for Linux on x86-64")
    ran = ckpm("run", "env:object-detection", "--target", "linux-arm64", "--set", "engine=tensorflow")
    assert ran.code == 4, ran.err
    assert "engine=tensorflow" in ran.err


@pytest.mark.parametrize(
    ("setting", "said"),
    [("engine=torch", "choose from tflite"), ("batch=3", "choose from 1, 2, 4, 8"), ("engin=tflite", "engin")],
)
def test_a_wrong_setting_names_the_right_ones(ckpm: Ckpm, tmp_path: Path, setting: str, said: str) -> None:
    (tmp_path / "env.toml").write_text(
        'name = "e"\n[params]\nengine = {default = "tflite", choices = ["tflite", "onnxruntime"]}\n'
        '[tasks.main]\nrun = ["true"]\nparams.batch = {default = 1, choices = [1, 2, 4, 8]}\n'
    )
    ran = ckpm("run", str(tmp_path), "--set", setting)
    assert ran.code == 2
    assert said in ran.err


def env_of(tmp_path: Path, program: str) -> Path:
    (tmp_path / "program.py").write_text(program)
    (tmp_path / "env.toml").write_text(
        f'name = "own"\n[tasks.main]\nrun = ["{sys.executable}", "{{env}}/program.py", "{{result}}"]\n'
        'metrics = "result.json"\nparams.N = {default = 3, default_for = {"windows-*" = 5}}\n'
    )
    return tmp_path


def test_a_run_leaves_its_figures_files_and_spread(ckpm: Ckpm, tmp_path: Path) -> None:
    program = (
        "import json, os, sys\nfolder = sys.argv[1]\nopen(folder + '/out.txt', 'w').write('x')\n"
        "json.dump({'n': int(os.environ['N']), 'repetitions': {'s': [1, 2, 3]}}, open(folder + '/result.json', 'w'))\n"
    )
    ran = ckpm("run", str(env_of(tmp_path, program)), "--json")
    record = json.loads(ran.out)["data"]
    assert record["metrics"]["n"] == 3
    assert record["statistics"]["s"]["mean"] == 2
    assert record["statistics"]["s"]["is_too_high"]
    assert {"out.txt", "result.json", "environment.json"} <= set(record["files"])
    assert ckpm("show", f"result:{record['id']}").out.startswith("result")
    report = ckpm("report", f"result:{record['id']}", "-o", str(tmp_path / "r.html"))
    assert report.code == 0 and (tmp_path / "r.html").read_text().startswith("<!doctype html>")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not there: apt-get install gcc")
def test_the_example_of_the_guide_runs_as_it_is_printed(ckpm: Ckpm, tmp_path: Path) -> None:
    text = (ROOT / "docs/writing/workflow.md").read_text(encoding="utf-8")
    for name, language in (("sort.c", "c"), ("env.toml", "toml")):
        block = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
        assert block is not None
        (tmp_path / name).write_text(block[1])
    records = []
    for way in ("qsort", "insertion"):
        ran = ckpm("run", str(tmp_path), "--set", f"WAY={way}", "--set", "COUNT=500", "--json")
        assert ran.code == 0, ran.err
        records.append(json.loads(ran.out)["data"])
    assert records[0]["statistics"]["milliseconds"]["count"] == 10
    told = ckpm("diff", *(f"result:{record['id']}" for record in records)).out
    assert "params.WAY" in told and "mean of milliseconds" in told


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit(7)", "it exited with 7"),
        ("import sys; print('a'); sys.exit('error: /x.jpg: no image\\n')", "it exited with 1: error: /x.jpg: no image"),
        ("import os; os.kill(os.getpid(), 9)", "it was killed by signal 9"),
        ("pass", "it wrote no result.json"),
        ("import sys; open(sys.argv[1] + '/result.json', 'w').write('{')", "can't be read"),
    ],
)
def test_a_failed_run_is_recorded_with_why(ckpm: Ckpm, tmp_path: Path, program: str, reason: str) -> None:
    assert ckpm("run", str(env_of(tmp_path, program))).code != 0
    (record,) = json.loads(ckpm("list", "result", "--json").out)["data"]
    assert record["state"] == "failed"
    assert reason in record["reason"]


@pytest.mark.parametrize(("number", "reason"), [(signal.SIGINT, "interrupted"), (signal.SIGKILL, "killed")])
def test_an_ended_ckpm_leaves_a_failed_record(ckpm: Ckpm, tmp_path: Path, number: signal.Signals, reason: str) -> None:
    if number == signal.SIGKILL and not Path("/proc/self/stat").exists():
        pytest.skip("no /proc here: a killed run is not told from a running one")
    home = tmp_path / "home"
    folder = env_of(tmp_path, "import sys, time; open(sys.argv[1] + '/begun', 'w').close(); time.sleep(30)")
    command = [sys.executable, "-m", "pkgmgr", "--home", str(home), "run", str(folder)]
    process = subprocess.Popen(command, env={**os.environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(home.glob("results/*/begun")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait() == (130 if number == signal.SIGINT else -9)
    ran = ckpm("list", "result", "--json", "--home", str(home))
    (record,) = json.loads(ran.out)["data"]
    assert record["state"] == "failed"
    assert reason in record["reason"]


def small_disk(folder: Path) -> None:
    """Put a disk of 4 MB there, or skip."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"a small file system can't be mounted: {done.stderr.strip()}")


def test_a_full_disk_fails_the_run_and_the_next_one_is_clean(ckpm: Ckpm, tmp_path: Path) -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root of Linux may mount a small file system")
    disk = tmp_path / "disk"
    small_disk(disk)
    try:
        program = (
            "import json, os, pathlib, sys\nfolder = pathlib.Path(sys.argv[1])\n"
            "try:\n    (folder / 'big').write_bytes(b'x' * (8 << 20 if os.environ['N'] == '9' else 1))\n"
            "except OSError as error:\n    sys.exit(f'error: big: {error.strerror}')\n"
            "(folder / 'result.json').write_text(json.dumps({'n': 1}))\n"
        )
        (tmp_path / "own").mkdir()
        folder = str(env_of(tmp_path / "own", program))
        home = ("--home", str(disk / "home"))
        full = ckpm("run", folder, "--set", "N=9", *home)
        assert full.code == 1
        assert "No space left on device" in full.err
        for big in (disk / "home/results").glob("*/big"):
            big.unlink()
        (record,) = json.loads(ckpm("list", "result", "--json", *home).out)["data"]
        assert record["state"] == "failed" and record["reason"]
        again = ckpm("run", folder, "--json", *home)
        assert again.code == 0, again.err
        assert again.data["metrics"] == {"n": 1}
        names = [path.name for path in (disk / "home/results").iterdir()]
        assert not [name for name in names if name.startswith(".")], "half-written records"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.xdist_group("equipped")
@pytest.mark.network
@pytest.mark.slow
def test_bad_input_is_told_by_name(equipped: Ckpm, tmp_path: Path) -> None:
    """One prepared run's own command, with one thing of it replaced."""
    good = benchmark(equipped, "--set", "repetitions=1")
    python = json.loads(Path(good["folder"], "environment.json").read_text())["lang.python"]["files"]["python"]
    words = good["argv"][1:]
    photos = Path(words[words.index("--images") + 1])
    truth = Path(words[words.index("--annotations") + 1])

    def said(**replaced: Path | str) -> str:
        argv = list(words)
        for option, value in {"output": tmp_path / "out", **replaced}.items():
            argv[argv.index(f"--{option}") + 1] = str(value)
        done = subprocess.run([python, *argv], capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    wrong = tmp_path / "model.tflite"
    wrong.write_bytes(b"\x00\x00\x00\x00TFL3" + b"\xff" * 100)
    assert "model.tflite: LiteRT can't load it" in said(model=wrong)
    wrong.write_bytes(b"PK\x03\x04" + b"x" * 100)
    assert "model.tflite: not a TFLite model" in said(model=wrong)
    assert "there is no such model" in said(model=tmp_path / "gone")

    copies = tmp_path / "images"
    shutil.copytree(photos, copies)
    (copies / "coffee.png").write_text("no image")
    assert "coffee.png: not an image that can be read" in said(images=copies)
    shutil.copyfile(photos / "chelsea.png", copies / "coffee.png")
    assert "coffee.png is 451x300, and its boxes were drawn on 600x400" in said(images=copies)
    (tmp_path / "empty").mkdir()
    assert "none of its 4 photos is there" in said(images=tmp_path / "empty")

    annotations = tmp_path / "instances.json"
    annotations.write_text("[]")
    assert "instances.json: not annotations in COCO's format" in said(annotations=annotations)
    content = json.loads(truth.read_text())
    content["annotations"][0]["image_id"] = 99
    annotations.write_text(json.dumps(content))
    assert "has boxes on images that it does not list: 99" in said(annotations=annotations)


@pytest.mark.xdist_group("equipped")
@pytest.mark.network
@pytest.mark.slow
def test_a_tensorflow_that_does_not_fit_the_python_is_refused(equipped: Ckpm) -> None:
    before = equipped("list", "result", "--json").data
    ran = equipped("run", "env:object-detection", "--set", "engine=tensorflow", "--set", "tensorflow=2.5", timeout=900)
    assert ran.code == 4, ran.err
    assert "tensorflow-cpu" in ran.err and "2.5" in ran.err
    assert equipped("list", "result", "--json").data == before
