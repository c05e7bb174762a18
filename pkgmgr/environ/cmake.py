"""What both CMake formats say: the cache variables that entries and a target lead to. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pkgmgr.environ.request import ExportRequest, is_cross
from pkgmgr.environ.tools import commands, ndk, prefixes
from pkgmgr.model.errors import UsageError

_LANGUAGES = {"c": "C", "cxx": "CXX", "fortran": "Fortran", "cuda": "CUDA"}
_ANDROID_ABI = {"arm64": "arm64-v8a", "arm": "armeabi-v7a", "x86_64": "x86_64", "x86": "x86", "riscv64": "riscv64"}


def cache_variables(request: ExportRequest) -> dict[str, list[str]]:
    """Give variables and their values as lists.

    :raises UsageError: for a path with a semicolon, which CMake can't hold in a list.
    """
    variables = {name: values for name, values in _variables(request) if values}
    for name, values in variables.items():
        if any(";" in value for value in values):
            raise UsageError(f"{name}: CMake takes the semicolon in {';'.join(values)!r} for the end of an item")
    return variables


def _variables(request: ExportRequest) -> Iterator[tuple[str, list[str]]]:
    android = request.target is not None and request.target.os == "android"
    kit = ndk(request) if android else None
    if is_cross(request) and request.toolchain is not None:
        yield "CMAKE_SYSTEM_NAME", [request.toolchain.cmake_system]
        yield "CMAKE_SYSTEM_PROCESSOR", [request.toolchain.cmake_processor]
        yield "CMAKE_CROSSCOMPILING_EMULATOR", list(request.emulator)
        for what in ("LIBRARY", "INCLUDE", "PACKAGE"):
            yield f"CMAKE_FIND_ROOT_PATH_MODE_{what}", ["BOTH" if prefixes(request) else "ONLY"]
        yield "CMAKE_FIND_ROOT_PATH_MODE_PROGRAM", ["NEVER"]
    if kit is not None and request.target is not None:  # CMake finds an NDK's compilers itself, and their sysroot
        level = request.target.api_level
        yield "CMAKE_ANDROID_NDK", [kit.prefix]
        yield "CMAKE_ANDROID_ARCH_ABI", [_ANDROID_ABI.get(request.target.arch, request.target.arch)]
        yield "CMAKE_SYSTEM_VERSION", [str(level)] if level is not None else []
    else:
        found = commands(request)
        for role, language in _LANGUAGES.items():
            yield f"CMAKE_{language}_COMPILER", list(found.get(role, ()))
            flags = request.toolchain.flags if is_cross(request) and request.toolchain else ()
            yield f"CMAKE_{language}_FLAGS_INIT", [" ".join(flags)] if flags and role in found else []
        for tool in ("ar", "ranlib", "strip", "linker"):
            command = found.get(tool, ())  # CMake takes one program here, and no arguments for it
            yield f"CMAKE_{tool.upper()}", list(command) if len(command) == 1 else []
    yield "CMAKE_PREFIX_PATH", prefixes(request)
