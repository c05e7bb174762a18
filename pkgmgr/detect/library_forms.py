"""Libraries without a library file of their own name: headers alone, and Apple's frameworks.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from pkgmgr.detect.candidates import Candidate, Finding
from pkgmgr.detect.folders import Folder
from pkgmgr.detect.library_facts import package_facts
from pkgmgr.detect.library_index import LibraryIndex
from pkgmgr.detect.library_place import Place, find_headers, is_carried, owning_package, place_of
from pkgmgr.host.binary import binary_targets
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Rejection, Value
from pkgmgr.model.soft import LibraryFind, Soft
from pkgmgr.model.target import ANY

_INCLUDE = re.compile(r"^(?P<prefix>.*)/include(?:/|$)")


def find_framework(soft: Soft, wanted: LibraryFind, files: Files, folder: Folder) -> Iterator[Finding]:
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


def find_headers_alone(
    soft: Soft, wanted: LibraryFind, index: LibraryIndex, own: Sequence[Folder]
) -> Iterator[Finding]:
    """Look for a library that is headers and nothing else; it fits any target."""
    files = index.host.files
    places: dict[str, tuple[Place, str]] = {}
    for folder in [*own, *index.folders, *index.includes]:
        found = _INCLUDE.match(folder.path)
        if found is not None:
            place = Place(folder=folder.path, prefix=found["prefix"], outer=folder.path, roots=(found["prefix"],))
        else:
            place = place_of(files, folder.path)
        places.setdefault(place.prefix, (place, folder.origin))
    for place, origin in places.values():
        headers = find_headers(files, place, wanted.headers, wanted.include)
        if headers.missing:
            continue
        header = str(headers.facts["header"])
        package = owning_package(place.prefix)
        if package is not None and is_carried(f"{package[1]}/include", soft.find.sites):
            carrier = package[1].partition("/")[0]
            reason = f"a copy that the Python package {carrier} carries for itself"
            yield Rejection(soft=soft.name, candidate=header, reason=reason)
            continue
        yield Candidate(
            soft=soft.name,
            path=header,
            real=files.real(header),
            names=(header,),
            facts={
                **headers.facts,
                "lib_dir": f"{place.prefix.rstrip('/')}/lib",
                "prefix": place.prefix,
                "runs_on": ANY,
                **package_facts(files, wanted, place),
            },
            origin=f"python:{package[0]}" if package is not None else origin,
            form="library",
        )
