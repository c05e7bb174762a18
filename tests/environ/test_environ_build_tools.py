"""Formats for build tools, read by CMake, Meson and Conan themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pkgmgr.environ.compose import apply
from pkgmgr.environ.formats import render
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation
from pkgmgr.model.target import Target, Toolchain

from .entries import GCC, NDK, ZIG, ZLIB
from .shells import hostile_operations, read_environment, require, write

HOST = Target(os="linux", arch="x86_64")
ARM = Target(os="linux", arch="arm64")
ANDROID = Target(os="android", arch="arm64", detail="24")
ARM_TOOLCHAIN = Toolchain(
    cmake_system="Linux",
    cmake_processor="aarch64",
    meson_system="linux",
    meson_cpu_family="aarch64",
    zig="aarch64-linux-gnu.2.31",
    flags=("-static",),
)
ANDROID_TOOLCHAIN = Toolchain(
    cmake_system="Android", cmake_processor="aarch64", meson_system="android", meson_cpu_family="aarch64"
)


def cross(*entries: Entry, operations: Sequence[Operation] = ()) -> ExportRequest:
    """Ask for a build for 64-bit Arm on this kind of machine."""
    emulator = ("/usr/bin/qemu-aarch64", "-L", "/it's")
    return ExportRequest(
        operations=operations, entries=entries, host=HOST, target=ARM, toolchain=ARM_TOOLCHAIN, emulator=emulator
    )


def android(*entries: Entry) -> ExportRequest:
    """Ask for a build for Android."""
    triple = "aarch64-linux-android24"
    return ExportRequest(
        operations=(), entries=entries, host=HOST, target=ANDROID, toolchain=ANDROID_TOOLCHAIN, triple=triple
    )


def call(*command: str, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a program that has to succeed, and give what it printed."""
    program = require(command[0])
    base = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [program, *command[1:]], cwd=folder, env={**base, **(environment or {})}, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode()


LISTS = [
    Operation(op="prepend_path", var="PATH", value="/x y"),
    Operation(op="append", var="CFLAGS", value="-g; $x", sep=" "),
    Operation(op="prepend_path", var="NEW", value="/n"),
]


def test_a_cmake_toolchain_sets_the_environment_once_however_often_it_is_read(tmp_path: Path) -> None:
    operations = [*hostile_operations("cmake-toolchain"), *LISTS, Operation(op="unset", var="GONE")]
    write(tmp_path / "t.cmake", render("cmake-toolchain", ExportRequest(operations=operations)))
    write(
        tmp_path / "main.cmake",
        "include(t.cmake)\ninclude(t.cmake)\nexecute_process(COMMAND env -0 OUTPUT_FILE after)\n",
    )
    before = {"GONE": "g", "CFLAGS": "PATH"}
    call("cmake", "-P", "main.cmake", folder=tmp_path, environment=before)
    after = read_environment(tmp_path / "after")
    expected = apply(operations, {**before, "PATH": os.environ["PATH"]})
    assert {name: after.get(name) for name in expected} == expected
    assert "GONE" not in after


