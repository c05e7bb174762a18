"""A data set that is a folder has another fingerprint when something in it has changed, at a bounded cost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgmgr.detect.folder_digest import folder_digest
from pkgmgr.host.files import LocalFiles
from pkgmgr.jobs.detection import Search, detect, search_places
from pkgmgr.jobs.workspace import open_workspace
from pkgmgr.model.reference import parse_reference


def look(folder: Path, read: list[str] | None = None) -> str:
    files = LocalFiles()
    read = [] if read is None else read

    def digest_of(path: str) -> str:
        read.append(path)
        return files.digest(path) or ""

    return folder_digest(str(folder), files, digest_of)


def filled(folder: Path) -> Path:
    (folder / "part").mkdir(parents=True)
    for number in range(8):
        (folder / "part" / f"{number}.txt").write_text(f"row {number}", encoding="utf-8")
    return folder


CHANGES: list[object] = [
    pytest.param(lambda folder: (folder / "part" / "3.txt").write_text("row X"), id="edited"),
    pytest.param(lambda folder: (folder / "part" / "3.txt").write_text("row 3 and more"), id="longer"),
    pytest.param(lambda folder: (folder / "part" / "9.txt").write_text(""), id="added"),
    pytest.param(lambda folder: (folder / "part" / "0.txt").unlink(), id="deleted"),
    pytest.param(lambda folder: (folder / "part" / "0.txt").rename(folder / "0.txt"), id="moved"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_noticed(tmp_path: Path, change: Callable[[Path], object]) -> None:
    folder = filled(tmp_path / "a")
    before = look(folder)
    change(folder)
    assert look(folder) != before


def test_the_same_files_elsewhere_and_later_are_the_same(tmp_path: Path) -> None:
    one, other = filled(tmp_path / "a"), filled(tmp_path / "b" / "c")
    os.utime(other / "part" / "1.txt", (1, 1))
    assert look(one) == look(other)


def test_few_of_many_files_are_read(tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"{number:04}").touch()
    read: list[str] = []
    look(tmp_path, read)
    assert len(read) == 16
    assert {os.path.basename(path) for path in read} >= {"0000", "2999"}


def test_a_folder_that_is_not_there_and_one_that_leads_back(tmp_path: Path) -> None:
    assert look(tmp_path / "none") == look(tmp_path / "nothing")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert look(tmp_path) != look(tmp_path / "none")


def test_an_edit_in_place_changes_the_fingerprint(tmp_path: Path) -> None:
    photos = tmp_path / "yolo"
    for kind, ending, content in (("images", "jpg", "\xff\xd8"), ("labels", "txt", "0 0.5 0.5 0.1 0.1\n")):
        (photos / kind / "train").mkdir(parents=True)
        for number in range(3):
            (photos / kind / "train" / f"{number}.{ending}").write_text(content, encoding="latin-1")
    search = Search(where=search_places([str(photos)], system=False), register=False)

    def found() -> list[str]:
        workspace = open_workspace(home=tmp_path / "home")
        return [
            entry.fingerprint
            for entry in detect(workspace, [parse_reference("soft:dataset.yolo")], search=search).entries
        ]

    before = found()
    assert len(before) == 1
    assert found() == before
    (photos / "labels" / "train" / "1.txt").write_text("1 0.5 0.5 0.1 0.1\n", encoding="latin-1")
    assert found() != before
