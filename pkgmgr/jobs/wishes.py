"""How a person wants requirements to be met. Light: no resolver is loaded for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pkgmgr.install.fetch.progress import Progress, SilentProgress
from pkgmgr.jobs.detection import Search

if TYPE_CHECKING:
    from pkgmgr.model.lock import LockedPython, LockedWheel
    from pkgmgr.resolve.option import Preference


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How a person wants requirements to be met."""

    target: str | None = None
    """None: the host."""
    prefer: Preference | None = None
    only: Preference | None = None
    search: Search = field(default_factory=Search)
    jobs: int | None = None
    tell: Callable[[str], None] = lambda _line: None
    progress: Progress = field(default_factory=SilentProgress)
    pins: LockedPython | None = None
    """What a lock says of the Python packages; nothing else will do."""
    keep: Sequence[LockedWheel] = ()
    """Python packages that stay at these versions where they fit."""
    anew: bool = False
    """Solve Python packages again although the answer is remembered."""
    keep_failed: bool = False
    """Keep the folder of a build that fails."""
    alone: bool = False
    """A Python package that is the only thing asked for is made by its own steps, from its own pins."""
