"""Models and data sets are proven by their content, and a copy is told from what it is a copy of."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from pkgmgr.jobs.checking import check_all
from pkgmgr.jobs.hashing import hash_all, judge
from pkgmgr.jobs.workspace import open_workspace
from pkgmgr.model.entry import Entry, Value

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("stated", "digest", "md5", "state", "said"),
    [
        pytest.param({"sha256": A}, A, None, "passed", f"sha256 {A}", id="hub"),
        pytest.param({"sha256": B}, A, None, "failed", f"is not sha256 {B}", id="spoilt"),
        pytest.param({"sha256_begins": "aaaaaaaa"}, A, None, "passed", A, id="torch-hub"),
        pytest.param({"sha256_begins": "0676ba61"}, A, None, "failed", "begins with 0676ba61", id="torch-hub-spoilt"),
        pytest.param({"md5": "0f"}, A, "0f", "passed", A, id="md5"),
        pytest.param({"md5": "0f"}, A, "1f", "failed", "md5 0f", id="md5-spoilt"),
        pytest.param({}, A, None, "not run", f"sha256 {A}; nothing here states", id="nothing-stated"),
        pytest.param({"reason": "it is empty"}, None, None, "failed", "it is empty", id="broken"),
        pytest.param({}, None, None, "not run", "no digests are known", id="folder"),
    ],
)
def test_a_digest_is_held_against_what_is_stated(
    stated: dict[str, Value], digest: str | None, md5: str | None, state: str, said: str
) -> None:
    proof = judge(stated, digest, md5)
    assert proof.state == state
    assert said in proof.reason


def entry(
    path: Path, number: int = 0, /, *, soft: str = "model.x", parts: dict[str, Path] | None = None, **told: Value
) -> Entry:
    files = {"model": str(path), **{role: str(part) for role, part in (parts or {}).items()}}
    return Entry(
        id=f"{soft}-{number}",
        soft=soft,
        version=None,
        prefix=str(path.parent),
        target="any",
        origin="search-path",
        files=files,
        attributes=told,
    )


def test_a_copy_is_told_from_the_first(tmp_path: Path) -> None:
    one, two, other, link = (tmp_path / name for name in ("one", "two", "other", "link"))
    one.write_bytes(b"weights")
    two.write_bytes(b"weights")
    other.write_bytes(b"others")
    link.symlink_to(one)
    found = hash_all([entry(one, 1), entry(other, 2), entry(two, 3), entry(link, 4, soft="model.y")], tmp_path / "seen")
    digest = hashlib.sha256(b"weights").hexdigest()
    assert [item.attributes.get("sha256") for item in found[::2]] == [digest, digest]
    assert found[0].attributes["also_at"] == [str(two)]
    assert found[2].attributes["copy_of"] == "model.x-1"
    assert "copy_of" not in found[1].attributes
    assert "copy_of" not in found[3].attributes, "a link to one file is no copy of it"


def test_shards_of_which_one_differs_are_no_copies(tmp_path: Path) -> None:
    for name, content in (("a1", b"1"), ("a2", b"2"), ("b1", b"1"), ("b2", b"x")):
        (tmp_path / name).write_bytes(content)
    entries = [
        entry(tmp_path / f"{letter}1", number, parts={"part-2": tmp_path / f"{letter}2"})
        for number, letter in enumerate("ab")
    ]
    found = hash_all(entries, tmp_path / "seen")
    assert all("copy_of" not in item.attributes for item in found)
    of = found[1].attributes["sha256_of"]
    assert of == {"model": hashlib.sha256(b"1").hexdigest(), "part-2": hashlib.sha256(b"x").hexdigest()}


def test_a_changed_file_fails_and_what_is_partial_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"first")
    stated = hashlib.sha256(b"first").hexdigest()
    (proven,) = hash_all([entry(path, sha256=stated)], tmp_path / "seen")
    assert proven.attributes["check"] == {"state": "passed", "reason": f"sha256 {stated}"}
    path.write_bytes(b"spoilt")
    (failed,) = hash_all([entry(path, sha256=stated)], tmp_path / "seen")
    check = failed.attributes["check"]
    assert isinstance(check, dict)
    assert check["state"] == "failed"
    (partial,) = hash_all([entry(path, state="partial", reason="its download has not finished")], tmp_path / "seen")
    assert partial.attributes["check"] == {"state": "failed", "reason": "its download has not finished"}
    assert "sha256" not in partial.attributes


def test_check_hashes_models_besides_what_it_builds(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"weights")
    workspace = open_workspace(home=tmp_path / "home")
    (checked,) = check_all(workspace, [entry(path, soft="model.gguf")])
    assert checked.attributes["sha256"] == hashlib.sha256(b"weights").hexdigest()


def test_what_was_read_is_remembered_and_others_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"weights")
    os.utime(path, ns=(10**18, 10**18))
    gcc = entry(path, soft="compiler.gcc")
    assert hash_all([gcc], tmp_path / "seen") == [gcc]
    assert hash_all([entry(path)], tmp_path / "seen") == hash_all([entry(path)], tmp_path / "seen")


def test_checks_tell_how_many_are_done_and_keep_the_order(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.gguf" for number in range(5)]
    for path in paths:
        path.write_text(path.name, encoding="utf-8")
    told: list[tuple[int, int]] = []
    workspace = open_workspace(home=tmp_path / "home")
    entries = [entry(path, number, soft="model.gguf") for number, path in enumerate(paths)]
    tool = entry(tmp_path, 9, soft="tool.git")
    checked = check_all(workspace, [tool, *entries], progress=lambda *numbers: told.append(numbers))
    assert [item.id for item in checked] == [tool.id, *(item.id for item in entries)]
    assert told == [(number, 5) for number in range(6)]
