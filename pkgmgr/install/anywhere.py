"""What a product's file says, apart from where the home lies. Touches: the file (read).

A script, a configuration or a library's search path may hold the path of the home that it was made for. Made in
another home, such a file has other bytes, and nothing about it has changed. So a lock compares it with a mark in the
path's place.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath

from pkgmgr.install.relocation import escaped, holds, own_place

HOME = b"${CKPM_HOME}"


@dataclass(frozen=True, kw_only=True)
class Where:
    """The place that a product was made for."""

    home: Path
    prefix: Path
    """Its folder in the store of that home."""

    @cached_property
    def _paths(self) -> dict[bytes, bytes]:
        """Ways to write the home, and what is read in their place; the longer ones come first."""
        plain = os.fsencode(self.home)
        return {escaped(plain): HOME, plain: HOME}

    def anywhere(self, path: Path, name: str) -> str:
        """Give the sha256 of a file, or of where a link leads, with a mark for the home; empty where it holds none.

        :param name: the file's path in the product.
        """
        if path.is_symlink():
            return _digest(os.fsencode(os.readlink(path)), self._paths)
        paths = self._paths
        if path.suffix == ".pc":  # leads to its own place, except below a home with a quote in its name
            own = HOME + b"/" + os.fsencode(PurePath(self.prefix).relative_to(self.home).as_posix())
            paths = {os.fsencode(own_place(PurePath(name))): own, **paths}
        return _digest(path.read_bytes(), paths) if holds(path, paths) else ""


def _digest(content: bytes, paths: dict[bytes, bytes]) -> str:
    changed = content
    for old, new in paths.items():
        changed = changed.replace(old, new)
    return hashlib.sha256(changed).hexdigest() if changed != content else ""
