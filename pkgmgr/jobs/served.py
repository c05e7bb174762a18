"""Which envs a home serves, noted where they are made ready. Touches: ``envs/`` of the home.

An env of a project lies wherever its person keeps it, and one of a repository may be out of sight while ``gc`` runs:
only who has made it ready knows where it is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from pkgmgr.host.cache_file import write_cache_file
from pkgmgr.jobs.envs import LoadedEnv


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """An env that was made ready in this home."""

    path: str
    """Its document."""
    made: dict[str, tuple[str, ...]] = {}
    """Target → ids of what it was given last, beside what its lock says."""


def note_env(home: Path, loaded: LoadedEnv, *, target: str = "", given: Iterable[str] = ()) -> None:
    """Note that this home serves an env; a home that can't be written only can't note it.

    :param given: ids of the entries that were given to it for the target.
    """
    path = str(loaded.path)
    note = _place(home, path)
    known = _read(note) or Served(path=path)
    made = {**known.made, target: tuple(given)} if target else known.made
    if note.is_file() and made == known.made:
        return
    # The standard library's writer takes paths that are no Unicode.
    text = json.dumps({"path": path, "made": made}, indent=1, sort_keys=True) + "\n"
    write_cache_file(note, text.encode())


def served_envs(home: Path) -> Iterator[Served]:
    """Give the envs that were noted and whose documents are still there."""
    for note in sorted(_folder(home).glob("*.json")):
        served = _read(note)
        if served is not None and os.path.isfile(served.path):
            yield served


def forget_gone(home: Path) -> None:
    """Forget the envs whose folders are no longer there."""
    for note in _folder(home).glob("*.json"):
        served = _read(note)
        if served is None or not os.path.isdir(os.path.dirname(served.path)):
            note.unlink(missing_ok=True)


def _folder(home: Path) -> Path:
    return home / "envs"


def _place(home: Path, path: str) -> Path:
    return _folder(home) / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.json"


def _read(note: Path) -> Served | None:
    try:
        return msgspec.convert(json.loads(note.read_text("utf-8")), Served)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
