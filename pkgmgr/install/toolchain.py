"""From a resolved compiler and a target to the commands and files that build systems take. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.target import Target, TargetDocument

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
    flags: tuple[str, ...] = ()
    """For each compilation and each link: ``-static`` for static targets."""
    is_cross: bool = False

    @property
    def triple(self) -> str:
        """The GNU triple of the target."""
        return self.document.triples[0]


def make_toolchain(compiler: Entry, target: Target, document: TargetDocument, host: Target) -> Toolchain:
    """Choose commands and flags.

    :raises CkpmError: when the compiler can't serve the target.
    """
    flags = document.toolchain.flags if document.toolchain is not None else ()
    is_cross = target.base != host.base or target.detail != host.detail
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
            flags=flags,
            is_cross=is_cross,
        )
    cc = compiler.files.get("c") or compiler.files.get("cxx")
    if cc is None:
        raise CkpmError(f"{compiler.id} has no C compiler")
    chosen = _clang_target(compiler, target, document)
    triple = str(compiler.attributes.get("triple", document.triples[0]))
    # A cross compiler's binutils lie beside it, which need not be on PATH.
    is_cross_gcc = is_cross and compiler.soft == "compiler.gcc"
    binutils = f"{PurePath(cc).parent}/{triple}-" if is_cross_gcc else ""
    return Toolchain(
        compiler=compiler,
        target=target,
        document=document,
        c=(cc, *chosen),
        cxx=(compiler.files.get("cxx", cc), *chosen),
        ar=(compiler.files.get("ar", f"{binutils}ar"),),
        ranlib=(compiler.files.get("ranlib", f"{binutils}ranlib"),),
        flags=flags,
        is_cross=is_cross,
    )


def _command(commands: Mapping[str, object], role: str) -> tuple[str, ...]:
    words = commands.get(role)
    return tuple(str(word) for word in words) if isinstance(words, list | tuple) else ()


def _clang_target(compiler: Entry, target: Target, document: TargetDocument) -> tuple[str, ...]:
    """Name the target to an NDK's clang, which serves several; others serve the one that they were found for."""
    if compiler.soft != "compiler.android-ndk":
        return ()
    level = target.api_level or int(document.default_detail or 24)
    least, most = compiler.attributes.get("min_api"), compiler.attributes.get("max_api")
    if isinstance(least, int) and isinstance(most, int) and not least <= level <= most:
        raise CkpmError(f"{compiler.id} serves API levels {least} to {most}, and {level} was asked for")
    return (f"--target={document.triples[0]}{level}",)


def reproducible_flags(folders: Mapping[str, str]) -> tuple[str, ...]:
    """Give the flags that keep the places of a build out of its products.

    ``-ffile-prefix-map`` (GCC 8, clang 10) maps ``__FILE__`` and debug information alike.
    """
    return tuple(f"-ffile-prefix-map={place}={name}" for place, name in folders.items())


def build_variables(toolchain: Toolchain | None, scripts: Mapping[str, str]) -> dict[str, str]:
    """Give the whole environment of a build; nothing of the caller's is in it.

    :param scripts: role → one executable that stands for a command of several words.
    """
    variables = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": EPOCH,
        "ZERO_AR_DATE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
    }
    if toolchain is not None:
        variables |= {"CC": scripts["c"], "CXX": scripts["cxx"], "AR": scripts["ar"], "RANLIB": scripts["ranlib"]}
        variables |= {
            "CFLAGS": shlex.join(("-O2", *toolchain.flags)),
            "CXXFLAGS": shlex.join(("-O2", *toolchain.flags)),
        }
        if toolchain.flags:
            variables["LDFLAGS"] = shlex.join(toolchain.flags)
    return variables


def wrapper_script(command: tuple[str, ...]) -> str:
    """Give a script that stands for a command of several words, for build systems that want one executable."""
    return f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n'


def cmake_toolchain(toolchain: Toolchain, scripts: Mapping[str, str], roots: tuple[str, ...]) -> str:
    """Give a CMake toolchain file."""
    known = toolchain.document.toolchain
    lines = []
    if toolchain.is_cross and known is not None:
        # With CMAKE_SYSTEM_NAME set, CMake knows that programs of the target can't simply be run.
        system = "Linux" if known.cmake_system == "Android" else known.cmake_system
        lines += [f"set(CMAKE_SYSTEM_NAME {system})", f"set(CMAKE_SYSTEM_PROCESSOR {known.cmake_processor})"]
    for name, role in (("C_COMPILER", "c"), ("CXX_COMPILER", "cxx"), ("AR", "ar"), ("RANLIB", "ranlib")):
        lines.append(f"set(CMAKE_{name} {_cmake_word(scripts[role])})")
    flags = " ".join(toolchain.flags)
    if flags:
        lines += [f'set(CMAKE_{name}_FLAGS_INIT "{flags}")' for name in ("C", "CXX", "EXE_LINKER")]
    if roots:
        lines.append(f"set(CMAKE_PREFIX_PATH {' '.join(_cmake_word(root) for root in roots)})")
    for what in ("LIBRARY", "INCLUDE", "PACKAGE"):
        lines.append(
            f"set(CMAKE_FIND_ROOT_PATH_MODE_{what} {'BOTH' if roots else 'ONLY'})"
        ) if toolchain.is_cross else None
    return "\n".join(lines) + "\n"


def _cmake_word(text: str) -> str:
    """Quote with a bracket argument, which nothing inside is special to (cmake-language(7))."""
    return f"[==[{text}]==]"
