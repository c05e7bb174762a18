"""Many at once, out of room, read-only, moved: nothing half-made counts, and the next run goes on."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import Ckpm

ROOT = Path(__file__).parents[2]
SOFT = """
name = "lib.{name}"
summary = "headers for a test"
[find.library]
headers = ["{name}.h"]
[[probe]]
read = "{{include_dir}}/{name}.h"
match = 'VERSION "(?P<version>[^"]+)"'
"""
PACKAGE = """
name = "lib-{name}"
summary = "headers for a test"
provides = "lib.{name}"
license = "MIT"
homepage = "https://example.org"
product = "any"
requires = [{requires}]
[[source]]
version = "1.0.0"
urls = ["{url}"]
sha256 = "{digest}"
size = {size}
[[step]]
use = "unpack"
strip = 1
[[step]]
use = "copy"
files = ["{name}.h", "data"]
to = "{{prefix}}/include/"
"""


def make_package(root: Path, name: str, requires: str = "", size: int = 1000) -> None:
    """Write the soft and the package of one header, and its archive."""
    archive = root / f"{name}-1.0.0.tar"
    root.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w") as tar:
        for member, content in ((f"{name}.h", b'#define VERSION "1.0.0"\n'), ("data/a", b"x" * size), ("data/b", b"b")):
            row = tarfile.TarInfo(f"{name}-1.0.0/{member}")
            row.size = len(content)
            tar.addfile(row, io.BytesIO(content))
    texts = {
        f"soft_plugins/lib.{name}/soft.toml": SOFT.format(name=name),
        f"packages/lib-{name}/package.toml": PACKAGE.format(
            name=name,
            requires=requires,
            url=archive.as_uri(),
            digest=hashlib.sha256(archive.read_bytes()).hexdigest(),
            size=archive.stat().st_size,
        ),
    }
    for place, text in texts.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(text)


def make_pair(root: Path, bystander: str) -> None:
    """Write a package, one that it needs, and another that has nothing to do with them."""
    make_package(root, "shared")
    make_package(root, "one", '"package:lib-shared"')
    make_package(root, bystander)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A shared package, and two that need it."""
    root = tmp_path / "repository"
    make_package(root, "shared")
    make_package(root, "one", '"package:lib-shared"')
    make_package(root, "two", '"package:lib-shared"')
    return root


@pytest.fixture
def call(ckpm: Ckpm, repository: Path) -> Ckpm:
    """The command with that repository added."""
    assert ckpm("repo", "add", str(repository), "--trust").code == 0
    return ckpm


def installed(home: Path) -> list[str]:
    """Give the names of what counts as installed, each checked to be whole."""
    names = []
    for record in sorted((home / "store").rglob("entry.json")):
        folder = record.parents[1]
        for row in json.loads((folder / ".ckpm/manifest.json").read_text()):
            assert hashlib.sha256((folder / row["path"]).read_bytes()).hexdigest() == row["sha256"]
        names.append(json.loads(record.read_text())["soft"])
    return names


def test_eight_that_share_dependencies(call: Ckpm, repository: Path, home: Path) -> None:
    for number in range(8):
        other = f', "package:lib-n{number - 1}"' if number % 2 else ""
        make_package(repository, f"n{number}", f'"package:lib-shared"{other}')
    with ThreadPoolExecutor(8) as pool:
        ran = list(pool.map(lambda number: call("install", f"package:lib-n{number}"), range(8)))
    assert [item.code for item in ran] == [0] * 8, [item.err for item in ran]
    assert sorted(installed(home)) == sorted(["lib.shared", *(f"lib.n{number}" for number in range(8))])


def test_eight_that_install_uninstall_and_collect(call: Ckpm, home: Path) -> None:
    work = [("install", "package:lib-one"), ("gc",), ("install", "package:lib-two"), ("uninstall", "package:lib-one")]
    with ThreadPoolExecutor(8) as pool:
        ran = list(pool.map(lambda number: call(*work[number % 4]), range(16)))
    for number, item in enumerate(ran):
        is_fine = item.code == 0 or (work[number % 4][0] == "uninstall" and item.code in (1, 3))
        assert is_fine or "by another process meanwhile" in item.err, item.err
    found = installed(home)
    assert "lib.shared" in found or not found
    assert call("install", "package:lib-one", "package:lib-two").code == 0
    assert installed(home) == ["lib.one", "lib.shared", "lib.two"]
    assert not list((home / "staging").iterdir())


@pytest.fixture
def small(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of its own with little room."""
    folder = tmp_path / "small"
    folder.mkdir()
    options = str(request.param)
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system can't be mounted: needs root and the right to mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("small", ["size=6m", "size=64m,nr_inodes=200"], indirect=True, ids=["bytes", "inodes"])
def test_out_of_room(call: Ckpm, small: Path, repository: Path) -> None:
    home = small / "home"
    env = {"CKPM_HOME": str(home)}
    make_package(repository, "large", size=3_000_000)
    assert call("repo", "add", str(repository), "--trust", env=env).code == 0
    assert call("install", "package:lib-one", env=env).code == 0
    before = installed(home)
    rest = os.statvfs(small)
    if rest.f_ffree < 1000:  # leave too few names for another entry
        for number in range(rest.f_ffree - 9):
            (small / f"{number}").touch()
    ran = call("install", "package:lib-large", env=env)
    assert ran.code == 1
    assert "space" in ran.err
    assert installed(home) == before
    assert call("verify", "--full", env=env).code == 0
    prefix = next((home / "store").glob("*/lib-one-*"))
    assert call("exec", "package:lib-one", "--", "cat", str(prefix / "include/one.h"), env=env).code == 0
    assert call("uninstall", "package:lib-one", env=env).code == 0
    assert installed(home) == ["lib.shared"]


@pytest.mark.parametrize("small", ["size=64m"], indirect=True)
def test_a_home_that_can_not_be_written(call: Ckpm, small: Path, repository: Path) -> None:
    home = small / "home"
    env = {"CKPM_HOME": str(home)}
    assert call("repo", "add", str(repository), "--trust", env=env).code == 0
    assert call("install", "package:lib-one", env=env).code == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    ran = call("install", "package:lib-two", env=env)
    assert ran.code == 1
    assert "read-only" in ran.err.lower()
    assert "--home" in ran.err
    assert call("uninstall", "package:lib-one", env=env).code == 1
    assert installed(home) == ["lib.one", "lib.shared"]
    assert call("install", "package:lib-one", env=env).code == 0  # nothing is to do
    assert call("exec", "package:lib-one", "--", "true", env=env).code == 0


def test_a_moved_home_still_works(call: Ckpm, home: Path) -> None:
    assert call("install", "package:lib-one").code == 0
    moved = home.with_name("moved")
    home.rename(moved)
    env = {"CKPM_HOME": str(moved)}
    assert call("verify", "--full", env=env).code == 0
    ran = call("exec", "package:lib-one", "--", "sh", "-c", 'cat "${CMAKE_PREFIX_PATH%%:*}/include/one.h"', env=env)
    assert (ran.code, ran.out) == (0, '#define VERSION "1.0.0"\n')
    assert call("install", "package:lib-one", "--dry-run", "--json", env=env).data["plan"][0]["action"] == "reuse"
    assert call("uninstall", "package:lib-one", env=env).code == 0
    assert installed(moved) == ["lib.shared"]
