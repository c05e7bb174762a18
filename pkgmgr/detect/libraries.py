"""Libraries that can be linked: the library file and its headers, both there, for one target.

Touches: the file system, through `pkgmgr.host.ports.Files` only. No process is started.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

import msgspec

from pkgmgr.detect.candidates import Candidate, Finding
from pkgmgr.detect.folders import Folder
from pkgmgr.detect.library_facts import package_facts, precise_target
from pkgmgr.detect.library_forms import find_framework, find_headers_alone
from pkgmgr.detect.library_index import LibraryIndex
from pkgmgr.detect.library_place import (
    FoundHeaders,
    distribution_version,
    find_headers,
    is_carried,
    owning_package,
    place_of,
)
from pkgmgr.host.archive import resolve_library
from pkgmgr.host.binary import binary_targets
from pkgmgr.model.entry import Rejection, Value
from pkgmgr.model.soft import LibraryFind, Soft
from pkgmgr.model.version import Version

_NUMBERED = re.compile(r"\.so(\.\d+)+$|(\.\d+)+\.dylib$")
_SYMBOL_LIMIT = 64 << 20
"""Bytes in which a function's name is searched: tables of names lie in front, or at the end after ``patchelf``."""


def find_libraries(soft: Soft, index: LibraryIndex, own: Sequence[Folder]) -> Iterator[Finding]:
    """Give each folder's build of a library that has its headers, and say why the others can't be linked.

    A prefix has one build of a library for each target, the one in the folder that comes first; builds in folders
    that the soft names in ``below`` are apart.
    """
    wanted = soft.find.library
    if wanted is None:
        return
    find = _in_folders if wanted.name or wanted.framework else find_headers_alone
    seen: set[tuple[str, ...]] = set()
    for finding in find(soft, wanted, index, own):
        if isinstance(finding, Candidate):
            facts = finding.facts
            keys = {
                (finding.real, str(facts["runs_on"])),
                (str(facts["prefix"]), str(facts.get("below", "")), str(facts["runs_on"])),
            }
            if not seen.isdisjoint(keys):
                continue
            seen |= keys
        yield finding


def _in_folders(soft: Soft, wanted: LibraryFind, index: LibraryIndex, own: Sequence[Folder]) -> Iterator[Finding]:
    stems = tuple(dict.fromkeys((wanted.name, *wanted.names)))
    folders: dict[str, Folder] = {}
    for folder in _newest_first([*index.holding(stems, wanted.below), *own]):
        known = folders.setdefault(folder.path, folder)
        if known.origin == "system":
            folders[folder.path] = folder  # an environment's folder that a variable names, too
    shipped = frozenset(folder.path for folder in own if folder.origin.startswith("python:"))
    found: list[tuple[bool, Finding]] = []
    for folder in folders.values():
        builds = index.builds(folder.path)
        # Of several names, one to link: libtrilinos_epetra.so beside the lone libtrilinos_teuchoscore.so.13.2.
        names = sorted((name for stem in stems for name in builds.get(stem, ())), key=is_numbered)
        if names:
            look = _Look(soft, wanted, index, folder, names, is_shipped=folder.path in shipped)
            found += [(is_numbered(names[0]), finding) for finding in look.findings()]
    # What ``-l`` finds comes before a file with a number that it is a link to.
    yield from (finding for _, finding in sorted(found, key=lambda row: row[0]))
    if wanted.framework:
        for folder in index.frameworks:
            yield from find_framework(soft, wanted, index.host.files, folder)


def _newest_first(folders: Sequence[Folder]) -> Sequence[Folder]:
    """Order folders beside each other that are called by versions: GCC 11's and 12's ``libgomp.so`` are links to one
    file, which comes with the newest."""
    names = {folder.path: folder.path.rpartition("/")[2] for folder in folders}
    if not any(name[:1].isdigit() for name in names.values()):
        return folders
    places = {posixpath.dirname(folder.path): number for number, folder in reversed([*enumerate(folders)])}
    versions = {path: Version(name if name[:1].isdigit() else "") for path, name in names.items()}
    newest = sorted(folders, key=lambda folder: versions[folder.path], reverse=True)
    return sorted(newest, key=lambda folder: places[posixpath.dirname(folder.path)])


def is_numbered(name: str) -> bool:
    """Tell whether ``-l`` does not find a file: ``libz.so.1``."""
    return _NUMBERED.search(name) is not None


class _Build(msgspec.Struct, frozen=True):
    """One file under a library's name, and what it leads to."""

    name: str
    path: str
    object: str
    """The object or archive that is linked, scripts and links followed."""
    targets: tuple[str, ...]

    @property
    def is_shared(self) -> bool:
        return ".so" in self.name or self.name.endswith((".dylib", ".tbd"))

    @property
    def link(self) -> str:
        """What follows ``-l``."""
        if is_numbered(self.name):
            return f":{self.name}"
        stem = re.sub(r"(\.so|\.dylib|\.tbd|\.dll\.a|\.a|\.lib)$", "", self.name)
        return stem.removeprefix("lib") if not self.name.endswith(".lib") else stem


