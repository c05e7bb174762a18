"""Which names of members are harmless. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from pkgmgr.install.unpack.member import DamagedError

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")
LONGEST = 4096
"""Characters."""


def safe_parts(name: str, *, depth: int) -> tuple[str, ...]:
    """Split a member's name into parts that stay inside the folder.

    :raises DamagedError: for a name that leaves it, is absolute, too deep, or holds what no name should.
    """
    if _CONTROL.search(name):
        raise DamagedError("its name holds a line break or another control character")
    if name.startswith("/") or _DRIVE.match(name):
        raise DamagedError("its name is an absolute path")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise DamagedError("its name leads out of the folder")
    if len(parts) > depth:
        raise DamagedError(f"it lies more than {depth} folders deep")
    if len(name) > LONGEST:
        raise DamagedError(f"its name is longer than {LONGEST} characters")
    return parts


def is_wanted(name: str, only: Sequence[str]) -> bool:
    """Tell whether a name fits one of the globs, or lies in a folder that does; with none, all names do."""
    if not only:
        return True
    return any(fnmatchcase(name, glob) or fnmatchcase(name, f"{glob.rstrip('/')}/*") for glob in only)
