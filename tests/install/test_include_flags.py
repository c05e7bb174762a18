"""Flags with which a library that was found is compiled against."""

from __future__ import annotations

import pytest

from pkgmgr.install.steps.compile import include_flags
from pkgmgr.model.entry import Entry, Value

FOLDERS: list[tuple[str, list[Value] | None, list[str]]] = [
    ("/usr", ["/usr/include/opencv4"], ["-I/usr/include/opencv4"]),
    ("/usr", ["/usr/include/x86_64-linux-gnu", "/usr/include"], []),
    ("/usr", ["/usr/include/x86_64-linux-gnu/openblas-pthread"], ["-I/usr/include/x86_64-linux-gnu/openblas-pthread"]),
    ("/opt/x y", ["/opt/x y/include"], ["-I/opt/x y/include"]),
    ("/opt/x", None, ["-I/opt/x/include"]),
    ("/usr", None, []),
]


@pytest.mark.parametrize(("prefix", "folders", "flags"), FOLDERS)
def test_folders_of_headers_become_flags(prefix: str, folders: list[Value] | None, flags: list[str]) -> None:
    attributes: dict[str, Value] = {"include_dirs": folders} if folders is not None else {}
    files = {"header": f"{prefix}/include/x.h"}
    entry = Entry(
        id="x",
        soft="lib.x",
        version=None,
        prefix=prefix,
        target="any",
        origin="system",
        files=files,
        attributes=attributes,
    )
    assert include_flags(entry) == flags
