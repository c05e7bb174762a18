"""What `gc` keeps: what envs need, wherever they lie and whatever folder it is called in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pkgmgr.jobs.envs import LoadedEnv
from pkgmgr.jobs.served import forget_gone, note_env, served_envs
from pkgmgr.model.env import Env
from tests.conftest import Ckpm
from tests.jobs.test_crashes import installed, make_pair

ENV = """
name = "mine"
requires = ["package:lib-one"]
[tasks.say]
run = ["echo", "done"]
on = "host"
"""


@pytest.fixture
def project(ckpm: Ckpm, tmp_path: Path) -> Path:
    """A folder with an env that asks for a package; that, what it needs and one more are there to be installed."""
    root = tmp_path / "repository"
    make_pair(root, "two")
    assert ckpm("repo", "add", str(root), "--trust").code == 0
    folder = tmp_path / "my project"
    folder.mkdir()
    (folder / "env.toml").write_text(ENV)
    return folder


@pytest.mark.parametrize("how", [("lock",), ("sync",), ("run",), ("run", "--json")], ids=" ".join)
def test_what_a_projects_env_needs_stays(ckpm: Ckpm, home: Path, project: Path, how: tuple[str, ...]) -> None:
    assert ckpm(how[0], str(project), *how[1:]).code == 0
    assert ckpm("install", "package:lib-two").code == 0
    ran = ckpm("gc", "--json")
    assert (ran.code, [name.split("-")[0] for name in ran.data]) == (0, ["lib.two"])
    assert installed(home) == ["lib.one", "lib.shared"]


def test_a_lock_that_came_with_the_project_counts(ckpm: Ckpm, home: Path, project: Path) -> None:
    assert ckpm("lock", str(project)).code == 0
    copy = project.with_name("a copy")
    shutil.copytree(project, copy)
    shutil.rmtree(project)
    assert ckpm("sync", str(copy), "--locked").code == 0
    assert ckpm("gc").code == 0
    assert installed(home) == ["lib.one", "lib.shared"]


def test_an_env_out_of_sight_counts(ckpm: Ckpm, home: Path, project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere/envs").mkdir(parents=True)
    project.rename(tmp_path / "elsewhere/envs/mine")
    assert ckpm("sync", "env:mine", env={"CKPM_PLUGIN_PATH": str(tmp_path / "elsewhere")}).code == 0
    assert ckpm("gc").code == 0
    assert installed(home) == ["lib.one", "lib.shared"]


def test_what_a_removed_project_needed_goes(ckpm: Ckpm, home: Path, project: Path) -> None:
    assert ckpm("sync", str(project)).code == 0
    shutil.rmtree(project)
    assert ckpm("gc", "--dry-run").code == 0
    assert list((home / "envs").iterdir()), "a look changes nothing"
    assert ckpm("gc").code == 0
    assert installed(home) == []
    assert not list((home / "envs").iterdir())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n", "both sides of a merge"),
        (b'{"format": 99}', "lock format 99"),
        (b"\xff\xfe\x00garbage", "is not UTF-8"),
        (b"", "not valid JSON"),
    ],
    ids=["merge", "future", "bytes", "empty"],
)
def test_a_lock_that_cannot_be_read_stops_it(ckpm: Ckpm, home: Path, project: Path, content: bytes, said: str) -> None:
    assert ckpm("sync", str(project)).code == 0
    (project / "env.lock.json").write_bytes(content)
    ran = ckpm("gc")
    assert ran.code == 6
    assert said in ran.err
    assert f"mend {project}/env.lock.json or remove it" in ran.err
    assert installed(home) == ["lib.one", "lib.shared"]


def test_notes(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", Path(os.fsdecode(os.fsencode(tmp_path) + b"/not utf-8 \xff\nand a line"))
    folder.mkdir()
    (folder / "env.toml").touch()
    loaded = LoadedEnv(env=Env(name="mine"), path=folder / "env.toml")
    note_env(home, loaded)
    note_env(home, loaded, target="linux-x86_64", given=["a"])
    note_env(home, loaded, target="linux-arm64", given=["b"])
    note_env(home, loaded, target="linux-x86_64", given=["c", "d"])
    note_env(home, loaded)
    (served,) = served_envs(home)
    assert served.path == str(loaded.path)
    assert served.made == {"linux-x86_64": ("c", "d"), "linux-arm64": ("b",)}
    (home / "envs/0000.json").write_bytes(b"garbage \xff")
    assert len(list(served_envs(home))) == 1
    shutil.rmtree(folder)
    assert list(served_envs(home)) == []
    forget_gone(home)
    assert not list((home / "envs").iterdir())
