"""Where a person wants to have looked. Pure."""

from __future__ import annotations

import msgspec


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person wants to have looked."""

    search_paths: tuple[str, ...] = ()
    system: bool = True
    """False: look in the search paths only."""
