"""From a resolved compiler and a target to the commands and files that build systems take.

Pure, but for whether a sysroot or a companion program is there: that is a parameter.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.target import Target, TargetDocument, find_target

EPOCH = "315532800"
"""SOURCE_DATE_EPOCH: 1980-01-01, the same for every build, so that the same input gives the same bytes."""


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """How to compile for one target with one compiler."""

    compiler: Entry
    target: Target
    document: TargetDocument
    c: tuple[str, ...]
    """The C compiler's command, with the flags that choose the target."""
    cxx: tuple[str, ...]
    ar: tuple[str, ...]
    ranlib: tuple[str, ...]
    strip: tuple[str, ...] = ()
    """Empty, as the next two are, where the toolchain has none."""
    nm: tuple[str, ...] = ()
    windres: tuple[str, ...] = ()
    """Compiles resources for Windows."""
    sysroot: str = ""
    """Root of the target's file system that the compiler is told; empty where it knows its own."""
    library_root: str = ""
    """Folder whose ``lib`` holds the target's C library, for running its programs under an emulator."""
    flags: tuple[str, ...] = ()
    """For each compilation and each link: ``-static`` for static targets."""
    is_cross: bool = False

    @property
    def triple(self) -> str:
        """The GNU triple of the target."""
        return self.document.triples[0]

    @property
    def api_level(self) -> int:
        """The Android API level that is compiled for; 0 for another system."""
        return _api_level(self.target, self.document) if self.target.os == "android" else 0


SEARCHED_ANYWAY = frozenset({"", "/", "/usr", "/usr/local"})
"""Prefixes that every build tool looks into."""

ROLES = ("c", "cxx", "ar", "ranlib", "strip", "nm", "windres")
"""The commands that a toolchain can have."""


def make_toolchain(
    compiler: Entry,
    target: Target,
    document: TargetDocument,
    host: Target,
    exists: Callable[[str], bool] = os.path.exists,
) -> Toolchain:
    """Choose commands and flags.

    :raises CkpmError: when the compiler can't serve the target.
    """
    flags = document.toolchain.flags if document.toolchain is not None else ()
    is_cross = target.base != host.base or target.detail != host.detail
    roots = [*(f"{compiler.prefix}/{triple}" for triple in document.triples), *document.sysroots]
    library_root = next((root for root in roots if is_cross and exists(f"{root}/lib")), "")
    commands = compiler.attributes.get("commands")
    if isinstance(commands, dict):
        wanted = document.toolchain.zig if document.toolchain is not None else ""
        if not wanted:
            raise CkpmError(f"{compiler.id} can't compile for {target}")
        chosen: tuple[str, ...] = ("-target", wanted) if is_cross else ()
        return Toolchain(
            compiler=compiler,
            target=target,
            document=document,
            c=(*_command(commands, "c"), *chosen),
            cxx=(*_command(commands, "cxx"), *chosen),
            ar=_command(commands, "ar"),
            ranlib=_command(commands, "ranlib"),
            strip=_command(commands, "strip"),
            nm=_command(commands, "nm"),
            library_root=library_root,
            flags=flags,
            is_cross=is_cross,
        )
    cc = compiler.files.get("c") or compiler.files.get("cxx")
    if cc is None:
        raise CkpmError(f"{compiler.id} has no C compiler")
    sysroot = next((root for root in document.sysroots if is_cross and exists(f"{root}/usr/include")), "")
    if is_cross and compiler.soft == "compiler.llvm":
        chosen = _clang_flags(compiler, document, sysroot, exists)
    else:  # a GCC has its own, an NDK says which
        chosen = _ndk_flags(compiler, target, document)
        sysroot = str(compiler.attributes.get("sysroot") or "") if compiler.soft == "compiler.android-ndk" else ""
    tools = {role: _companion(compiler, cc, role, document, exists, is_cross=is_cross) for role in ROLES[2:]}
    return Toolchain(
        compiler=compiler,
        target=target,
        document=document,
        c=(cc, *chosen),
        cxx=(compiler.files.get("cxx", cc), *chosen),
        ar=tools["ar"],
        ranlib=tools["ranlib"],
        strip=tools["strip"],
        nm=tools["nm"],
        windres=tools["windres"] if target.os == "windows" else (),
        sysroot=sysroot,
        library_root=library_root,
        flags=flags,
        is_cross=is_cross,
    )


