"""Which targets a clang can link for here: it generates code for dozens, and brings the C library of none.

What clang itself looks for, as `clang --target=aarch64-linux-gnu -v` and `-###` tell: GCC's folder for the triple (with
start files and libgcc; it passes over those not called by a plain version, such as Debian's `12-win32`), the C library
beside it, and a linker. Or a configuration file for the triple, which names a sysroot. An entry with a `clang++` is one
for C++: GCC's C++ library must be there too, as for the cross GCC that has it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pkgmgr.detect.clang_targets import START_FILES, any_there, backend, backends, has_gcc, has_linker
from pkgmgr.detect.hooks import HookContext
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value
from pkgmgr.model.target import Target, find_target

_GCC_FOLDERS = ("lib/gcc-cross", "lib/gcc", "lib64/gcc")
# Where the C library of a triple lies, below the prefix of its GCC: start file and header, side by side.
_LINUX = (
    ("{triple}/lib/crt1.o", "{triple}/include/stdio.h"),
    ("{triple}/lib64/crt1.o", "{triple}/include/stdio.h"),
    ("{triple}/sys-root/usr/lib/crt1.o", "{triple}/sys-root/usr/include/stdio.h"),
    ("{triple}/sysroot/usr/lib/crt1.o", "{triple}/sysroot/usr/include/stdio.h"),
    ("lib/{triple}/crt1.o", "include/{triple}/bits/types.h"),
)
_WINDOWS = (
    ("{triple}/lib/crt2.o", "{triple}/include/stdio.h"),
    ("{triple}/sys-root/mingw/lib/crt2.o", "{triple}/sys-root/mingw/include/stdio.h"),
)
# Below a sysroot.
_SYSROOT = (*START_FILES, "mingw/lib/crt2.o", "lib/crt2.o")
_CONFIGURED = re.compile(r"([a-z]\w*-\w+-\w+-\w+)(?:-clang)?\.cfg")
_SYSROOT_OPTION = re.compile(r"^\s*--sysroot[= ]\s*(\S.*?)\s*$", re.MULTILINE)
_OWN_RUNTIME = re.compile(r"-?-rtlib=compiler-rt|--gcc-toolchain=|--gcc-install-dir=")
_OWN_LINKER = re.compile(r"-fuse-ld=lld|--ld-path=")
_FIRST_CONFIGURED = 16
"""The first major version that reads a configuration file for the triple that `--target` names."""


def examine(context: HookContext, facts: dict[str, Value]) -> dict[str, Value] | str:
    """Add the targets besides the one that it serves when told nothing, and the program that a wrapper starts."""
    own = str(facts["triple"])
    if "called" in facts and find_target(own) != find_target(context.host.target):
        return {"emitted": [own]}  # a name that chooses the target: it is there for that one
    wrapped = _wrapped(context, facts) if "called" not in facts else None
    if wrapped is not None:
        real_dir = posixpath.dirname(context.files.real(wrapped))
        facts = {**facts, "path": wrapped, "dir": posixpath.dirname(wrapped), "real_dir": real_dir}
        return {**_emitted(context, facts, own), "wrapped": wrapped}
    return _emitted(context, facts, own)


def _wrapped(context: HookContext, facts: dict[str, Value]) -> str | None:
    """Give the program that a script starts (``exec ccache /opt/llvm/bin/clang``): it says in which folder it is."""
    files = context.files
    installed = str(facts.get("installed", ""))
    if not installed or (files.read(str(facts["real"]), 2) or b"") != b"#!":
        return None
    major = str(facts["version"]).partition(".")[0]
    names = (f"{installed}/clang-{major}", f"{installed}/clang")
    found = [name for name in names if files.stat(name) is not None and files.read(files.real(name), 2) != b"#!"]
    return found[0] if found else None


def _emitted(context: HookContext, facts: dict[str, Value], own: str) -> dict[str, Value]:
    triples = list(dict.fromkeys([*_beside_gcc(context, facts), *_configured(context, facts)]))
    served = {find_target(own)}
    further: list[str] = []
    for triple in triples:
        target = find_target(triple)
        if target is not None and target not in served:
            served.add(target)
            further.append(triple)
    known = backends(context.asker, str(facts["path"])) if further else frozenset()
    kept = [triple for triple in further if _backend(triple) in known]
    triples_of: dict[str, Value] = {str(find_target(triple)): triple for triple in kept}
    return {"emitted": [own, *kept], **({"triples": triples_of} if kept else {})}


def _beside_gcc(context: HookContext, facts: dict[str, Value]) -> Iterator[str]:
    """Give the triples that have a GCC's libraries, a C library and a linker here."""
    files = context.files
    with_cxx = _has_cxx(files, facts)
    prefixes = dict.fromkeys(["/usr", posixpath.dirname(str(facts["real_dir"]))])
    for prefix in prefixes:
        for folder in _GCC_FOLDERS:
            for triple in files.names(f"{prefix}/{folder}"):
                target = find_target(triple)
                if (
                    target is not None
                    and has_gcc(files, f"{prefix}/{folder}/{triple}", with_cxx=with_cxx)
                    and _has_c_library(files, prefix, triple, target)
                    and _has_linker(files, facts, triple)
                ):
                    yield triple


def _has_cxx(files: Files, facts: dict[str, Value]) -> bool:
    return any(files.stat(f"{facts['real_dir']}/clang++{ending}") is not None for ending in ("", ".exe"))


def _has_c_library(files: Files, prefix: str, triple: str, target: Target) -> bool:
    places = {"linux": _LINUX, "windows": _WINDOWS}.get(target.os, ())
    return any(
        all(files.stat(f"{prefix}/{part.format(triple=triple)}") is not None for part in pair) for pair in places
    )


def _has_linker(files: Files, facts: dict[str, Value], triple: str) -> bool:
    return has_linker(files, (str(facts["dir"]), "/usr/bin"), triple, of_llvm=(str(facts["real_dir"]),))


def _configured(context: HookContext, facts: dict[str, Value]) -> Iterator[str]:
    """Give the triples for which a file beside the program names a sysroot with a C library in it."""
    if int(str(facts["version"]).partition(".")[0]) < _FIRST_CONFIGURED:
        return
    folder = str(facts["real_dir"])
    for name in context.files.names(folder):
        found = _CONFIGURED.fullmatch(name)
        text = context.read_text(f"{folder}/{name}") if found is not None else None
        stated = _SYSROOT_OPTION.search(text) if text is not None else None
        if found is not None and text is not None and stated is not None:
            sysroot = posixpath.normpath(stated[1].strip("\"'").replace("<CFGDIR>", folder))
            if _serves(context.files, facts, found[1], sysroot, text):
                yield found[1]


def _serves(files: Files, facts: dict[str, Value], triple: str, sysroot: str, text: str) -> bool:
    """Tell whether a sysroot, with what else a configuration file says, is enough to link for a triple."""
    short = "-".join(part for part in triple.split("-") if part not in ("unknown", "pc"))
    names = (triple, short)
    starts = (f"{sysroot}/{part.format(triple=name)}" for part in _SYSROOT for name in names)
    with_cxx = _has_cxx(files, facts)
    own_gcc = (has_gcc(files, f"{sysroot}/usr/lib/gcc/{name}", with_cxx=with_cxx) for name in names)
    return (
        any_there(files, starts)
        and (_OWN_RUNTIME.search(text) is not None or any(own_gcc))
        and (_OWN_LINKER.search(text) is not None or _has_linker(files, facts, short))
    )


def _backend(triple: str) -> str:
    target = find_target(triple)
    return backend(target) if target is not None else ""
