"""From where something was made to where it will be: paths in what was made. Touches: the product's files."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath, PurePosixPath

from pkgmgr.model.errors import CkpmError

LOG = "build.log"
_QUOTES = re.compile(rb"[^\w./+ -]", re.ASCII)
_ESCAPED = re.compile(rb"[^\w./+-]", re.ASCII)
_MACH_O = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def relocate(made: Path, final: Path, others: Mapping[str, str]) -> None:
    """Write the final place into the files that hold the one where they were made.

    In a text any path may take the place of another, in a program one of the same length: all that follows stays where
    it is. A ``.pc`` file leads to its own place, so it is right wherever its prefix is moved; pkg-config escapes spaces
    in that, but no quotes.

    :param others: further paths, and what is to stand for them.
    :raises CkpmError: when a program holds one of the others that can't be replaced.
    """
    pairs = {str(made): str(final), **others}
    replaced = {os.fsencode(old): os.fsencode(new) for old, new in pairs.items()}
    for path in sorted(made.rglob("*")):
        if path.is_symlink():
            _relocate_link(path, pairs)
        elif path.is_file() and path.name != LOG:
            _relocate_file(path, made, final, replaced)


def _relocate_file(path: Path, made: Path, final: Path, replaced: Mapping[bytes, bytes]) -> None:
    if not holds(path, replaced):
        return
    content = path.read_bytes()
    if b"\0" not in content:
        if path.suffix == ".pc":
            replaced = {old: escaped(new) for old, new in replaced.items()}
            if not _QUOTES.search(os.fsencode(final)):
                replaced[os.fsencode(made)] = os.fsencode(own_place(path.relative_to(made)))
        new = _replace(content, replaced)
    elif content.startswith(_MACH_O):  # signed: a changed one is not started
        return
    else:
        same = {old: new for old, new in replaced.items() if len(old) == len(new)}
        for old in replaced.keys() - same.keys() - {os.fsencode(made)}:
            if old in content and replaced[old]:
                raise CkpmError(
                    f"{path.relative_to(made)} holds {os.fsdecode(old)}, and {os.fsdecode(replaced[old])} is too short "
                    "a path to take its place",
                    hint="take a home whose path has no spaces or is longer (--home)",
                )
        new = _replace(content, same)
    mode = path.stat().st_mode & 0o777
    path.chmod(mode | 0o200)  # libtool's archives and Perl's files are read-only
    path.write_bytes(new)
    path.chmod(mode)


def holds(path: Path, words: Iterable[bytes]) -> bool:
    """Look for any of some words in a file, however large."""
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(word) >= 0 for word in words)


def _relocate_link(path: Path, pairs: Mapping[str, str]) -> None:
    leads = os.readlink(path)
    for old, new in pairs.items():
        if new and leads.startswith(f"{old}/"):
            path.unlink()
            path.symlink_to(new + leads.removeprefix(old))
            return


def _replace(content: bytes, replaced: Mapping[bytes, bytes]) -> bytes:
    for old, new in replaced.items():
        content = content.replace(old, new)
    return content


def escaped(path: bytes) -> bytes:
    """Write a path as pkg-config reads it."""
    return _ESCAPED.sub(rb"\\\g<0>", path)


def own_place(path: PurePath) -> str:
    """Give the prefix as a ``.pc`` file at a path in it can say it."""
    folders = len(PurePosixPath(path.as_posix()).parts) - 1
    return "/".join(["${pcfiledir}", *[".."] * folders])
