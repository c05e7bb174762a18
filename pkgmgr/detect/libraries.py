"""Libraries that can be linked: the library file and its headers, both there, for one target.

Touches: the file system, through `pkgmgr.host.ports.Files` only. No process is started.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkgmgr.detect.candidates import Candidate, Finding
from pkgmgr.detect.cmake_package import find_cmake_package
from pkgmgr.detect.folders import Folder
from pkgmgr.detect.library_index import LibraryIndex
from pkgmgr.detect.library_place import Place, find_header, is_carried, owning_package, place_of
from pkgmgr.detect.pkg_config import find_pkg_config
from pkgmgr.host.archive import resolve_library
from pkgmgr.host.binary import binary_targets
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Rejection, Value
from pkgmgr.model.soft import LibraryFind, Soft
from pkgmgr.model.target import ANY, find_target

_SYMBOL_LIMIT = 64 << 20
"""Bytes in which a function's name is searched: tables of names lie in front, or at the end after ``patchelf``."""
_INCLUDE = re.compile(r"^(?P<prefix>.*)/include(?:/|$)")


def find_libraries(soft: Soft, index: LibraryIndex, own: Sequence[Folder]) -> Iterator[Finding]:
    """Give each folder's build of a library that has its headers, and say why the others can't be linked.

    A prefix has one build of a library for each target, the one in the folder that comes first; builds in folders
    that the soft names in ``below`` are apart.
    """
    wanted = soft.find.library
    if wanted is None:
        return
    find = _in_folders if wanted.name else _headers_alone
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
    for folder in [*index.holding(stems, wanted.below), *own]:
        folders.setdefault(folder.path, folder)
    for folder in folders.values():
        builds = index.builds(folder.path)
        names = [name for stem in stems for name in builds.get(stem, ())]
        if names:
            yield from _Look(soft, wanted, index, folder, names).findings()
    if wanted.framework:
        for folder in index.frameworks:
            yield from _framework(soft, wanted, index.host.files, folder)


@dataclass(frozen=True)
class _Build:
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
    def is_numbered(self) -> bool:
        """Whether ``-l`` does not find it: ``libz.so.1``."""
        return re.search(r"\.so(\.\d+)+$|(\.\d+)+\.dylib$", self.name) is not None

    @property
    def link(self) -> str:
        """What follows ``-l``."""
        if self.is_numbered:
            return f":{self.name}"
        stem = re.sub(r"(\.so|\.dylib|\.tbd|\.dll\.a|\.a|\.lib)$", "", self.name)
        return stem.removeprefix("lib") if not self.name.endswith(".lib") else stem


class _Look:
    """One look at the builds of one library in one folder."""

    def __init__(
        self, soft: Soft, wanted: LibraryFind, index: LibraryIndex, folder: Folder, names: Sequence[str]
    ) -> None:
        self.soft, self.wanted, self.folder, self.names = soft, wanted, folder, names
        self.files, self.host = index.host.files, index.host.target
        self.place = place_of(self.files, folder.path, wanted.below)
        self.package = owning_package(folder.path)

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
        header = find_header(self.files, self.place, self.wanted.headers, self.wanted.include)
        reason = self._incomplete(main, header) or self._other_product(main)
        if reason:
            yield self._turned(main.name, reason)
            return
        facts = self._facts(usable, header)
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

    def _incomplete(self, main: _Build, header: tuple[str, str] | None) -> str:
        if self.wanted.runtime:
            return ""
        if header is None and self.wanted.headers:
            where = f"{self.place.roots[0].rstrip('/')}/include"
            return f"its header {self.wanted.headers[0]} is not in {where}"
        if main.is_numbered and self.package is None:
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

    def _facts(self, usable: Sequence[_Build], header: tuple[str, str] | None) -> dict[str, Value]:
        main = usable[0]
        facts: dict[str, Value] = {
            "library": main.path,
            "lib_dir": self.folder.path,
            "prefix": self.place.prefix,
            "link": main.link,
        }
        if self.place.below:
            facts["below"] = self.place.below
        if header is not None:
            facts |= {"header": header[0], "include_dir": header[1]}
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
        if self.wanted.file and found is not None:
            facts |= {key: value for key, value in found.groupdict().items() if value is not None}
        return facts | _packages(self.files, self.wanted, self.place)


def _packages(files: Files, wanted: LibraryFind, place: Place) -> dict[str, Value]:
    return {
        **find_pkg_config(files, wanted.pkg_config, place),
        **find_cmake_package(files, wanted.cmake, place),
    }


def _holds(content: bytes, function: str) -> bool:
    """Look for a name in a table of names; Apple's begin with an underscore."""
    name = function.encode()
    return b"\0" + name + b"\0" in content or b"\0_" + name + b"\0" in content


def precise_target(target: str, needed: Iterable[str], named: str, host: str) -> str:
    """Add what only the place tells: an object that names no C library may be for any of them.

    :param target: as its header says.
    :param needed: the libraries that it names.
    :param named: the target that its folder names; empty where it names none.
    """
    found = find_target(target)
    if found is None or found.detail or found.os != "linux" or any(name.startswith("libc.so") for name in needed):
        return target
    for text in (named, host):
        place = find_target(text) if text else None
        if place is not None and place.arch == found.arch and place.os in ("linux", "android"):
            return str(place)
    return target