def _cmake_variables(request: ExportRequest, names: Sequence[str], folder: Path) -> dict[str, str]:
    write(folder / "t.cmake", render("cmake-toolchain", request))
    prints = "".join(f'message("{name}=${{{name}}}")\n' for name in names)
    write(folder / "main.cmake", f"set(CMAKE_PREFIX_PATH /mine)\ninclude(t.cmake)\n{prints}")
    command = [require("cmake"), "-P", "main.cmake"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return dict(line.split("=", 1) for line in done.stderr.splitlines())


def test_cmake_is_told_of_compilers_target_and_libraries(tmp_path: Path) -> None:
    expected = {
        "CMAKE_SYSTEM_NAME": "Linux",
        "CMAKE_SYSTEM_PROCESSOR": "aarch64",
        "CMAKE_CROSSCOMPILING_EMULATOR": "/usr/bin/qemu-aarch64;-L;/it's",
        "CMAKE_C_COMPILER": "/opt/zig's home/zig;cc;-target;aarch64-linux-gnu.2.31",
        "CMAKE_C_FLAGS_INIT": "-static",
        "CMAKE_AR": "",
        "CMAKE_PREFIX_PATH": "/mine;/home/me/.ckpm/it's zlib",
    }
    assert _cmake_variables(cross(ZIG, ZLIB), list(expected), tmp_path) == expected


def test_cmake_uses_its_own_knowledge_of_the_ndk(tmp_path: Path) -> None:
    expected = {
        "CMAKE_SYSTEM_NAME": "Android",
        "CMAKE_SYSTEM_VERSION": "24",
        "CMAKE_ANDROID_ARCH_ABI": "arm64-v8a",
        "CMAKE_ANDROID_NDK": "/opt/ndk",
        "CMAKE_C_COMPILER": "",
    }
    assert _cmake_variables(android(NDK), list(expected), tmp_path) == expected


def test_cmake_presets_are_taken_by_cmake(tmp_path: Path) -> None:
    operations = [*hostile_operations("cmake-presets"), Operation(op="prepend_path", var="PATH", value="/x $y")]
    request = ExportRequest(operations=operations, entries=[ZLIB])
    write(tmp_path / "CMakePresets.json", render("cmake-presets", request))
    project = 'project(p LANGUAGES NONE)\nexecute_process(COMMAND env -0 OUTPUT_FILE "${CMAKE_SOURCE_DIR}/after")\n'
    write(tmp_path / "CMakeLists.txt", f"cmake_minimum_required(VERSION 3.21)\n{project}")
    call("cmake", "--preset", "ckpm", "-B", "build", "-G", "Unix Makefiles", folder=tmp_path)
    after = read_environment(tmp_path / "after")
    expected = apply(operations, {"PATH": os.environ["PATH"]})
    assert {name: after.get(name) for name in expected} == expected
    assert "CMAKE_PREFIX_PATH:UNINITIALIZED=/home/me/.ckpm/it's zlib" in (tmp_path / "build/CMakeCache.txt").read_text()


@pytest.mark.parametrize("name", ["cmake-toolchain", "cmake-presets"])
def test_a_semicolon_in_a_path_is_refused_for_cmake(name: str) -> None:
    odd = Entry(id="lib.x-1", soft="lib.x", version="1", prefix="/a;b", target="any", origin="system")
    with pytest.raises(UsageError, match="CMAKE_PREFIX_PATH: CMake takes the semicolon"):
        render(name, ExportRequest(operations=(), entries=[odd]))


def _meson_sections(path: Path) -> dict[str, dict[str, object]]:
    """Read a machine file by Meson's own parser, and its language's evaluation of values."""
    pytest.importorskip("mesonbuild", reason="Meson is not on this machine")
    script = (
        "import json, sys\nfrom mesonbuild import machinefile\n"
        "print(json.dumps(machinefile.parse_machine_files([sys.argv[1]], sys.argv[1])))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sections: dict[str, dict[str, object]] = json.loads(done.stdout)
    return sections


def test_meson_reads_a_cross_file(tmp_path: Path) -> None:
    found = _meson_sections(write(tmp_path / "cross", render("meson-cross", cross(ZIG, ZLIB))))
    zig = "/opt/zig's home/zig"
    assert found["binaries"] == {
        "c": [zig, "cc", "-target", "aarch64-linux-gnu.2.31"],
        "ar": [zig, "ar"],
        "exe_wrapper": ["/usr/bin/qemu-aarch64", "-L", "/it's"],
    }
    assert found["host_machine"] == {"system": "linux", "cpu_family": "aarch64", "cpu": "aarch64", "endian": "little"}
    assert found["built-in options"]["cmake_prefix_path"] == ["/home/me/.ckpm/it's zlib"]
    assert found["built-in options"]["c_args"] == ["-static"]


def test_meson_reads_a_native_file(tmp_path: Path) -> None:
    request = ExportRequest(operations=GCC.env, entries=[GCC], host=HOST, target=HOST)
    found = _meson_sections(write(tmp_path / "native", render("meson-cross", request)))
    assert found == {"binaries": {"c": ["/usr/bin/gcc"], "cpp": ["/usr/bin/g++"]}}


@pytest.mark.parametrize("path", ["C:\\x\\", "/it's/x", "/[a]#;,", "'/a", "/é"])
def test_meson_reads_any_path_as_it_is(path: str, tmp_path: Path) -> None:
    odd = Entry(id="lib.x-1", soft="lib.x", version="1", prefix=path, target="any", origin="system")
    request = ExportRequest(operations=(), entries=[odd], host=HOST)
    found = _meson_sections(write(tmp_path / "native", render("meson-cross", request)))
    assert found["built-in options"]["cmake_prefix_path"] == [path]


@pytest.mark.parametrize("path", ["/a'", "/it's\\x", "/a\nb", "/@DIRNAME@"], ids=repr)
def test_what_a_machine_file_can_not_hold_is_refused(path: str) -> None:
    odd = Entry(id="lib.x-1", soft="lib.x", version="1", prefix=path, target="any", origin="system")
    with pytest.raises(UsageError, match="a Meson machine file can't hold"):
        render("meson-cross", ExportRequest(operations=(), entries=[odd]))


def test_meson_is_told_the_target_of_an_ndk_compiler(tmp_path: Path) -> None:
    found = _meson_sections(write(tmp_path / "cross", render("meson-cross", android(NDK))))
    assert found["binaries"]["c"] == ["/opt/ndk/bin/clang", "--target=aarch64-linux-android24"]
    assert found["binaries"]["ar"] == ["/opt/ndk/bin/llvm-ar"]


def test_a_compiler_without_a_name_for_the_target_is_refused() -> None:
    request = ExportRequest(operations=(), entries=[ZIG], host=HOST, target=ANDROID, toolchain=ANDROID_TOOLCHAIN)
    with pytest.raises(UsageError, match=r"compiler\.zig-0\.13\.0-00000001 can't compile for android-arm64-24"):
        render("meson-cross", request)


def _conan_profile(request: ExportRequest, folder: Path) -> dict[str, Any]:
    write(folder / "profile", render("conan-profile", request))
    home = {"CONAN_HOME": str(folder / "conan")}
    text = call(
        "conan",
        "profile",
        "show",
        "-pr:h=./profile",
        "-pr:b=./profile",
        "--format=json",
        folder=folder,
        environment=home,
    )
    shown: dict[str, Any] = json.loads(text)["host"]
    return shown


def test_conan_reads_a_profile(tmp_path: Path) -> None:
    names = {"compiler.gcc": {"conan": "gcc"}}
    request = ExportRequest(operations=[], entries=[GCC], host=HOST, target=ARM, names=names)
    shown = _conan_profile(request, tmp_path)
    assert shown["settings"] == {
        "os": "Linux",
        "arch": "armv8",
        "build_type": "Release",
        "compiler": "gcc",
        "compiler.version": "12",
        "compiler.libcxx": "libstdc++11",
    }
    assert shown["conf"] == {"tools.build:compiler_executables": {"c": "/usr/bin/gcc", "cpp": "/usr/bin/g++"}}


def test_values_survive_jinja_and_conan_s_reading_of_lines(tmp_path: Path) -> None:
    hostile = [*hostile_operations("conan-profile"), Operation(op="set", var="JINJA", value="{{ x }} {% y %} {# z #}")]
    lists = [
        Operation(op="prepend_path", var="PATH", value="/x y"),
        Operation(op="append", var="CFLAGS", value="-g", sep=" "),
        Operation(op="append_path", var="L", value="/a", sep=";"),
        Operation(op="unset", var="GONE"),
    ]
    shown = _conan_profile(ExportRequest(operations=[*hostile, *lists]), tmp_path)
    expected = [f"{operation.var}={operation.value}" for operation in hostile]
    expected += ["PATH=+(path)/x y", "CFLAGS+=-g", "L+=(sep=;)/a", "GONE=!"]
    assert set(shown["build_env"].splitlines()) == set(expected)


@pytest.mark.parametrize("value", ["a+=b", "x=+y", "!", " x", "(path)/x", "(sep=;)x"])
def test_what_conan_would_read_otherwise_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="V: a Conan profile can't hold"):
        render("conan-profile", ExportRequest(operations=[Operation(op="set", var="V", value=value)]))
