"""The names in one folder, asked by their beginnings and endings: a folder may hold 75,000 of them.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from pkgmgr.host.ports import Files

_ENDING = re.compile(r"\.[^.\n]{1,20}$", re.MULTILINE)
_LAST = "\U0010ffff"


class Listing:
    """A folder and its names, sorted as `Files.names` gives them. No question looks at each name in Python."""

    def __init__(self, files: Files, folder: str) -> None:
        self.files = files
        self.folder = folder
        self.names: Sequence[str] = files.names(folder)
        self._endings: frozenset[str] | None = None

    def __contains__(self, name: str) -> bool:
        place = bisect_left(self.names, name)
        return place < len(self.names) and self.names[place] == name

    def path(self, name: str) -> str:
        """Give the path of a name."""
        return f"{self.folder.rstrip('/')}/{name}"

    def beginning(self, *beginnings: str) -> list[str]:
        """Give the names that begin with any of these."""
        found: list[str] = []
        for text in beginnings:
            found += self.names[bisect_left(self.names, text) : bisect_left(self.names, text + _LAST)]
        return found

    def ending(self, *endings: str) -> list[str]:
        """Give the names whose last part, from a dot on and in small letters, is any of these."""
        if self._endings is None:
            self._endings = frozenset(ending.lower() for ending in set(_ENDING.findall("\n".join(self.names))))
        wanted = self._endings.intersection(endings)
        if not wanted:
            return []
        return [name for name in self.names if name[name.rfind(".") :].lower() in wanted and "." in name]
