"""What a format is asked to write. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from pkgmgr.model.entry import Entry
from pkgmgr.model.operation import Operation


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """An environment to be written as text."""

    operations: Sequence[Operation]
    entries: Sequence[Entry] = ()
    target: str = ""
    path_separator: str = ":"
    home: str = ""
    """ckpm's home: scripts name it once, so that it can be moved; empty: write paths as they are."""

    @property
    def identity(self) -> str:
        """Name this environment in a script's helpers: the same input, the same name."""
        content = msgspec.json.encode([self.operations, self.path_separator])
        return hashlib.sha256(content).hexdigest()[:12]
