"""What one detection concluded. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pkgmgr.model.entry import Entry, Rejection


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one detection concluded."""

    entries: tuple[Entry, ...]
    rejections: tuple[Rejection, ...]
    skipped: tuple[str, ...] = ()
    """What was not seen, or not seen whole, and why; a sentence each."""
