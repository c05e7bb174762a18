"""What makes a compiler that serves several targets compile for the one that is wanted. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pkgmgr.model.entry import Entry
from pkgmgr.model.target import Target, find_target

CLANG = "compiler.llvm"


def clang_flags(entry: Entry, target: Target | None, triple: str = "") -> tuple[str, ...]:
    """Give what a clang has to be told to compile for a target; nothing for another compiler, or for its own target.

    :param triple: the target's, where the entry does not say for which one it found what a link takes.
    """
    own = find_target(str(entry.attributes.get("triple", "")))
    if entry.soft != CLANG or target is None or own == target or str(target) not in entry.emits:
        return ()
    served = entry.attributes.get("triples")
    name = served.get(str(target), triple) if isinstance(served, Mapping) else triple
    if not name:
        return ()
    # A linker of the target's own may be there or not, lld serves all; calls that do not link would warn of it.
    lld = ("-fuse-ld=lld", "-Wno-unused-command-line-argument") if "linker" in entry.files else ()
    roots = entry.attributes.get("sysroots")
    root = roots.get(str(target)) if isinstance(roots, Mapping) else None
    return (f"--target={name}", *([f"--sysroot={root}"] if root else []), *lld)


def aimed(entry: Entry, target: Target | None) -> Entry:
    """Give an entry whose variables (``CC``) name the target, where its compiler has to be told."""
    flags = clang_flags(entry, target)
    if not flags:
        return entry
    commands = {entry.files[role] for role in ("c", "cxx") if role in entry.files}
    operations = tuple(
        msgspec.structs.replace(operation, value=" ".join([operation.value, *flags]))
        if operation.op == "set" and operation.value in commands and operation.value is not None
        else operation
        for operation in entry.env
    )
    return msgspec.structs.replace(entry, env=operations)