def _companion(
    compiler: Entry,
    cc: str,
    role: str,
    document: TargetDocument,
    exists: Callable[[str], bool],
    *,
    is_cross: bool,
) -> tuple[str, ...]:
    """Give a program of the binutils: the compiler's own, else one beside it, which need not be on PATH."""
    known = compiler.files.get(role)
    if known is not None:
        return (known,)
    folder = PurePath(cc).parent
    if compiler.soft == "compiler.android-ndk":
        return (f"{folder}/llvm-{role}",)
    if is_cross and compiler.soft == "compiler.gcc":
        return (f"{folder}/{compiler.attributes.get('triple', document.triples[0])}-{role}",)
    if is_cross:
        # A distribution's /usr/bin/clang-16 has its own llvm-ar, and the others beside that.
        home = PurePath(compiler.files.get("ar", cc)).parent
        own = [
            f"{home}/llvm-{role}",
            f"{folder}/llvm-{role}",
            *(f"/usr/bin/{triple}-{role}" for triple in document.triples),
        ]
        return (next((path for path in own if exists(path)), role),)
    return (role,)


def _command(commands: Mapping[str, object], role: str) -> tuple[str, ...]:
    words = commands.get(role)
    return tuple(str(word) for word in words) if isinstance(words, list | tuple) else ()


def _ndk_flags(compiler: Entry, target: Target, document: TargetDocument) -> tuple[str, ...]:
    """Name the target to an NDK's clang, as its wrappers (``aarch64-linux-android24-clang``) do."""
    if compiler.soft != "compiler.android-ndk":
        return ()
    level = _api_level(target, document)
    least, most = compiler.attributes.get("min_api"), compiler.attributes.get("max_api")
    if isinstance(least, int) and isinstance(most, int) and not least <= level <= most:
        raise CkpmError(f"{compiler.id} serves API levels {least} to {most}, and {level} was asked for")
    return (f"--target={document.triples[0]}{level}",)


def _api_level(target: Target, document: TargetDocument) -> int:
    return target.api_level or int(document.default_detail or 24)


def _clang_flags(
    compiler: Entry, document: TargetDocument, sysroot: str, exists: Callable[[str], bool]
) -> tuple[str, ...]:
    """Name the target to clang, which generates code for any, and needs its C library and a linker for it.

    A folder such as Debian's ``/usr/aarch64-linux-gnu`` is no sysroot, as its linker scripts hold paths from the real
    root: clang finds it and the cross GCC's libraries from the triple. One with ``usr/include`` is.
    """
    served = compiler.attributes.get("triples")
    triple = str(served.get(document.name, "")) if isinstance(served, Mapping) else ""
    triple = triple or document.triples[0]
    own = find_target(str(compiler.attributes.get("triple", "")))
    if str(own) == document.name:
        return ()  # called by the target's name: aarch64-linux-gnu-clang
    is_stated = document.name in compiler.emits  # detection found all that a link takes
    if not is_stated and not sysroot and not any(exists(f"{root}/include") for root in document.sysroots):
        raise CkpmError(
            f"{compiler.id} can compile for {document.name}, but the target's C library is not here",
            hint=f"looked for {' and '.join(document.sysroots) or 'no folder: the target names none'}",
        )
    words = [f"--target={triple}", *([f"--sysroot={sysroot}"] if sysroot else [])]
    folder = PurePath(compiler.files.get("c") or compiler.files["cxx"]).parent
    if any(exists(f"{place}/{name}-ld") for place in (folder, "/usr/bin") for name in document.triples):
        return tuple(words)
    if "linker" not in compiler.files and not any(exists(f"{place}/ld.lld") for place in (folder, "/usr/bin")):
        if is_stated:
            return tuple(words)  # its configuration file says which
        raise CkpmError(
            f"{compiler.id} has no linker for {document.name}", hint=f"install lld beside it, or {triple}-ld"
        )
    # Calls that do not link would warn of the linker's name, and -Werror makes that an error.
    return (*words, "-fuse-ld=lld", "-Wno-unused-command-line-argument")


