"""Whether a product is for its target: machine, interpreter, libraries. Touches: the product's files (read)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pkgmgr.host.files import LocalFiles
from pkgmgr.host.ports import ElfFacts
from pkgmgr.model.target import Target, TargetDocument

_GLIBC = ("libc.so.6", "ld-linux")


def check_product(folder: Path, target: Target, document: TargetDocument) -> list[str]:
    """Say what in a product is not for its target; empty when all is well."""
    if document.elf_machine is None:
        return []
    files = LocalFiles()
    wrong = []
    for path in _files(folder):
        elf = files.elf(str(path))
        if elf is not None and elf.kind in ("executable", "shared"):
            reason = mismatch(elf, target, document)
            if reason:
                wrong.append(f"{path.relative_to(folder)}: {reason}")
    return wrong


def mismatch(elf: ElfFacts, target: Target, document: TargetDocument) -> str:
    """Say why an ELF object does not run on a target; '' when it does."""
    if elf.machine != document.elf_machine:
        return f"ELF machine {elf.machine}, and {target} is {document.elf_machine}"
    glibc = [name for name in elf.needed if name.startswith(_GLIBC)]
    if document.libc in ("bionic", "musl") and glibc:
        return f"needs {glibc[0]} of glibc, which {target} does not have"
    if target.os == "android":
        if elf.interpreter is not None and not elf.interpreter.startswith("/system/bin/linker"):
            return f"its interpreter is {elf.interpreter}, not Android's"
        if elf.android_api is not None and target.api_level is not None and elf.android_api > target.api_level:
            return f"made for API level {elf.android_api}, and {target.api_level} was asked for"
    if "-static" in (document.toolchain.flags if document.toolchain else ()) and elf.interpreter is not None:
        return f"dynamic ({elf.interpreter}), and {target} programs are static"
    return ""


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path
