"""Why one address did not give its file. Pure."""

from __future__ import annotations

from pkgmgr.model.errors import CkpmError


class SourceFailed(CkpmError):
    """One address did not give its file; the next one is tried.

    :param is_network: True when the network was not there, False when the place answered and said no.
    """

    def __init__(self, message: str, *, is_network: bool) -> None:
        super().__init__(message)
        self.is_network = is_network
