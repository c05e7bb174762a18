"""What CMake is told of a target: its system, its root, and where it may look."""

from __future__ import annotations

import pytest

from pkgmgr.environ.cmake import cache_variables
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.entry import Entry, Value
from pkgmgr.model.target import Toolchain, parse_target

ARM64 = Toolchain(cmake_system="Linux", cmake_processor="aarch64", zig="aarch64-linux-musl")
ANDROID = Toolchain(cmake_system="Android", cmake_processor="aarch64", zig="aarch64-linux-musl")
NAMES = ("CMAKE_SYSTEM_NAME", "CMAKE_SYSROOT", "CMAKE_FIND_ROOT_PATH", "CMAKE_FIND_ROOT_PATH_MODE_LIBRARY")


def entry(soft: str, prefix: str, files: dict[str, str] | None = None, **attributes: Value) -> Entry:
    return Entry(
        id=soft,
        soft=soft,
        version="1",
        prefix=prefix,
        target="any",
        origin="system",
        files=files or {},
        attributes=attributes,
    )


GCC = entry("compiler.gcc", "/usr", {"c": "/usr/bin/aarch64-linux-gnu-gcc"})
ROOTED = entry("compiler.gcc", "/opt/x", {"c": "/opt/x/bin/gcc"}, sysroot="/opt/x/root")
HOST_ROOTED = entry("compiler.gcc", "/opt/x", {"c": "/opt/x/bin/gcc"}, sysroot="/")
NDK = entry("compiler.android-ndk", "/opt/ndk", {"c": "/opt/ndk/clang"}, sysroot="/opt/ndk/sysroot")
ZIG = entry("compiler.zig", "/opt/zig", commands={"c": ["/opt/zig/zig", "cc"]})
OWN, SYSTEM = entry("lib.x", "/home/x"), entry("lib.y", "/usr")


@pytest.mark.parametrize(
    ("target", "toolchain", "entries", "expected"),
    [
        pytest.param("linux-arm64", ARM64, [GCC], ["Linux", None, None, "ONLY"], id="a compiler that knows its root"),
        pytest.param("linux-arm64", ARM64, [ROOTED], ["Linux", ["/opt/x/root"], ["/opt/x/root"], "ONLY"], id="told it"),
        pytest.param("linux-arm64", ARM64, [HOST_ROOTED], ["Linux", None, None, "ONLY"], id="the root is the host's"),
        pytest.param(
            "linux-arm64",
            ARM64,
            [ROOTED, OWN],
            ["Linux", ["/opt/x/root"], ["/home/x", "/opt/x/root"], "ONLY"],
            id="lib",
        ),
        pytest.param("linux-arm64", ARM64, [GCC, OWN], ["Linux", None, ["/home/x"], "BOTH"], id="root not known"),
        pytest.param("linux-arm64", ARM64, [GCC, OWN, SYSTEM], ["Linux", None, ["/home/x"], "BOTH"], id="multiarch"),
        pytest.param("android-arm64-24", ANDROID, [NDK, OWN], ["Android", None, ["/home/x"], "ONLY"], id="NDK"),
        pytest.param("android-arm64-24", ANDROID, [ZIG, OWN], ["Linux", None, ["/home/x"], "ONLY"], id="no NDK"),
        pytest.param("linux-x86_64", ARM64, [ROOTED, OWN], [None, None, None, None], id="not cross"),
    ],
)
def test_where_cmake_looks(
    target: str, toolchain: Toolchain, entries: list[Entry], expected: list[str | list[str] | None]
) -> None:
    host = parse_target("linux-x86_64")
    request = ExportRequest(
        operations=(), entries=entries, host=host, target=parse_target(target), toolchain=toolchain, triple="x"
    )
    found = cache_variables(request)
    wanted = [[item] if isinstance(item, str) else item for item in expected]
    assert [found.get(name) for name in NAMES] == wanted


def test_the_folder_of_the_targets_c_library_is_looked_in() -> None:
    target = parse_target("linux-arm64")
    host = parse_target("linux-x86_64")
    request = ExportRequest(
        operations=(), entries=[GCC, OWN], host=host, target=target, toolchain=ARM64, triple="x", root="/usr/aarch64"
    )
    found = cache_variables(request)
    assert found["CMAKE_FIND_ROOT_PATH"] == ["/home/x", "/usr/aarch64"]
    assert found["CMAKE_FIND_ROOT_PATH_MODE_LIBRARY"] == ["ONLY"]
    assert "CMAKE_SYSROOT" not in found
