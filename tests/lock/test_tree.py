"""The files of an installed entry: each change is named, quickly or in full, and nothing else is."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pytest

from pkgmgr.install.store import RECORD, make_manifest
from pkgmgr.lock.tree import keep_manifest, look_at_tree, manifest_digest, recall_manifest
from pkgmgr.model.entry import Entry

pytestmark = pytest.mark.skipif(os.name == "nt", reason="it has links and executable files")


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    prefix = tmp_path / "store/a thing"
    for name, text in {"bin/tool": "#!/bin/sh\n", "lib/data": "0123456789", "lib/deep/er/file": "x", "top": ""}.items():
        path = prefix / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (prefix / "bin/tool").chmod(0o755)
    (prefix / "lib/link").symlink_to("data")
    (prefix / "lib/folder").symlink_to("deep")
    (prefix / RECORD).mkdir()
    (prefix / RECORD / "manifest.json").write_bytes(msgspec.json.encode(make_manifest(prefix)))
    time.sleep(0.05)
    return Entry(id="lib.x-1", soft="lib.x", version="1", prefix=str(prefix), target="any", origin="package")


def look(entry: Entry, tmp_path: Path, *, full: bool = False) -> list[tuple[str, str, str, str]]:
    tree = look_at_tree(entry, tmp_path / "seen", full=full)
    return [(drift.what, drift.name.removeprefix("lib.x-1: "), drift.before, drift.after) for drift in tree.drifts]


def write_byte(path: Path) -> None:
    """Change one byte in place, and set back whatever can be set back."""
    state = path.stat()
    with path.open("r+b") as file:
        file.write(b"X")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def make_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def turn_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("other")


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("remembered", [True, False], ids=["remembered", "first look"])
@pytest.mark.parametrize("full", [True, False], ids=["full", "quick"])
@pytest.mark.parametrize(
    ("name", "change", "what", "after"),
    [
        ("lib/data", write_byte, "changed", None),
        ("lib/deep/er/file", Path.unlink, "removed", "not there"),
        ("bin/tool", lambda path: path.chmod(0o644), "changed", "not executable"),
        ("lib/data", lambda path: path.chmod(0o755), "changed", "executable"),
        ("lib/data", make_link, "replaced", "a link to /etc/hostname"),
        ("lib/data", make_folder, "replaced", "a folder"),
        ("lib/link", turn_link, "changed", "a link to other"),
        ("lib/link", Path.unlink, "removed", "not there"),
    ],
)
def test_each_change_is_named(
    name: str, change: object, what: str, after: str | None, full: bool, remembered: bool, entry: Entry, tmp_path: Path
) -> None:
    if remembered:
        assert look(entry, tmp_path) == []
    assert callable(change)
    change(Path(entry.prefix, name))
    for _ in range(2):  # what was found changed is found changed again
        (found,) = look(entry, tmp_path, full=full)
        assert found[:2] == (what, name)
        assert found[2] != found[3]
        assert after is None or found[3] == after


def test_what_holds_the_same_has_not_changed(entry: Entry, tmp_path: Path) -> None:
    assert look(entry, tmp_path) == []
    path = Path(entry.prefix, "lib/data")
    os.utime(path)
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)
    cached = Path(entry.prefix, "lib/__pycache__")
    cached.mkdir()
    (cached / "x.pyc").write_text("")
    assert look(entry, tmp_path) == look(entry, tmp_path, full=True) == []


def test_what_was_added_is_named_by_a_full_look(entry: Entry, tmp_path: Path) -> None:
    Path(entry.prefix, "lib/new").write_text("")
    assert look(entry, tmp_path) == []
    assert look(entry, tmp_path, full=True) == [("added", "lib/new", "not there", "a file")]


def test_a_quick_look_reads_neither_files_nor_the_manifest(entry: Entry, tmp_path: Path) -> None:
    whole = look_at_tree(entry, tmp_path / "seen", full=False)
    (kept,) = (tmp_path / "seen").glob("*.tree")
    rows = msgspec.msgpack.decode(kept.read_bytes())
    rows[1] = "sha256:remembered"
    kept.write_bytes(msgspec.msgpack.encode(rows))
    assert look_at_tree(entry, tmp_path / "seen", full=False).manifest == "sha256:remembered"
    assert look_at_tree(entry, tmp_path / "seen", full=True).manifest == whole.manifest


def test_the_digest_is_of_modes_sizes_contents_and_names(entry: Entry, tmp_path: Path) -> None:
    rows = make_manifest(Path(entry.prefix))
    digest = manifest_digest(rows)
    assert digest == manifest_digest(reversed(rows)) != manifest_digest(rows[1:])
    for field, value in {"path": "else", "kind": "link", "sha256": "0" * 64, "size": 99, "is_executable": True}.items():
        row = next(row for row in rows if row.path == "lib/data")
        other = msgspec.structs.replace(row, **{field: value})
        assert manifest_digest([other if item is row else item for item in rows]) != digest, field


def test_a_kept_manifest_is_the_one_that_was_asked_for_or_none(entry: Entry, tmp_path: Path) -> None:
    rows = make_manifest(Path(entry.prefix))
    digest = keep_manifest(tmp_path, rows)
    assert recall_manifest(tmp_path, digest) == rows
    (kept,) = (tmp_path / "manifests").iterdir()
    kept.write_bytes(msgspec.msgpack.encode(rows[1:]))
    assert recall_manifest(tmp_path, digest) == ()
    kept.write_bytes(b"garbage")
    assert recall_manifest(tmp_path, digest) == () == recall_manifest(tmp_path, "sha256:unknown")
