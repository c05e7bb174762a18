"""What a clang needs to link for a machine besides its C library: GCC's start files, a linker, and code for it.

The soft of clang asks this of what distributions install and configuration files name, `pkgmgr.jobs.rooted` of root
file systems that targets name. Touches: files and programs, through `pkgmgr.host.ports.Files` and an `Asker`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pkgmgr.host.ports import Files
from pkgmgr.model.target import Target

if TYPE_CHECKING:
    from pkgmgr.detect.ask import Asker

START_FILES = ("usr/lib/crt1.o", "usr/lib64/crt1.o", "usr/lib/{triple}/crt1.o", "lib/crt1.o", "lib/{triple}/crt1.o")
"""Where they lie below a root file system for Linux."""
_PLAIN_VERSION = re.compile(r"\d+(\.\d+)*")
# How `clang --print-targets` calls the architectures.
_BACKENDS = {
    "x86_64": "x86-64",
    "arm64": "aarch64",
    "armv6": "arm",
    "s390x": "systemz",
    "ppc": "ppc32",
    "powerpc": "ppc32",
    "sparc64": "sparcv9",
}


def has_gcc(files: Files, folder: str, *, with_cxx: bool) -> bool:
    """Tell whether a folder of GCC's for one triple has start files, and for C++ the library of that.

    clang passes over what is not called by a plain version, such as Debian's ``12-win32``.
    """
    versions = [name for name in files.names(folder) if _PLAIN_VERSION.fullmatch(name)]
    kept = [name for name in versions if files.stat(f"{folder}/{name}/crtbegin.o") is not None]
    libraries = (f"{folder}/{name}/libstdc++{ending}" for name in kept for ending in (".so", ".a", ".dll.a"))
    return bool(kept) and (not with_cxx or any_there(files, libraries))


def has_linker(files: Files, folders: Sequence[str], triple: str, *, of_llvm: Sequence[str] = ()) -> bool:
    """Tell whether the triple's own linker, or LLVM's, which serves all, lies in one of the folders.

    :param of_llvm: where LLVM's may lie besides.
    """
    own = (f"{folder}/{triple}-ld" for folder in folders)
    lld = (f"{folder}/ld.lld{ending}" for folder in (*folders, *of_llvm) for ending in ("", ".exe"))
    return any_there(files, (*own, *lld))


def any_there(files: Files, paths: Iterable[str]) -> bool:
    """Tell whether one of the paths leads somewhere."""
    return any(files.stat(path) is not None for path in paths)


def backend(target: Target) -> str:
    """Give clang's name of a target's architecture."""
    return _BACKENDS.get(target.arch, target.arch)


def backends(asker: Asker, program: str) -> frozenset[str]:
    """Ask which architectures were built in; to be asked only where one of another kind could be linked for."""
    answer = asker.run([program, "--print-targets"])
    rows = re.findall(r"^\s+([\w-]+)\s+- ", answer.both, re.MULTILINE) if answer.exit_code == 0 else []
    return frozenset(rows)
