"""What a verb gives back to be shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The answer of one verb, as data and as text."""

    data: object = None
    """What ``--json`` shows: values of `pkgmgr.model`, or plain data."""
    text: str | bytes = ""
    """What a person sees on standard output."""
    warnings: Sequence[str] = field(default_factory=tuple)
    exit_code: int = 0
    error: Mapping[str, str | None] | None = None
    """Set where a verb found something wrong but has data to show (``verify``, ``lint``)."""
