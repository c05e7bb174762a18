"""The entries of a home that were found on the host. Touches: ``detected.json``.

Installed entries are not kept here: each lies in its own folder of the store.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from pkgmgr.host.cache_file import write_cache_file
from pkgmgr.model.entry import Entry


class Registry:
    """Entries that earlier detections found, by id."""

    def __init__(self, home: Path) -> None:
        self._path = home / "detected.json"
        self._entries = _read(self._path)

    def entries(self) -> list[Entry]:
        """Give all by soft, those of one soft in the order in which they were found."""
        return list(self._entries.values())

    def knows(self, entry: Entry) -> bool:
        """Tell whether an entry was found before."""
        return entry.id in self._entries

    def update(
        self,
        found: Iterable[Entry],
        *,
        looked_for: Sequence[str],
        whole_system: bool,
        is_there: Callable[[str], bool] = os.path.exists,
    ) -> None:
        """Take in what a detection found.

        :param looked_for: the softs that were looked for; their entries that are gone are forgotten.
        :param whole_system: whether the host's own folders were looked in, or search paths only.
        :param is_there: tells whether a file of an entry is still there.
        """
        fresh = {entry.id: entry for entry in found}
        kept = {
            key: entry
            for key, entry in self._entries.items()
            if entry.soft not in looked_for
            or (not (whole_system and entry.origin != "search-path") and all(map(is_there, entry.files.values())))
        }
        others = (entry for key, entry in kept.items() if key not in fresh)
        rows = sorted([*fresh.values(), *others], key=lambda entry: entry.soft)
        if rows != self.entries():
            self._entries = {entry.id: entry for entry in rows}
            self._write()

    def _write(self) -> None:
        # Detection of a read-only home still answers; it only can't remember.
        write_cache_file(self._path, msgspec.json.format(msgspec.json.encode(self.entries()), indent=1))


def _read(path: Path) -> dict[str, Entry]:
    try:
        rows = msgspec.json.decode(path.read_bytes(), type=tuple[Entry, ...])
    except (OSError, msgspec.MsgspecError):
        return {}  # it is made again by the next detection
    return {entry.id: entry for entry in rows}
