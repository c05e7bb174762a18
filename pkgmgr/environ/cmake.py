"""What both CMake formats say: the cache variables that entries and a target lead to. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pkgmgr.environ.request import ExportRequest, is_cross
from pkgmgr.environ.tools import brings_libraries, commands, has_system_libraries, ndk, prefixes, sysroots
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
        # Told "Android" without an NDK, CMake looks for one itself, and finds none.
        is_bare = request.toolchain.cmake_system == "Android" and kit is None
        yield "CMAKE_SYSTEM_NAME", ["Linux" if is_bare else request.toolchain.cmake_system]
        yield "CMAKE_SYSTEM_PROCESSOR", [request.toolchain.cmake_processor]
        yield "CMAKE_CROSSCOMPILING_EMULATOR", list(request.emulator)
        root = [] if kit is not None else sysroots(request)
        yield "CMAKE_SYSROOT", root[:1]
        roots = [*prefixes(request), *(root or [request.root] * bool(request.root))]
        yield "CMAKE_FIND_ROOT_PATH", roots
        # A library below the system's own folders (Debian's multiarch) is below none of these, and neither is the C
        # library of a compiler that does not say where it is.
        is_whole = kit is not None or bool(root) or bool(request.root) or brings_libraries(request) or not roots
        mode = "ONLY" if is_whole and not has_system_libraries(request) else "BOTH"
        yield from ((f"CMAKE_FIND_ROOT_PATH_MODE_{what}", [mode]) for what in ("LIBRARY", "INCLUDE", "PACKAGE"))
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
