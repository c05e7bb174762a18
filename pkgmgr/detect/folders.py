"""Which folders are looked in, and in which order.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pkgmgr.detect.installed_by import Prefix, find_prefixes
from pkgmgr.detect.where import Where
from pkgmgr.host.paths import is_rooted, path_list, with_slashes
from pkgmgr.host.ports import Files, Host
from pkgmgr.host.search import expand_glob, is_folder, walk

STANDARD_PROGRAMS = (
    *(
        "/usr/local/bin",
        "/usr/bin",
        "/bin",
        "/usr/local/sbin",
        "/usr/sbin",
        "/sbin",
        "/opt/*/bin",
        "/opt/*/*/bin",
    ),
    *("~/.local/bin", "~/bin", "/snap/bin", "/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin"),
    *("/opt/local/bin", "~/.nix-profile/bin", "/run/current-system/sw/bin", "~/.cargo/bin", "~/go/bin"),
    *("$ProgramFiles/*", "$ProgramFiles/*/bin", "$LOCALAPPDATA/Programs/*", "$LOCALAPPDATA/Programs/*/bin"),
    *("$LOCALAPPDATA/Programs/Python/*", "$ChocolateyInstall/bin", "~/scoop/shims"),
)
STANDARD_LIBRARIES = (
    *(
        "/usr/local/lib",
        "/usr/local/lib64",
        "/usr/local/lib/*-linux-gnu*",
        "/usr/lib/*-linux-gnu*",
        "/usr/lib/*-linux-musl",
    ),
    *(
        "/usr/lib64",
        "/usr/lib",
        "/lib64",
        "/lib/*-linux-gnu*",
        "/lib",
        "/usr/*-linux-gnu*/lib",
        "/usr/*-linux-musl*/lib",
    ),
    *(
        "/usr/*-w64-mingw32/lib",
        "/opt/*/lib",
        "/opt/*/lib64",
        "/opt/homebrew/lib",
        "/opt/local/lib",
        "~/.local/lib",
    ),
)
LIBRARY_VARIABLES = ("LIBRARY_PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
PREFIX_VARIABLES = ("CONDA_PREFIX", "VIRTUAL_ENV", "CMAKE_PREFIX_PATH")
SYSTEM_PREFIXES = frozenset({"/", "/usr", "/usr/local"})

SEARCH_DEPTH = 24
"""Levels of a search path that are walked; links that loop end before, for each real folder is seen once."""
SEARCH_LIMIT = 50_000
"""Folders of a search path that are walked at the most; a larger tree is cut, and the report says so."""
PROGRAM_FOLDERS = ("bin", "sbin", "Library/bin", "Scripts")
"""Below the prefix of another manager's installation; the last two are conda's on Windows."""
LIBRARY_FOLDERS = ("lib", "lib64", "Library/lib")

_VARIABLE = re.compile(r"\$(?:\{([\w()]+)\}|(\w+))")


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """One folder to look in."""

    path: str
    origin: str
    """What entries found there say of where they came from."""


class Folders(msgspec.Struct):
    """The folders of one detection, listed once for all softs."""

    host: Host
    where: Where
    cut: list[str] = []
    """Trees that were too large to be seen whole."""
    _walked: list[str] | None = None
    _managed: list[Prefix] | None = None
    _expanded: dict[str, list[str]] = {}

    def searched(self) -> list[str]:
        """Give each folder in and below the search paths, once."""
        if self._walked is None:
            walked = []
            for root in self.where.search_paths:
                walked += walk_folders(self.host.files, root, depth=SEARCH_DEPTH, cut=self.cut)
            self._walked = walked  # whole, for another thread may look at it now
        return self._walked

    def programs(self) -> list[Folder]:
        """Give the folders that hold programs for every soft, the search paths first, then PATH."""
        found = [Folder(path=path, origin="search-path") for path in self.searched()]
        if self.where.system:
            prefixes = [f"{prefix}/bin" for prefix in self._listed(*PREFIX_VARIABLES)]
            found += self._literal([*self._listed("PATH"), *prefixes])
            found += self._system(STANDARD_PROGRAMS)
            found += self._behind_shims()
            found += self._below_managed(PROGRAM_FOLDERS)
        return self._distinct(found)

    def libraries(self) -> list[Folder]:
        """Give the folders that hold libraries for every soft."""
        found = [Folder(path=path, origin="search-path") for path in self.searched()]
        if self.where.system:
            named = self._listed(*LIBRARY_VARIABLES)
            named += [f"{prefix}/{lib}" for prefix in self._listed(*PREFIX_VARIABLES) for lib in ("lib", "lib64")]
            found += self._literal(named)
            found += self._system(STANDARD_LIBRARIES)
            found += self._below_managed(LIBRARY_FOLDERS)
        return self._distinct(found)

    def own(self, patterns: Sequence[str]) -> list[Folder]:
        """Give the folders that a soft's own patterns lead to."""
        return self._distinct(self._system(patterns)) if self.where.system else []

    def _listed(self, *names: str) -> list[str]:
        """Give the folders that variables list, as they are: a ``$`` or ``*`` in one is part of its name."""
        return [path for name in names for path in path_list(self.host.variables.get(name, ""), self.host.target)]

    def _literal(self, paths: Iterable[str]) -> list[Folder]:
        return [Folder(path=path, origin="system") for path in paths if is_folder(self.host.files, path)]

    def _system(self, patterns: Iterable[str]) -> list[Folder]:
        found = []
        for pattern in patterns:
            text = expand_variables(pattern, self.host.variables, self.host.home)
            if text is None:
                continue
            if text not in self._expanded:  # many softs look in the same places
                self._expanded[text] = expand_folders(self.host.files, text)
            found += [Folder(path=path, origin="system") for path in self._expanded[text]]
        return found

    def _behind_shims(self) -> list[Folder]:
        """Give the folders of the programs that shims on PATH stand for: each manager keeps them beside the shims."""
        files = self.host.files
        on_path = [path.rstrip("/") for path in self._listed("PATH")]
        roots = [path.removesuffix("/shims") for path in on_path if path.endswith("/shims")]
        versions = [f"{root}/versions" for root in roots]  # pyenv and its kin
        for root in roots:  # asdf and mise: a folder for each tool
            versions += [f"{root}/installs/{tool}" for tool in files.subfolders(f"{root}/installs")]
        return self._literal(f"{folder}/{name}/bin" for folder in versions for name in files.subfolders(folder))

    def managed(self) -> list[Prefix]:
        """Give the prefixes that other managers installed to."""
        if self._managed is None:
            self._managed = find_prefixes(self.host, cut=self.cut)
        return self._managed

    def _below_managed(self, parts: Iterable[str]) -> list[Folder]:
        found = []
        for prefix in self.managed():
            present = self.host.files.subfolders(prefix.path)
            for part in parts:
                path = f"{prefix.path.rstrip('/')}/{part}"
                if part.partition("/")[0] in present and is_folder(self.host.files, path):
                    found.append(Folder(path=path, origin=prefix.origin))
        return found

    def _distinct(self, folders: Iterable[Folder]) -> list[Folder]:
        """Keep one of the folders that are the same one, under its true path (`/usr/bin`, not `/bin`).

        PATH says nothing of who made a folder: a manager that names it, too, says more.
        """
        kept: dict[str, Folder] = {}
        for folder in folders:
            real = self.host.files.real(folder.path)
            known = kept.get(real)
            if known is None:
                kept[real] = Folder(path=real, origin=folder.origin)
            elif known.origin == "system" != folder.origin:
                kept[real] = msgspec.structs.replace(known, origin=folder.origin)
        return list(kept.values())


