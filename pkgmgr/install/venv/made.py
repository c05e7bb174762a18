"""Python environments that are there already, and what they are made of. Touches: the store, read only."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pkgmgr.install.store import RECORD, Recipe, Store
from pkgmgr.model.entry import Entry
from pkgmgr.model.lock import LockedPython

PINS = "python.json"
"""In the record's folder: what the environment is made of."""


def find_environment(store: Store, recipe: Recipe) -> Entry | None:
    """Give an environment of the store whose interpreter is still where it links to."""
    entry = store.find(recipe)
    return entry if entry is not None and Path(entry.files["python"]).exists() else None


def read_pins(prefix: Path) -> LockedPython | None:
    """Give what an environment of the store is made of."""
    try:
        return msgspec.json.decode((prefix / RECORD / PINS).read_bytes(), type=LockedPython)
    except (OSError, msgspec.MsgspecError):
        return None
