"""Why one address did not give a source. Pure.

These stay inside the room: `Fetcher` tries the next address, and in the end turns all of them into one error.
"""

from __future__ import annotations

from pkgmgr.model.errors import CkpmError


class SourceFailure(CkpmError):
    """One address gave nothing usable."""


class Unreachable(SourceFailure):
    """Nobody answered, or the answer broke off: another time, or another network, it may work."""


class Refused(SourceFailure):
    """There was an answer, and it was no; or what is needed to ask is missing here."""


class WrongContent(SourceFailure):
    """Something else than the pinned content was received or announced."""
