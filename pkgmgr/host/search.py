"""Globs and bounded walks over any `Files`, real or recorded. Pure."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from pkgmgr.host.ports import Files

MOST_MATCHES = 10_000
"""Paths that one pattern may lead to; what comes after them in order is left out."""

NOT_WALKED = frozenset({".git", ".hg", ".svn", "__pycache__"})
"""Names of folders that hold thousands of files and no software."""
_KERNEL_FOLDERS = frozenset({"/proc", "/sys", "/dev"})
_WILDCARDS = frozenset("*?[")


def expand_glob(files: Files, pattern: str) -> list[str]:
    """Give the paths that a glob leads to and that exist, sorted part by part.

    ``*``, ``?`` and ``[…]`` stay within one part and, as in a shell, do not stand for a leading dot.
    """
    found = ["/" if pattern.startswith("/") else ""]
    parts = [part for part in pattern.split("/") if part]
    is_checked = False
    for part in parts:
        is_wild = not _WILDCARDS.isdisjoint(part)
        if is_wild:
            fitting = _part_filter(part)
            found = [_below(folder, name) for folder in found for name in fitting(files.names(folder))][:MOST_MATCHES]
        else:
            found = [_below(folder, part) for folder in found]
        is_checked = is_wild
    return found if is_checked else [path for path in found if files.stat(path) is not None]


def is_folder(files: Files, path: str) -> bool:
    """Tell whether a path leads to a folder."""
    state = files.stat(path)
    return state is not None and state.is_folder


def _below(folder: str, name: str) -> str:
    """Join two parts; `posixpath.join` looks at much more, ten thousand times."""
    return f"{folder}{name}" if not folder or folder[-1] == "/" else f"{folder}/{name}"


@lru_cache(maxsize=512)
def _part_filter(part: str) -> Callable[[Sequence[str]], Sequence[str]]:
    """Give what takes those of many names that fit one part of a glob."""
    before, star, behind = part.partition("*")
    if star and _WILDCARDS.isdisjoint(before + behind):  # nearly all, and to compile an expression takes 0.2 ms
        if before:
            return lambda names: [name for name in beginning_with(names, before) if name.endswith(behind, len(before))]
        if behind:
            return lambda names: [name for name in names if name.endswith(behind) and name[0] != "."]
        return lambda names: [name for name in names if name[0] != "."]
    from fnmatch import translate

    matches = re.compile(translate(part)).match
    return lambda names: [name for name in names if matches(name) and (part[0] == "." or name[0] != ".")]


def beginning_with(names: Sequence[str], start: str) -> Sequence[str]:
    """Give those of sorted names that begin with a text."""
    return names[bisect_left(names, start) : bisect_left(names, start + "\U0010ffff")]


def walk(files: Files, root: str, *, depth: int, limit: int, cut: list[str] | None = None) -> Iterator[str]:
    """Give a folder and those below it, breadth first, each real one once: links and bind mounts may loop.

    :param depth: levels below ``root``; 0 gives ``root`` alone.
    :param limit: folders given at the most.
    :param cut: receives ``root`` when ``limit`` or ``depth`` left something out.
    """
    seen: set[tuple[int, int] | str] = set()
    level = [root]
    for distance in range(depth + 1):
        following: list[str] = []
        for folder in level:
            identity = _identity(files, folder)
            if identity is None or identity in seen:
                continue
            if len(seen) >= limit:
                _note(cut, root)
                return
            seen.add(identity)
            yield folder
            below = [name for name in files.subfolders(folder) if name not in NOT_WALKED]
            paths = [path for name in below if (path := posixpath.join(folder, name)) not in _KERNEL_FOLDERS]
            if distance < depth:
                following += paths
            elif paths:
                _note(cut, root)
        level = following


def _identity(files: Files, folder: str) -> tuple[int, int] | str | None:
    state = files.stat(folder)
    if state is None or not state.is_folder:
        return None
    return (state.device, state.inode) if state.inode else files.real(folder)


def _note(cut: list[str] | None, root: str) -> None:
    if cut is not None and root not in cut:
        cut.append(root)
