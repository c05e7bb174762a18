"""Where tasks are built: one folder for each state, made once, kept while it is in use."""

from __future__ import annotations

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import Ckpm

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not there: apt-get install gcc")

ENV = """
name = "own"
requires = [{tags = ["compiler"], languages = ["c"], role = "compiler"}]
[tasks.main]
run = ["{build}/main", "{result}/result.json", "{WAIT}"]
metrics = "result.json"
params.WAIT = {default = 0}
[[tasks.main.step]]
use = "compile"
sources = ["{env}/main.c"]
output = "{build}/main"
"""
SOURCE = """#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    FILE *out;
    sleep(atoi(argv[2]));
    out = fopen(argv[1], "w");
    fprintf(out, "{\\"says\\": VALUE, \\"there\\": %d}", access(argv[0], X_OK) == 0);
    return fclose(out);
}
"""


def write(folder: Path, value: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "env.toml").write_text(ENV)
    (folder / "main.c").write_text(SOURCE.replace("VALUE", str(value)))


def builds(home: Path) -> list[Path]:
    return sorted(home.glob("builds/*/*/main/*/main"))


def test_equal_runs_at_once_share_what_one_of_them_builds(ckpm: Ckpm, tmp_path: Path, home: Path) -> None:
    write(tmp_path / "own", 1)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: ckpm("run", str(tmp_path / "own"), "--json"), range(4)))
    assert [run.code for run in runs] == [0] * 4, [run.err for run in runs]
    assert all(run.data["metrics"] == {"says": 1, "there": 1} for run in runs)
    assert sum(run.err.count("building task") for run in runs) == 1
    assert len(builds(home)) == 1


def test_a_home_inside_the_env_is_no_source_of_it(ckpm: Ckpm, tmp_path: Path) -> None:
    write(tmp_path / "own", 1)
    home = tmp_path / "own/home"
    told = [ckpm("run", str(tmp_path / "own"), "--home", str(home)).err for _ in range(3)]
    assert [err.count("building task") for err in told] == [1, 0, 0]
    write(tmp_path / "own", 2)
    assert "building task" in ckpm("run", str(tmp_path / "own"), "--home", str(home)).err


def test_a_build_in_use_is_not_taken_away_by_another_state(ckpm: Ckpm, tmp_path: Path, home: Path) -> None:
    write(tmp_path / "own", 1)
    assert ckpm("run", str(tmp_path / "own")).code == 0
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ckpm, "run", str(tmp_path / "own"), "--set", "WAIT=8", "--json")
        while not any(json.loads(row.read_text())["argv"] == [] for row in home.glob("results/*.json")):
            assert not slow.done()
        first = builds(home)
        subprocess.run(["sleep", "2"], check=True)  # until the program is under way
        write(tmp_path / "own", 2)
        assert ckpm("run", str(tmp_path / "own"), "--json").data["metrics"]["says"] == 2
        assert len(builds(home)) == 2
        assert slow.result().data["metrics"] == {"says": 1, "there": 1}
    write(tmp_path / "own", 3)
    assert ckpm("run", str(tmp_path / "own"), "--json").data["metrics"]["says"] == 3
    assert len(builds(home)) == 1 and builds(home) != first
