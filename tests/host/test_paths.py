"""Absolute paths of every system."""

from __future__ import annotations

import pytest

from pkgmgr.detect.folders import Folders, expand_variables
from pkgmgr.detect.where import Where
from pkgmgr.host.paths import is_rooted, path_list, with_slashes
from pkgmgr.host.ports import Host
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.host.search import expand_glob, walk


@pytest.mark.parametrize(
    ("path", "rooted"),
    [("/usr", True), ("C:/x", True), ("c:\\x", True), ("C:", True), ("C:x", False), ("x/y", False), ("", False)],
)
def test_absolute_paths(path: str, rooted: bool) -> None:
    assert is_rooted(path) is rooted


@pytest.mark.parametrize(
    ("text", "target", "paths"),
    [
        ("/bin:relative::/a b", "linux-x86_64", ["/bin", "/a b"]),
        ("C:\\Windows;bin;D:\\x y\\bin", "windows-x86_64", ["C:/Windows", "D:/x y/bin"]),
        ("", "linux-x86_64", []),
    ],
)
def test_lists_of_folders(text: str, target: str, paths: list[str]) -> None:
    assert path_list(text, target) == paths


def test_a_backslash_is_part_of_a_name_elsewhere() -> None:
    assert with_slashes("/a\\b") == "/a\\b"
    assert with_slashes("C:\\a\\b") == "C:/a/b"


WINDOWS = RecordedFiles(
    files={"C:/Program Files/Git/bin/git.exe": "MZ", "C:/Program Files/LLVM/bin/clang.exe": "", "D:/x/y.txt": ""},
    links={"D:/git": "C:/Program Files/Git"},
)


def test_drives_are_roots_of_recorded_machines() -> None:
    assert WINDOWS.read("D:/git/bin/git.exe") == b"MZ"
    assert WINDOWS.real("D:/git/bin") == "C:/Program Files/Git/bin"
    assert list(WINDOWS.names("C:/Program Files")) == ["Git", "LLVM"]
    assert expand_glob(WINDOWS, "C:/Program Files/*/bin") == ["C:/Program Files/Git/bin", "C:/Program Files/LLVM/bin"]
    assert list(walk(WINDOWS, "D:/x", depth=3, limit=9)) == ["D:/x"]


def test_a_windows_path_leads_to_folders() -> None:
    variables = {"PATH": "D:\\git\\bin;C:\\nowhere", "PROGRAMFILES": "C:\\Program Files"}
    host = Host(
        files=WINDOWS,
        runner=RecordedRunner(prints={}),
        variables=variables,
        target="windows-x86_64",
        home="C:/Users/ann",
    )
    found = [folder.path for folder in Folders(host=host, where=Where()).programs()]
    assert found[0] == "C:/Program Files/Git/bin"
    assert "C:/Program Files/LLVM/bin" in found
    assert expand_variables("${ProgramFiles(x86)}/x", {"ProgramFiles(x86)": "C:\\P"}, "") == "C:/P/x"


def test_folders_on_path_are_literal() -> None:
    files = RecordedFiles(files={"/opt/$HOME[1]/bin/x": "", "/opt/1/bin/x": ""})
    host = Host(
        files=files,
        runner=RecordedRunner(prints={}),
        variables={"PATH": "/opt/$HOME[1]/bin", "HOME": "/h"},
        target="linux-x86_64",
        home="/h",
    )
    assert Folders(host=host, where=Where()).programs()[0].path == "/opt/$HOME[1]/bin"
