"""Push, run, pull: against a program that acts as adb does, with another folder as the device."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from pkgmgr.catalog.compiled import read_document
from pkgmgr.model.target import Device, TargetDocument
from pkgmgr.run.device import DeviceError, Order, run_there, why_not_ready
from pkgmgr.run.portable import run_script

ROOT = Path(__file__).parents[2]

# What adb does and says: `get-state`, `push DIR/. TO/`, `shell LINE`, `pull DIR/. TO/`; its exit codes are the shell's.
ADB = """#!%(python)s
import json, os, shutil, subprocess, sys
device = os.environ.get("DEVICE")
with open(os.environ["ADB_LOG"], "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
if not device:
    sys.exit("adb: no devices/emulators found")
verb, *words = sys.argv[1:]
there = lambda path: device + path
if verb == "get-state":
    print("device")
elif verb == "shell":
    sys.exit(subprocess.run(["sh", "-c", words[0].replace("/data/", device + "/data/")]).returncode)
else:
    source, place = (words[0], there(words[1])) if verb == "push" else (there(words[0]), words[1])
    if not os.path.isdir(source):
        sys.exit(f"adb: error: failed to stat remote object '{words[0]}': No such file or directory")
    shutil.copytree(source, place, dirs_exist_ok=True)
    print("7 files pushed, 0 skipped. 41.1 MB/s (9 bytes in 0.001s)")
"""


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """An environment in which adb is ours."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "adb").write_text(ADB % {"python": sys.executable})
    (programs / "adb").chmod(0o755)
    (tmp_path / "phone").mkdir()
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "ADB_LOG": str(tmp_path / "log"), "DEVICE": str(tmp_path / "phone")}


def android() -> Device:
    device = read_document(ROOT / "targets/android-arm64/target.toml", TargetDocument).device
    assert device is not None
    return device


def order(tmp_path: Path, program: str) -> Order:
    folder = tmp_path / "portable"
    (folder / "out").mkdir(parents=True)
    (folder / "detect").write_text(program)
    (folder / "detect").chmod(0o755)
    (folder / "run.sh").write_text(run_script("detect", "", ()))
    return Order(device=android(), local=str(folder), remote="/data/local/tmp/ckpm/it's one")


def calls(tmp_path: Path) -> list[list[str]]:
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


def test_a_folder_is_brought_run_and_what_it_wrote_comes_back(
    tmp_path: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    sent = order(tmp_path, '#!/bin/sh\necho "$1" > out/result\nexit 0\n')
    assert run_there(sent, ("a b; $(c)",)) == 0
    assert (tmp_path / "portable/out/result").read_text() == "a b; $(c)\n"
    assert [row[0] for row in calls(tmp_path)] == ["shell", "push", "shell", "pull", "shell"]
    assert not list((tmp_path / "phone/data/local/tmp/ckpm").iterdir())


def test_a_program_that_fails_there_fails_here_and_leaves_nothing(
    tmp_path: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run_there(order(tmp_path, "#!/bin/sh\nexit 7\n"), ()) == 7
    assert [row[0] for row in calls(tmp_path)] == ["shell", "push", "shell", "shell"]
    assert not list((tmp_path / "phone/data/local/tmp/ckpm").iterdir())


def test_a_transfer_that_fails_says_what_the_tool_said(
    tmp_path: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    sent = order(tmp_path, "#!/bin/sh\nrm -r out\n")
    with pytest.raises(DeviceError, match="can't fetch what was written with adb: adb: error: failed to stat"):
        run_there(sent, ())


def test_why_a_device_is_not_ready(tmp_path: Path, variables: dict[str, str]) -> None:
    assert why_not_ready(android(), variables) == ""
    assert why_not_ready(android(), {**variables, "DEVICE": ""}) == "adb: adb: no devices/emulators found"
    gone = Device(push=(), shell=("no-such-program",), pull=(), folder="/tmp")
    assert why_not_ready(gone, variables).startswith("no-such-program: No such file")