class _Look:
    """One look at the builds of one library in one folder."""

    def __init__(
        self,
        soft: Soft,
        wanted: LibraryFind,
        index: LibraryIndex,
        folder: Folder,
        names: Sequence[str],
        *,
        is_shipped: bool,
    ) -> None:
        self.soft, self.wanted, self.folder, self.names = soft, wanted, folder, names
        self.files, self.host = index.host.files, index.host.target
        self.place = place_of(self.files, folder.path, wanted.below)
        self.package = owning_package(folder.path)
        self.is_shipped = is_shipped or self.package is not None

    def findings(self) -> Iterator[Finding]:
        if self.package is not None and is_carried(self.package[1], self.soft.find.sites):
            carrier = self.package[1].partition("/")[0]
            yield self._turned(self.names[0], f"a copy that the Python package {carrier} carries for itself")
            return
        usable, reason = self._builds()
        if not usable:
            yield self._turned(self.names[0], reason)
            return
        main = usable[0]
        headers = find_headers(self.files, self.place, self.wanted.headers, self.wanted.include)
        reason = self._incomplete(main, headers) or self._other_product(main)
        if reason:
            yield self._turned(main.name, reason)
            return
        facts = self._facts(usable, headers)
        for target in main.targets:
            yield Candidate(
                soft=self.soft.name,
                path=main.path,
                real=self.files.real(main.object),
                names=(main.path,),
                facts={**facts, "runs_on": target},
                origin=f"python:{self.package[0]}" if self.package is not None else self.folder.origin,
                form="library",
            )

    def _turned(self, name: str, reason: str) -> Rejection:
        return Rejection(soft=self.soft.name, candidate=posixpath.join(self.folder.path, name), reason=reason)

    def _builds(self) -> tuple[list[_Build], str]:
        """Give the builds that are for one target, and why there is none."""
        usable: list[_Build] = []
        reasons: list[str] = []
        for name in self.names:
            path = posixpath.join(self.folder.path, name)
            leads_to = resolve_library(self.files, path)
            if leads_to is None:
                state = self.files.stat(path)
                what = "a link that leads nowhere" if state is None else "a linker script that leads nowhere"
                reasons.append("a folder" if state is not None and state.is_folder else what)
                continue
            targets = self._targets(leads_to)
            if not targets:
                reasons.append("neither an object nor an archive of objects of a known kind")
            elif not usable or targets[0] in usable[0].targets:
                usable.append(_Build(name, path, leads_to, targets))
        return usable, next(iter(reasons), "nothing of that name can be linked")

    def _targets(self, path: str) -> tuple[str, ...]:
        targets = binary_targets(self.files, path)
        named = self.place.target
        if not targets:
            # musl's and others' archives without any object say nothing: their folder does.
            is_archive = (self.files.read(path, 8) or b"") == b"!<arch>\n"
            return (str(named or self.host),) if is_archive else ()
        elf = self.files.elf(path)
        needed = elf.needed if elf is not None else ()
        return tuple(precise_target(target, needed, str(named) if named else "", self.host) for target in targets)

    def _incomplete(self, main: _Build, headers: FoundHeaders) -> str:
        if self.wanted.runtime:
            return ""
        if headers.missing:
            where = f"{self.place.roots[0].rstrip('/')}/include"
            return f"its header {headers.missing} is not in {where}"
        # Wheels have no links: what they ship to be linked has a number (nvidia/*/lib, MKL's in the environment's lib).
        if is_numbered(main.name) and not self.is_shipped:
            return "only the run-time library: nothing to link against"
        return ""

    def _other_product(self, main: _Build) -> str:
        name = posixpath.basename(self.files.real(main.object))
        if self.wanted.file_only and re.search(self.wanted.file, name) is None:
            return f"it leads to {name}: another product under this name"
        if not self.wanted.symbols and not self.wanted.foreign:
            return ""
        content = self.files.read(main.object, _SYMBOL_LIMIT) or b""
        other = next((product for name, product in self.wanted.foreign.items() if _holds(content, name)), None)
        if other is not None:
            return f"it is {other} under this name"
        if self.wanted.symbols and not any(_holds(content, name) for name in self.wanted.symbols):
            return f"it has no {self.wanted.symbols[0]}: another product under this name"
        return ""

    def _facts(self, usable: Sequence[_Build], headers: FoundHeaders) -> dict[str, Value]:
        main = usable[0]
        facts: dict[str, Value] = {
            "library": main.path,
            "lib_dir": self.folder.path,
            "prefix": self.place.prefix,
            "link": main.link,
        }
        if self.place.below:
            facts["below"] = self.place.below
        if self.place.triple:
            facts["multiarch"] = self.place.triple
        facts |= headers.facts
        shared = next((build for build in usable if build.is_shared), None)
        static = next((build for build in usable if build.name.endswith((".a", ".lib"))), None)
        if shared is not None:
            facts["shared"] = shared.path
            elf = self.files.elf(shared.object)
            if elf is not None and elf.soname:
                facts["soname"] = elf.soname
        if static is not None:
            facts["static"] = static.path
        found = re.search(self.wanted.file, posixpath.basename(self.files.real(main.object)))
        version = distribution_version(self.files, self.folder.path)
        if version is not None:
            facts["dist_version"] = version
        if self.wanted.file and found is not None:
            facts |= {key: value for key, value in found.groupdict().items() if value is not None}
        return facts | package_facts(self.files, self.wanted, self.place)


def _holds(content: bytes, function: str) -> bool:
    """Look for a name in a table of names; Apple's begin with an underscore."""
    name = function.encode()
    return b"\0" + name + b"\0" in content or b"\0_" + name + b"\0" in content
