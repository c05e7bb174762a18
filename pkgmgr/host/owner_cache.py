"""Remember which packages files belong to until a package is installed or removed.

Touches: one file of the cache, and the state of the databases.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from pkgmgr.host.cache_file import write_cache_file
from pkgmgr.host.owners import DATABASES
from pkgmgr.host.ports import Owners


class _Remembered(msgspec.Struct, frozen=True):
    state: list[tuple[str, int, int, int]]
    owners: dict[str, str | None]
    """Path → package; None: it belongs to none."""


def database_state() -> list[tuple[str, int, int, int]]:
    """Give path, inode, size and time of each database that is there."""
    found = []
    for path in DATABASES:
        with contextlib.suppress(OSError):
            state = os.stat(path)
            found.append((path, state.st_ino, state.st_size, state.st_mtime_ns))
    return found


class CachedOwners:
    """Owners that asks another only for files that it does not know.

    :param path: of the cache; what lies there may be removed at any time.
    :param read_state: gives what changes when a package is installed or removed.
    """

    def __init__(
        self, owners: Owners, path: Path, *, read_state: Callable[[], list[tuple[str, int, int, int]]] = database_state
    ) -> None:
        self._owners = owners
        self._path = path
        self._read_state = read_state

    def read_ahead(self) -> None:
        """Let the other read what it will need, where nothing is remembered."""
        state = self._read_state()
        if state and self._remembered(state) is None:
            self._owners.read_ahead()

    def find(self, paths: Sequence[str]) -> Mapping[str, str]:
        """Give the package of each file that belongs to one."""
        state = self._read_state()
        if not state:
            return {}
        owners = dict(self._remembered(state) or {})
        missing = [path for path in paths if path not in owners]
        if missing:
            told = self._owners.find(missing)
            owners.update({path: told.get(path) for path in missing})
            write_cache_file(self._path, msgspec.msgpack.encode(_Remembered(state=state, owners=owners)))
        return {path: owner for path in paths if (owner := owners[path]) is not None}

    def _remembered(self, state: list[tuple[str, int, int, int]]) -> Mapping[str, str | None] | None:
        """Give what is known of files, if no package has changed since."""
        known = _recall(self._path)
        return known.owners if known is not None and known.state == state else None


def _recall(path: Path) -> _Remembered | None:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=_Remembered)
    except (OSError, msgspec.MsgspecError):
        return None