def reproducible_flags(folders: Mapping[str, str]) -> tuple[str, ...]:
    """Give the flags that keep the places of a build out of its products.

    ``-ffile-prefix-map`` (GCC 8, clang 10) maps ``__FILE__`` and debug information alike.
    """
    return tuple(f"-ffile-prefix-map={place}={name}" for place, name in folders.items())


def wrapper_script(command: tuple[str, ...]) -> str:
    """Give a script that stands for a command of several words, for build systems that want one executable."""
    return f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n'


def cmake_toolchain(
    toolchain: Toolchain,
    scripts: Mapping[str, str],
    prefixes: tuple[str, ...],
    *,
    scratch: str,
    emulator: tuple[str, ...] = (),
) -> str:
    """Give a CMake toolchain file.

    Android is "Linux" to CMake here: told its real name, CMake looks for an NDK itself and replaces the compiler.

    :param prefixes: those of the resolved libraries.
    :param scratch: the build's folder; what a project looks for in its own sources is found when cross-compiling too.
    """
    known = toolchain.document.toolchain
    roots = tuple(prefix for prefix in prefixes if prefix not in SEARCHED_ANYWAY)
    lines = []
    if toolchain.is_cross and known is not None:
        # With CMAKE_SYSTEM_NAME set, CMake knows that programs of the target can't simply be run.
        system = "Linux" if known.cmake_system == "Android" else known.cmake_system
        lines += [f"set(CMAKE_SYSTEM_NAME {system})", f"set(CMAKE_SYSTEM_PROCESSOR {known.cmake_processor})"]
        if emulator:
            lines.append(f"set(CMAKE_CROSSCOMPILING_EMULATOR {_cmake_words(emulator)})")
        if toolchain.sysroot:
            lines.append(f"set(CMAKE_SYSROOT {_cmake_words([toolchain.sysroot])})")
    lines += [f"set(CMAKE_{name} {_cmake_words([scripts[role]])})" for name, role in _CMAKE_PROGRAMS if role in scripts]
    if known is None or known.cmake_system != "Darwin":
        for language in ("C", "CXX"):  # D: an ar may put times and owners into archives unless it is told not to
            lines.append(f'set(CMAKE_{language}_ARCHIVE_CREATE "<CMAKE_AR> qcD <TARGET> <LINK_FLAGS> <OBJECTS>")')
            lines.append(f'set(CMAKE_{language}_ARCHIVE_APPEND "<CMAKE_AR> qD <TARGET> <LINK_FLAGS> <OBJECTS>")')
    flags = " ".join(toolchain.flags)
    if flags:
        lines += [f'set(CMAKE_{name}_FLAGS_INIT "{flags}")' for name in ("C", "CXX", "EXE_LINKER")]
    if roots:
        lines.append(f"set(CMAKE_PREFIX_PATH {_cmake_words(roots)})")
    if toolchain.is_cross:
        own = toolchain.sysroot or toolchain.library_root
        # A library of another architecture below /usr (Debian's multiarch) is not below any of these roots.
        mode = "ONLY" if roots == prefixes else "BOTH"
        lines.append(f"set(CMAKE_FIND_ROOT_PATH {_cmake_words([*roots, *([own] if own else []), scratch])})")
        lines.append("set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)")
        lines += [f"set(CMAKE_FIND_ROOT_PATH_MODE_{what} {mode})" for what in ("LIBRARY", "INCLUDE", "PACKAGE")]
    return "\n".join(lines) + "\n"


_CMAKE_PROGRAMS = (
    ("C_COMPILER", "c"),
    ("CXX_COMPILER", "cxx"),
    ("AR", "ar"),
    ("RANLIB", "ranlib"),
    ("STRIP", "strip"),
    ("NM", "nm"),
    ("RC_COMPILER", "windres"),
)


def _cmake_words(words: Iterable[str]) -> str:
    """Quote with bracket arguments, which nothing inside is special to (cmake-language(7))."""
    return " ".join(f"[==[{word}]==]" for word in words)
