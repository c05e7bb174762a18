"""Flags with which a library is compiled against and linked."""

from __future__ import annotations

import pytest

from pkgmgr.install.steps.compile import include_flags, keep_flags
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


@pytest.mark.parametrize(
    ("target", "deps", "files", "is_static", "is_kept"),
    [
        ("linux-arm64", ("lib.z-1",), {"shared": "/s/libx.so", "static": "/s/libx.a"}, False, True),
        ("android-arm64-24", ("lib.z-1",), {"shared": "/s/libx.so"}, False, True),
        ("linux-arm64", ("lib.z-1",), {"shared": "/s/libx.so", "static": "/s/libx.a"}, True, False),
        ("linux-arm64", ("lib.z-1",), {"static": "/s/libx.a"}, False, False),
        ("linux-arm64", (), {"shared": "/s/libx.so"}, False, False),
        ("macos-arm64", ("lib.z-1",), {"shared": "/s/libx.dylib"}, False, False),
        ("windows-x86_64", ("lib.z-1",), {"shared": "/s/libx.dll.a"}, False, False),
    ],
)
def test_what_a_shared_library_needs_is_named_by_the_program(
    target: str, deps: tuple[str, ...], files: dict[str, str], is_static: bool, is_kept: bool
) -> None:
    entry = Entry(
        id="x", soft="lib.x", version=None, prefix="/s", target=target, origin="package", files=files, deps=deps
    )
    assert keep_flags([entry], is_static=is_static) == (["-Wl,--no-as-needed"] if is_kept else [])
    assert keep_flags([], is_static=is_static) == []
