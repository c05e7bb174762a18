"""Which of a program's names its entry goes by. Touches: the file system, through `pkgmgr.host.ports.Files` only."""

from __future__ import annotations

import posixpath

from pkgmgr.detect.candidates import Candidate
from pkgmgr.host.ports import Files


def best_name(candidate: Candidate, version: str | None, files: Files) -> str:
    """Choose the name to report of a program that has several.

    ``gcc`` may mean another version tomorrow and ``gcc-12`` may not: the name that holds most of the version
    wins, then the true path, then the shortest name. What Debian's alternatives point elsewhere comes last.
    A number counts whole: ``clang-14`` says nothing of 4.0.0. Debian's ``swig4.0`` is 4.1, and never 3.
    """
    parts = (version or "").split(".")

    def held(path: str) -> int:
        name = posixpath.basename(path)
        counts = range(len(parts), 0, -1)
        return next((count for count in counts if _holds_number(name, ".".join(parts[:count]))), 0)

    given = candidate.names or (candidate.path,)
    names = tuple(path for path in given if not _is_alternative(path, files)) or given
    best = max(held(path) for path in names) if version else 0
    if best:
        return min((path for path in names if held(path) == best), key=lambda path: (len(path), path))
    own = {posixpath.basename(path) for path in names}
    if posixpath.basename(candidate.real) in own and files.stat(candidate.real) is not None:
        is_link_into_itself = posixpath.dirname(candidate.real) == posixpath.dirname(names[0])
        return candidate.real if not is_link_into_itself else min(names, key=lambda path: (len(path), path))
    return names[0]


def _holds_number(name: str, number: str) -> bool:
    """Tell whether a name holds a number whole: not as a part of a longer one, nor behind a dot."""
    start = name.find(number)
    while start >= 0:
        before, behind = name[start - 1 : start], name[start + len(number) : start + len(number) + 1]
        if not before.isdigit() and before != "." and not behind.isdigit():
            return True
        start = name.find(number, start + 1)
    return False


def _is_alternative(path: str, files: Files) -> bool:
    """Tell whether `update-alternatives` chooses what a name means."""
    return files.stat(f"/etc/alternatives/{posixpath.basename(path)}") is not None
