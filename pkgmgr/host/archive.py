"""Static archives and GNU linker scripts: what stands behind a library's name that is no object itself.

`first_members` and `parse_linker_script` are pure; `resolve_library` looks at files through `Files`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pkgmgr.host.ports import Files

_MAGIC = b"!<arch>\n"
_HEADER_SIZE = 60
_MOST_MEMBERS = 64
_MOST_KEPT = 1 << 8
_LARGEST_SCRIPT = 1 << 14
_DEEPEST_SCRIPT = 8


class Member(NamedTuple):
    """One file of an archive."""

    name: str
    offset: int
    """Where its content begins."""
    size: int


def first_members(read: Callable[[int, int], bytes]) -> Iterator[Member]:
    """Give the first files of an archive, without its tables; none of a thin one, which holds no content.

    The layout is that of ``ar.h``, with the long names of GNU (``/123``) and of BSD (``#1/20``).
    """
    if read(0, len(_MAGIC)) != _MAGIC:
        return
    place = len(_MAGIC)
    for _ in range(_MOST_MEMBERS):
        header = read(place, _HEADER_SIZE)
        digits = header[48:58].strip()
        if len(header) < _HEADER_SIZE or header[58:] != b"`\n" or not digits.isdigit():
            return
        name, size = header[:16].decode("utf-8", "replace").rstrip(), int(digits)
        start = place + _HEADER_SIZE
        skipped = int(name[3:]) if name.startswith("#1/") and name[3:].isdigit() else 0
        if skipped:
            name = read(start, min(skipped, 256)).split(b"\0", 1)[0].decode("utf-8", "replace")
        if name not in ("/", "//", "/SYM64/") and not name.startswith("__.SYMDEF"):
            yield Member(name.rstrip("/"), start + skipped, max(0, size - skipped))
        place = start + size + size % 2


def shortened(content: bytes) -> bytes:
    """Keep of an archive what tells what it is: the beginning of its first file; other content stays as it is.

    The table of symbols that stands before it takes 20 MiB in the largest ones.
    """
    member = next(first_members(lambda offset, size: content[offset : offset + size]), None)
    if member is None:
        return content[: len(_MAGIC)] if content.startswith(_MAGIC) else content
    kept = content[member.offset : member.offset + min(member.size, _MOST_KEPT)]
    header = f"{member.name[:15]}/".ljust(48) + f"{len(kept)}".ljust(10)
    return _MAGIC + header.encode("ascii", "replace") + b"`\n" + kept


class LinkerScript(NamedTuple):
    """What a text file in place of a library says."""

    inputs: tuple[str, ...]
    """What to link instead, in order: paths, and ``-lNAME``."""
    format: str
    """The BFD name of its objects, such as ``elf64-x86-64``; empty where it is not said."""


_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_COMMAND = re.compile(r"\b(GROUP|INPUT)\s*\(")
_FORMAT = re.compile(r"\bOUTPUT_FORMAT\s*\(\s*\"?([\w-]+)")
_TOKEN = re.compile(r'"[^"]*"|[()]|[^\s(),"]+')


def parse_linker_script(text: str) -> LinkerScript | None:
    """Read the ``GROUP`` and ``INPUT`` commands of a script such as glibc's ``libc.so``; None for other text."""
    plain = _COMMENT.sub(" ", text)
    inputs: list[str] = []
    for command in _COMMAND.finditer(plain):
        depth = 1
        for token in _TOKEN.findall(plain, command.end()):
            depth += {"(": 1, ")": -1}.get(token, 0)
            if depth == 0:
                break
            if token not in ("(", ")", "AS_NEEDED"):
                inputs.append(token.strip('"'))
    if not inputs:
        return None
    named = _FORMAT.search(plain)
    return LinkerScript(tuple(inputs), named[1] if named else "")


def resolve_library(files: Files, path: str, *, sysroot: str = "") -> str | None:
    """Give the object or archive that is linked when a library is named; None when it leads nowhere.

    :param sysroot: in front of absolute paths inside the scripts that lie in it.
    """
    for _ in range(_DEEPEST_SCRIPT):
        state = files.stat(path)
        if state is None or state.is_folder:
            return None
        if state.size > _LARGEST_SCRIPT:
            return path
        head = files.read(path, _LARGEST_SCRIPT) or b""
        if head.startswith((b"\x7fELF", _MAGIC)):
            return path
        script = parse_linker_script(head.decode("utf-8", "replace"))
        if script is None:
            return path
        following = next((place for name in script.inputs if (place := _place(files, path, name, sysroot))), None)
        if following is None:
            return None
        path = following
    return None


def _place(files: Files, script: str, name: str, sysroot: str) -> str | None:
    folder = posixpath.dirname(script)
    if name.startswith("-l"):
        tried = [f"{folder}/lib{name[2:]}.so", f"{folder}/lib{name[2:]}.a"]
    elif name.startswith(("=", "$SYSROOT")):
        tried = [sysroot + name.removeprefix("=").removeprefix("$SYSROOT")]
    elif name.startswith("/"):
        tried = [sysroot + name, name] if sysroot and script.startswith(f"{sysroot}/") else [name]
    else:
        tried = [posixpath.join(folder, name)]
    return next((place for place in tried if files.stat(place) is not None), None)
