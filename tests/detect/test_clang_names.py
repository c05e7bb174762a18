"""Clang under a triple's name: which names are candidates, and which of them are one."""

from __future__ import annotations

import pytest

from pkgmgr.catalog.index import Catalog
from pkgmgr.catalog.repository import BUILT_IN, Repository, built_in_root
from pkgmgr.detect.candidates import Candidate, ProgramIndex, find_programs
from pkgmgr.detect.folders import Folder
from pkgmgr.host.recorded import RecordedFiles

CATALOG = Catalog(repositories=[Repository(name=BUILT_IN, root=built_in_root(), is_trusted=True)])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["clang", "clang-16"], [["/b/clang", "/b/clang-16"]]),
        (
            ["aarch64-linux-gnu-clang-16", "clang", "clang-16"],
            [["/b/aarch64-linux-gnu-clang-16"], ["/b/clang", "/b/clang-16"]],
        ),
        (
            ["i686-w64-mingw32-clang", "x86_64-w64-mingw32-clang", "x86_64-w64-mingw32-clang-19"],
            [["/b/i686-w64-mingw32-clang"], ["/b/x86_64-w64-mingw32-clang", "/b/x86_64-w64-mingw32-clang-19"]],
        ),
        (["aarch64-linux-android24-clang", "armv7a-linux-androideabi21-clang"], []),
        (["clang++", "clang-format-16", "git-clang-format", "amdclang", "aarch64-linux-gnu-clang++"], []),
    ],
    ids=["names of one", "a triple's name beside it", "wrappers", "the NDK's are its own", "other programs"],
)
def test_a_name_with_a_triple_is_a_candidate_of_its_own(names: list[str], expected: list[list[str]]) -> None:
    soft = CATALOG.require_soft("compiler.llvm")
    files = RecordedFiles(files={"/b/real": ""}, links={f"/b/{name}": "real" for name in names})
    index = ProgramIndex(files, [Folder(path="/b", origin="system")])
    found = [list(item.names) for item in find_programs(soft, files, [index]) if isinstance(item, Candidate)]
    assert sorted(found) == expected
