"""A root folder that some manager installed to, and how such folders are named and checked. Pure but for one `stat`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

import msgspec

from pkgmgr.host.ports import Host
from pkgmgr.host.search import expand_glob

SHARED_PREFIXES = frozenset({"/", "/usr", "/usr/local", "/bin", "/lib", "/opt", "/home"})
"""Roots that many things share: a manager that names one of them has not made it."""


class Prefix(msgspec.Struct, frozen=True, kw_only=True):
    """One root folder, with ``bin``, ``lib`` or ``include`` in it."""

    path: str
    origin: str
    """What entries found there say of where they came from: ``spack``, ``conda:<prefix>``, ``module:<name>``, …"""


def expand(host: Host, patterns: Iterable[str]) -> Iterator[str]:
    """Give the paths that exist of globs with ``~`` and a leading ``$NAME``; an unset variable's row says nothing."""
    for pattern in patterns:
        text = pattern
        if text.startswith("~"):
            text = host.home + text[1:]
        elif text.startswith("$"):
            name, slash, rest = text[1:].partition("/")
            text = host.variables.get(name, "") + slash + rest
        if text.startswith("/"):
            yield from expand_glob(host.files, text)


def is_own(path: str) -> bool:
    """Tell whether a path may be something's own root folder, rather than one that everything shares."""
    return posixpath.isabs(path) and posixpath.normpath(path) not in SHARED_PREFIXES