def expand_variables(pattern: str, variables: Mapping[str, str], home: str) -> str | None:
    """Replace ``~`` and ``$NAME``; None when a variable is not set, so that the row says nothing."""
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        name = found.group(1) or found.group(2)
        text = variables.get(name) or variables.get(
            name.upper(), ""
        )  # Windows knows no case, and Python writes capitals
        missing = missing or not text
        return with_slashes(text)

    if pattern == "~" or pattern.startswith("~/"):
        pattern = home + pattern[1:]
    text = _VARIABLE.sub(value, pattern)
    return None if missing or not is_rooted(text) else text


def expand_folders(files: Files, pattern: str) -> list[str]:
    """Give the folders that a glob leads to, sorted part by part; each ``*`` stays within one part."""
    return [path for path in expand_glob(files, pattern) if is_folder(files, path)]


def walk_folders(files: Files, root: str, *, depth: int, cut: list[str] | None = None) -> list[str]:
    """Give a folder and those below it, breadth first, each real one once (links may loop).

    :param cut: receives ``root`` when it is too large, or deeper than a search goes; a soft's own depth cuts nothing.
    """
    found = list(walk(files, root, depth=depth, limit=SEARCH_LIMIT, cut=cut if depth >= SEARCH_DEPTH else None))
    if cut is not None and len(found) >= SEARCH_LIMIT and root not in cut:
        cut.append(root)
    return found
