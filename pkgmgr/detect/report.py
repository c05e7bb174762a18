"""What one detection concluded. Pure."""

from __future__ import annotations

import msgspec

from pkgmgr.model.entry import Entry, Rejection


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one detection concluded."""

    entries: tuple[Entry, ...]
    rejections: tuple[Rejection, ...]
    skipped: tuple[str, ...] = ()
    """What was not seen, or not seen whole, and why; a sentence each."""
