"""Python's own library: a prefix may have that of several versions side by side, each with headers of its own."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pkgmgr.detect.folders import Folder
from pkgmgr.detect.hooks import HookContext
from pkgmgr.detect.library_facts import precise_target
from pkgmgr.detect.library_place import Place, include_folders, place_of
from pkgmgr.detect.pkg_config import find_pkg_config
from pkgmgr.host.binary import binary_targets
from pkgmgr.model.entry import Rejection, Value

# libpython3.11.so, libpython3.13t.a (no lock), libpython2.7.dylib, libpython3.7m.so; python311.lib on Windows.
_NAME = re.compile(r"libpython(?P<abi>[23]\.\d+[a-z]*)(?P<ending>\.so|\.dylib|\.a)$")
_RUN_TIME = re.compile(r"libpython(?P<abi>[23]\.\d+[a-z]*)\.so\.\d")
_WINDOWS = re.compile(r"python(?P<major>[23])(?P<minor>\d+)(?P<flags>t?)\.lib$")
_ORDER = (".so", ".dylib", ".lib", ".a")


def find(context: HookContext) -> Iterator[dict[str, Value] | Rejection]:
    """Give each build that has its headers, and say why the others can't be linked."""
    seen: set[tuple[str, str]] = set()
    for folder in [*context.folders.libraries(), *context.folders.own(context.soft.find.folders)]:
        for abi, names in _builds(context.files.names(folder.path)).items():
            place = place_of(context.files, folder.path)
            if (place.prefix, f"{abi} {place.triple}") not in seen:
                seen.add((place.prefix, f"{abi} {place.triple}"))
                yield from _build(context, folder, place, abi, names)


def _builds(names: object) -> dict[str, list[str]]:
    """Sort the names of a folder by version; a version with its run-time library alone has an empty list."""
    found: dict[str, list[str]] = {}
    for name in names if isinstance(names, list | tuple) else ():
        if "python" not in name:
            continue
        windows, linked, run_time = _WINDOWS.match(name), _NAME.match(name), _RUN_TIME.match(name)
        if windows is not None:
            found.setdefault(f"{windows['major']}.{windows['minor']}{windows['flags']}", []).append(name)
        elif linked is not None:
            found.setdefault(linked["abi"], []).append(name)
        elif run_time is not None:
            found.setdefault(run_time["abi"], [])
    return {abi: sorted(rows, key=lambda row: _ORDER.index(posixpath.splitext(row)[1])) for abi, rows in found.items()}


def _build(
    context: HookContext, folder: Folder, place: Place, abi: str, names: list[str]
) -> Iterator[dict[str, Value] | Rejection]:
    files = context.files
    if not names:
        reason = "only the run-time library: nothing to link against"
        yield Rejection(soft=context.soft.name, candidate=f"{folder.path}/libpython{abi}", reason=reason)
        return
    path = posixpath.join(folder.path, names[0])
    tops = [f"{place.prefix}/include", *include_folders(files, place, ())]
    if folder.path.endswith("/libs"):  # Windows
        tops = [f"{posixpath.dirname(folder.path)}/include"]
    places = [f"{top}/python{abi}" for top in tops] + ([tops[0]] if names[0].endswith(".lib") else [])
    include = next((item for item in places if files.stat(f"{item}/Python.h") is not None), None)
    if include is None:
        reason = f"its header Python.h is not in {places[0]}"
        yield Rejection(soft=context.soft.name, candidate=path, reason=reason)
        return
    static = next((posixpath.join(folder.path, name) for name in names if name.endswith(".a")), None)
    elf = files.elf(files.real(path))
    for target in binary_targets(files, files.real(path)) or (context.host.target,):
        needed = elf.needed if elf is not None else ()
        facts: dict[str, Value] = {
            "path": path,
            "form": "library",
            "origin": folder.origin,
            "abi": abi,
            "library": path,
            "lib_dir": folder.path,
            "prefix": posixpath.dirname(folder.path) if folder.path.endswith("/libs") else place.prefix,
            "link": f"python{abi}" if not names[0].endswith(".lib") else names[0].removesuffix(".lib"),
            "header": f"{include}/Python.h",
            "include_dir": include,
            "include_dirs": [include],
            "runs_on": precise_target(target, needed, place.triple, context.host.target),
            **find_pkg_config(files, (f"python-{abi}-embed", f"python-{abi}"), place),
        }
        build = abi.lstrip("0123456789.").replace("m", "")  # `m` was the usual build until 3.7
        if build:
            facts["variant"] = abi
        if not names[0].endswith(".a"):
            facts["shared"] = path
        if static is not None:
            facts["static"] = static
        if elf is not None and elf.soname:
            facts["soname"] = elf.soname
        yield facts
