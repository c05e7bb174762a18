"""Where a person wants to have looked. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Where:
    """Where a person wants to have looked."""

    search_paths: tuple[str, ...] = ()
    system: bool = True
    """False: look in the search paths only."""