def _framework(soft: Soft, wanted: LibraryFind, files: Files, folder: Folder) -> Iterator[Finding]:
    """Look for a framework: a folder with headers and with a stub or a library, as Apple documents them."""
    if posixpath.basename(folder.path) == f"{wanted.framework}.framework":
        place = folder.path  # below a search path, each folder is looked at
    else:
        place = f"{folder.path}/{wanted.framework}.framework"
    names = [f"{place}/{wanted.framework}.tbd", f"{place}/{wanted.framework}"]
    path = next((name for name in names if files.stat(name) is not None), None)
    if path is None:
        return
    if files.stat(f"{place}/Headers") is None:
        yield Rejection(soft=soft.name, candidate=path, reason=f"its headers are not in {place}/Headers")
        return
    facts: dict[str, Value] = {
        "library": path,
        "lib_dir": posixpath.dirname(place),
        "prefix": place,
        "include_dir": f"{place}/Headers",
        "framework": wanted.framework,
    }
    for target in binary_targets(files, files.real(path)):
        yield Candidate(
            soft=soft.name,
            path=path,
            real=files.real(path),
            names=(path,),
            facts={**facts, "runs_on": target},
            origin=folder.origin,
            form="library",
        )


def _headers_alone(soft: Soft, wanted: LibraryFind, index: LibraryIndex, own: Sequence[Folder]) -> Iterator[Finding]:
    """Look for a library that is headers and nothing else; it fits any target."""
    files = index.host.files
    places: dict[str, tuple[Place, str]] = {}
    for folder in [*own, *index.folders]:
        found = _INCLUDE.match(folder.path)
        if found is not None:
            place = Place(folder=folder.path, prefix=found["prefix"], outer=folder.path, roots=(found["prefix"],))
        else:
            place = place_of(files, folder.path)
        places.setdefault(place.prefix, (place, folder.origin))
    for place, origin in places.values():
        header = find_header(files, place, wanted.headers, wanted.include)
        if header is None:
            continue
        package = owning_package(place.prefix)
        if package is not None and is_carried(f"{package[1]}/include", soft.find.sites):
            carrier = package[1].partition("/")[0]
            reason = f"a copy that the Python package {carrier} carries for itself"
            yield Rejection(soft=soft.name, candidate=header[0], reason=reason)
            continue
        yield Candidate(
            soft=soft.name,
            path=header[0],
            real=files.real(header[0]),
            names=(header[0],),
            facts={
                "header": header[0],
                "include_dir": header[1],
                "lib_dir": f"{place.prefix.rstrip('/')}/lib",
                "prefix": place.prefix,
                "runs_on": ANY,
                **_packages(files, wanted, place),
            },
            origin=f"python:{package[0]}" if package is not None else origin,
            form="library",
        )


def settle(facts: Mapping[str, Value], version: str | None) -> tuple[str | None, dict[str, Value], str]:
    """Weigh the sources of a library's version: give it, what is to be told besides, and why it is turned down.

    The header is what a program is compiled against, so its version counts, and a library of another one beside it
    is a mixture. A pkg-config or CMake file is only told of where it disagrees.
    """
    stated = [(name, str(facts[name])) for name in ("pc_version", "cmake_version") if name in facts]
    if version is None:
        version = next((text for _, text in stated), None) or _text(facts.get("lib_version"))
    lib_version = _text(facts.get("lib_version"))
    if version is not None and lib_version is not None and not _agree(version, lib_version):
        return version, {}, f"its header is of version {version} and the library of {lib_version}: a mixture"
    told: dict[str, Value] = {
        f"{name.replace('pc_', 'pkg_config_')}": text
        for name, text in stated
        if version is not None and not _agree(version, text)
    }
    return version, told, ""


def library_attributes(facts: Mapping[str, Value]) -> dict[str, Value]:
    """Give what a build must know to use a library."""
    kinds: list[Value] = [kind for kind in ("shared", "static") if kind in facts]
    found: dict[str, Value] = {"linkage": kinds} if kinds else {}
    rows = {
        "include_dir": "include_dir",
        "lib_dir": "lib_dir" if "library" in facts else "",
        "link": "link",
        "framework": "framework",
        "soname": "soname",
        "pkg_config": "pc_name" if "pc_dir" in facts else "",
        "pkg_config_missing": "pc_missing",
        "cmake": "cmake_name",
        "cmake_dir": "cmake_dir",
    }
    return found | {name: facts[fact] for name, fact in rows.items() if fact in facts}


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None


def _agree(one: str, other: str) -> bool:
    """Tell whether the shorter of two versions is the beginning of the other: ``1.2`` and ``1.2.13``."""
    mine, its = (re.findall(r"\d+", text.partition("-")[0]) for text in (one, other))
    length = min(len(mine), len(its))
    return [int(item) for item in mine[:length]] == [int(item) for item in its[:length]]
