"""What a verb gives back to be shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of one verb, as data and as text."""

    data: object = None
    """What ``--json`` shows: values of `pkgmgr.model`, or plain data."""
    text: str | bytes = ""
    """What a person sees on standard output."""
    warnings: Sequence[str] = msgspec.field(default_factory=tuple)
    exit_code: int = 0
    error: Mapping[str, str | None] | None = None
    """Set where a verb found something wrong but has data to show (``verify``, ``lint``)."""
