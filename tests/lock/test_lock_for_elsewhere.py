"""A lock for a machine that this one is not: its wheels, by its markers, under the names that it has for things."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from pathlib import Path

from tests.conftest import Ckpm
from tests.environ.test_environ_python import make_wheel

TARGETS = {
    "linux-arm64": "cp{minor}-cp{minor}-manylinux_2_17_aarch64",
    "macos-arm64": "cp{minor}-cp{minor}-macosx_11_0_arm64",
    "windows-x86_64": "cp{minor}-cp{minor}-win_amd64",
    "linux-x86_64": "cp{minor}-cp{minor}-manylinux_2_17_x86_64",
}
PACKAGE = """
name = "lib-frame"
summary = "a framework whose name differs by machine, as TensorFlow's does"
provides = "lib.frame"
license = "MIT"
homepage = "https://example.org"
python = [
  "framecpu=={version}; sys_platform == 'linux' and platform_machine == 'x86_64'",
  "frame=={version}; sys_platform != 'linux' or platform_machine != 'x86_64'",
]
"""
SOFT = """
name = "lib.frame"
summary = "a framework"
[find]
python = ["frame", "framecpu"]
"""


def test_each_target_gets_its_own_wheels_by_hash(ckpm: Ckpm, client: dict[str, str], tmp_path: Path) -> None:
    root, shelf = tmp_path / "repository", tmp_path / "shelf"
    minor = "".join(platform.python_version_tuple()[:2])
    hashes = {}
    for target, tag in TARGETS.items():
        name = "framecpu" if target == "linux-x86_64" else "frame"
        made = make_wheel(shelf, name, "1.0", text=f"target = {target!r}\n")
        wheel = made.rename(made.with_name(f"{name}-1.0-{tag.format(minor=minor)}.whl"))
        hashes[target] = hashlib.sha256(wheel.read_bytes()).hexdigest()
    requires = f'["soft:lang.python@={platform.python_version()}", "soft:lib.frame@>=1"]'
    targets = ", ".join(f'"{target}"' for target in TARGETS)
    documents = {
        "soft_plugins/lib.frame/soft.toml": SOFT,
        "packages/lib-frame/package.toml": PACKAGE,
        "envs/frame/env.toml": f'name = "frame"\ntargets = [{targets}]\nrequires = {requires}\n',
    }
    for path, text in documents.items():
        (root / path).parent.mkdir(parents=True)
        (root / path).write_text(text)
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf), "PIP_CONFIG_FILE": "/dev/null", **client}
    assert ckpm("repo", "add", str(root), "--trust", env=variables).code == 0
    ran = ckpm("lock", "env:frame", env=variables)
    assert ran.code == 0, ran.err
    lock = json.loads((root / "envs/frame/env.lock.json").read_text())
    assert set(lock["targets"]) == set(TARGETS)
    for target, part in lock["targets"].items():
        (pins,) = [entry["python"] for entry in part["entries"] if entry["python"]]
        assert [wheel["sha256"] for wheel in pins["wheels"]] == [hashes[target]], target
        assert part["least"]["os"] == target.partition("-")[0]
    # Nothing of another machine was installed, and what was locked is not asked for again.
    environments = [path.name for path in tmp_path.glob("*/store/*/*") if path.is_dir()]
    assert len(environments) <= 1
    shutil.rmtree(shelf)
    assert ckpm("lock", "env:frame", "--check", env=variables).code == 0
    other = ckpm("sync", "env:frame", "--locked", "--target", "macos-arm64", env=variables)
    assert other.code == 6, other.err
    assert "can't run" in other.err


def test_a_run_on_a_machine_without_the_locked_python_solves_anew(ckpm: Ckpm, tmp_path: Path) -> None:
    make_wheel(tmp_path / "shelf", "ckpmone", "1.0")
    project = tmp_path / "project"
    project.mkdir()
    python = f"soft:lang.python@={platform.python_version()}"
    run = 'run = ["python", "-c", "import ckpmone; print(ckpmone.version)"]'
    (project / "env.toml").write_text(
        f'name = "one"\nrequires = ["{python}", "soft:python.ckpmone"]\n[tasks.show]\n{run}\n'
    )
    variables = {"CKPM_UV": "0", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "shelf")}
    variables["PIP_CONFIG_FILE"] = "/dev/null"
    assert ckpm("lock", env=variables, cwd=project).code == 0
    ran = ckpm("run", env=variables, cwd=project)
    assert (ran.code, ran.out) == (0, "1.0\n"), ran.err
    assert "solving anew" not in ran.err
    path = project / "env.lock.json"
    lock = json.loads(path.read_text())
    for part in lock["targets"].values():
        for entry in part["entries"]:
            if entry["python"]:
                entry["python"]["python"] = "3.99.1"
    path.write_text(json.dumps(lock))
    ran = ckpm("run", env=variables, cwd=project)
    assert (ran.code, ran.out) == (0, "1.0\n"), ran.err
    assert "for Python 3.99.1, which is not here: solving anew" in ran.err
    assert ckpm("sync", "--locked", env=variables, cwd=project).code == 6
