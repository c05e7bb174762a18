"""The names of libraries in folders, read once for all softs.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from pkgmgr.detect.folders import Folder, Folders, expand_folders
from pkgmgr.host.search import beginning_with

_NAME = re.compile(
    r"(?:lib(?P<stem>.+?)(?P<ending>\.so|\.dylib|\.tbd|\.dll\.a|\.a|\.so(?:\.\d+)+|(?:\.\d+)+\.dylib)"
    r"|(?P<plain>.+)(?P<import>\.lib))$"
)
_ORDER = {".so": 0, ".dylib": 0, ".tbd": 0, ".dll.a": 1, ".lib": 1, ".a": 2}
"""What a linker takes first; names with a number behind come last, for it takes them only when told to."""
_SDKS = (
    "/Library/Developer/CommandLineTools/SDKs/MacOSX.sdk",
    "/Applications/Xcode*.app/Contents/Developer/Platforms/MacOSX.platform/Developer/SDKs/MacOSX.sdk",
)
_INCLUDES = (
    *("/usr/include", "/usr/local/include", "/opt/*/include", "/opt/homebrew/include", "/opt/local/include"),
    *("~/.local/include", "$CONDA_PREFIX/include"),
)

Builds = Mapping[str, Sequence[str]]
"""What follows ``-l`` → the names of files that serve it, those that a linker takes first in front."""


def parse_names(names: Sequence[str]) -> dict[str, list[str]]:
    """Sort the names of a folder by the library that they are.

    :param names: sorted, as `Files.names` gives them.
    """
    found: dict[str, list[tuple[int, int, str]]] = {}
    # Of a hundred thousand names nearly all are no library: each is looked at once, and by no expression.
    near = beginning_with(names, "lib")
    for name in (*near, *[name for name in names if name[-4:] == ".lib" and name[:3] != "lib"]):
        parts = _NAME.match(name)
        if parts is None:
            continue
        ending = parts["ending"] or parts["import"]
        order = _ORDER.get(ending, 3)
        stem = parts["stem"] or parts["plain"]
        found.setdefault(stem, []).append((order, len(name), name))
        if parts["plain"] is not None and stem.startswith("lib"):
            found.setdefault(stem[3:], []).append((order, len(name), name))
    return {stem: [name for _, _, name in sorted(rows)] for stem, rows in found.items()}


class LibraryIndex:
    """The library folders of one detection."""

    def __init__(self, folders: Folders) -> None:
        self.host = folders.host
        self._folders = folders
        self._builds: dict[str, Builds] = {}

    @cached_property
    def folders(self) -> Sequence[Folder]:
        """The folders that hold libraries for every soft."""
        found = list(self._folders.libraries())
        if self.host.target.startswith("macos"):
            found += self._folders.own([f"{sdk}/usr/lib" for sdk in _SDKS])
        return found

    @cached_property
    def includes(self) -> Sequence[Folder]:
        """The usual folders of headers: a prefix with headers alone has no library folder."""
        return self._folders.own(_INCLUDES)

    @cached_property
    def frameworks(self) -> Sequence[Folder]:
        """The folders that hold frameworks; none on a system without them."""
        if not self.host.target.startswith("macos"):
            return []
        own = self._folders.own(["/Library/Frameworks", *(f"{sdk}/System/Library/Frameworks" for sdk in _SDKS)])
        searched = [Folder(path=path, origin="search-path") for path in self._folders.searched()]
        return [*searched, *own]

    @cached_property
    def _holding(self) -> Mapping[str, Sequence[Folder]]:
        found: dict[str, list[Folder]] = {}
        for folder in self.folders:
            for stem in self.builds(folder.path):
                found.setdefault(stem, []).append(folder)
        return found

    def builds(self, folder: str) -> Builds:
        """Give the libraries in a folder."""
        known = self._builds.get(folder)
        if known is None:
            known = self._builds[folder] = parse_names(self.host.files.names(folder))
        return known

    def holding(self, stems: Sequence[str], below: Sequence[str] = ()) -> list[Folder]:
        """Give the general folders with one of these libraries, folders below them first: links lead there.

        Of builds side by side below one folder, that comes first which ``-l`` takes: its own names lead there, as
        `update-alternatives` chose.
        """
        inner: list[Folder] = []
        for folder in self.folders:
            found = [
                Folder(path=self.host.files.real(path), origin=folder.origin)
                for pattern in below
                for path in expand_folders(self.host.files, f"{folder.path}/{pattern}")
            ]
            if len(found) > 1:
                taken = self._led_to(folder.path, stems)
                found.sort(key=lambda build: build.path not in taken)
            inner += found
        return [*inner, *(folder for stem in stems for folder in self._holding.get(stem, ()))]

    def _led_to(self, folder: str, stems: Sequence[str]) -> frozenset[str]:
        """Give the folders where what a linker takes in this one truly lies."""
        names = [names[0] for stem in stems if (names := self.builds(folder).get(stem))]
        return frozenset(posixpath.dirname(self.host.files.real(f"{folder}/{name}")) for name in names)
