"""Whether a product is for its target: machine, interpreter, libraries. Touches: the product's files (read)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pkgmgr.host.binary import binary_targets
from pkgmgr.host.files import LocalFiles
from pkgmgr.host.ports import ElfFacts
from pkgmgr.model.target import Target, TargetDocument, find_target

_GLIBC = ("libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "ld-linux")
_GNU_RUNTIME = ("libstdc++.so", "libgcc_s.so")
_ANDROID_LINKER = {True: "/system/bin/linker64", False: "/system/bin/linker"}
_64_BIT = frozenset({"arm64", "x86_64", "riscv64"})
_OBJECTS = (".a", ".o")
_OTHERS = (*_OBJECTS, ".so", ".lib", ".obj", ".dll", ".dylib")
"""For systems without ELF. Programs (``.exe``) are not looked at: Python packages carry launchers for every machine."""


def check_product(folder: Path, target: Target, document: TargetDocument) -> list[str]:
    """Say what in a product is not for its target; empty when all is well."""
    files = LocalFiles()
    suffixes = _OBJECTS if document.elf_machine is not None else _OTHERS
    wrong = []
    for path in _files(folder):
        elf = files.elf(str(path)) if document.elf_machine is not None else None
        if elf is not None and elf.kind in ("executable", "shared"):
            reason = mismatch(elf, target, document)
        elif path.suffix.lower() in suffixes:
            reason = foreign(binary_targets(files, str(path)), target)
        else:
            continue
        if reason:
            wrong.append(f"{path.relative_to(folder)}: {reason}")
    return wrong


def foreign(names: tuple[str, ...], target: Target) -> str:
    """Say why an object, or an archive of some, is not for a target; '' when it may be.

    Objects do not say for which C library they are, and an ELF one not for which system: Linux, as we name it, may be
    Android. Code for GPUs has no system.
    """
    found = [made for made in map(find_target, names) if made is not None and made.os != "none"]
    if not found or any(_may_be(made, target) for made in found):
        return ""
    return f"for {' and '.join(map(str, found))}, and not for {target}"


def _may_be(made: Target, target: Target) -> bool:
    return made.arch == target.arch and (made.os == target.os or {made.os, target.os} == {"linux", "android"})


def mismatch(elf: ElfFacts, target: Target, document: TargetDocument) -> str:
    """Say why an ELF program or shared library does not run on a target; '' when it does."""
    if elf.machine != document.elf_machine:
        return f"ELF machine {elf.machine}, and {target} is {document.elf_machine}"
    glibc = [name for name in elf.needed if name.startswith(_GLIBC)]
    if document.libc in ("bionic", "musl") and glibc:
        return f"needs {glibc[0]} of glibc, which {target} does not have"
    if target.os == "android":
        return _android_mismatch(elf, target, document)
    if document.is_static and elf.interpreter is not None:
        return f"dynamic ({elf.interpreter}), and {target} programs are static"
    return ""


def _android_mismatch(elf: ElfFacts, target: Target, document: TargetDocument) -> str:
    """Hold an object against what Android's loader wants; static programs need none of it."""
    runtime = [name for name in elf.needed if name.startswith(_GNU_RUNTIME)]
    if runtime:
        return f"needs {runtime[0]} of GCC, which {target} does not have"
    linker = _ANDROID_LINKER[target.arch in _64_BIT]
    if elf.interpreter is not None and elf.interpreter != linker:
        return f"its interpreter is {elf.interpreter}, and not Android's {linker}"
    if elf.interpreter is not None and not elf.is_pie:
        return "not position independent (PIE): Android 5 and later refuse to start it"
    level = target.api_level or int(document.default_detail or 0)
    if elf.android_api is not None and level and elf.android_api > level:
        return f"made for API level {elf.android_api}, and {target} is level {level}"
    return ""


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path
