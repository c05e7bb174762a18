"""Folders are proven by what is stated of the files in them: blobs' names, lists of checksums, DVC's own."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgmgr.jobs.hashing import hash_all
from pkgmgr.jobs.stated_digests import read_digest, stated_digests
from pkgmgr.model.entry import Entry, Value

A, B = b"a row\n", b"another row\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def data_set(folder: Path, **told: Value) -> Entry:
    return Entry(
        id="dataset.x-1",
        soft="dataset.x",
        version=None,
        prefix=str(folder),
        target="any",
        origin="search-path",
        files={"data": str(folder)},
        attributes=told,
    )


def filled(folder: Path) -> Path:
    (folder / "part").mkdir(parents=True)
    (folder / "a.csv").write_bytes(A)
    (folder / "part" / "b.csv").write_bytes(B)
    return folder


def listed(name: str, digest: Callable[[bytes], str]) -> Callable[[Path], dict[str, Value]]:
    def write(folder: Path) -> dict[str, Value]:
        rows = f"{digest(A)}  a.csv\n{digest(B).upper()} *./part/b.csv\n{digest(A)}  ../elsewhere\nno row\n"
        (folder / name).write_text(rows, encoding="utf-8")
        return {}

    return write


def dvc(folder: Path) -> dict[str, Value]:
    path = folder.parent / "listed.dir"
    rows = [{"md5": md5(A), "relpath": "a.csv"}, {"md5": md5(B), "relpath": "part/b.csv"}]
    path.write_text(json.dumps(rows), encoding="utf-8")
    return {"listed_by": str(path)}


def hub(folder: Path) -> dict[str, Value]:
    blobs = folder.parents[1] / "blobs"
    blobs.mkdir()
    for path in (folder / "a.csv", folder / "part" / "b.csv"):
        content = path.read_bytes()
        git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        blob = blobs / (sha256(content) if path.name == "b.csv" else git)
        path.rename(blob)
        path.symlink_to(("../" * len(path.relative_to(folder.parents[1]).parts[1:])) + f"blobs/{blob.name}")
    return {}


WAYS = [
    pytest.param(listed("SHA256SUMS", sha256), "sha256", id="sha256"),
    pytest.param(listed("md5sums.txt", md5), "md5", id="md5"),
    pytest.param(listed("checksums.sha256", sha256), "sha256", id="checksums"),
    pytest.param(dvc, "md5", id="dvc"),
    pytest.param(hub, "git and sha256", id="hub"),
]


@pytest.mark.parametrize(("write", "kinds"), WAYS)
def test_a_folder_is_what_is_stated_of_it(
    tmp_path: Path, write: Callable[[Path], dict[str, Value]], kinds: str
) -> None:
    folder = filled(tmp_path / "snapshots" / "0f")
    entry = data_set(folder, **write(folder))
    (proven,) = hash_all([entry], tmp_path / "seen")
    assert proven.attributes["check"] == {
        "state": "passed",
        "reason": f"2 files have the {kinds} that is stated of each",
    }
    (folder / "part" / "b.csv").resolve().write_bytes(A)
    (folder / "a.csv").resolve().unlink()
    (spoilt,) = hash_all([entry], tmp_path / "seen")
    assert spoilt.attributes["check"] == {
        "state": "failed",
        "reason": "a.csv is missing; part/b.csv is not what is stated",
    }


def test_a_folder_of_which_nothing_is_stated_says_so(tmp_path: Path) -> None:
    (proven,) = hash_all([data_set(filled(tmp_path / "x"))], tmp_path / "seen")
    check = proven.attributes["check"]
    assert isinstance(check, dict)
    assert check["state"] == "not run"
    assert "no digests are known" in str(check["reason"])


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\0\0", b"d41d8cd98f00b204e9800998ecf8427e\n", b"abc  a.csv\n", b"0" * 64 + b"  /etc/passwd\n"],
)
def test_a_list_that_states_nothing_of_this_folder(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "SHA256SUMS").write_bytes(content)
    assert stated_digests(tmp_path) == {}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'[{"md5": 1}]'])
def test_a_list_of_dvc_s_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.dir").write_bytes(content)
    assert stated_digests(tmp_path, str(tmp_path / "x.dir")) == {}


def test_git_gives_the_same_digest(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(A)
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not here")
    said = subprocess.run([git, "hash-object", str(tmp_path / "a")], capture_output=True, text=True, check=True)
    assert read_digest(tmp_path / "a", "git") == said.stdout.strip()
    assert read_digest(tmp_path / "none", "git") is None


def test_what_dvc_lists_outside_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    rows = [{"md5": "0" * 32, "relpath": path} for path in ("../x", "/etc/passwd", "a/../../x", "a/b", "..c")]
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "x.dir").write_text(json.dumps(rows))
    assert sorted(stated_digests(data, str(tmp_path / "x.dir"))) == ["..c", "a/b"]
