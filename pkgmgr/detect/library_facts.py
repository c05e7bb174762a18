"""What is told of a library besides its files: its target, the sources of its version, what a build must know.

`package_facts` looks at files through `Files`; the rest is pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pkgmgr.detect.cmake_package import find_cmake_package
from pkgmgr.detect.library_place import Place
from pkgmgr.detect.pkg_config import find_pkg_config
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value
from pkgmgr.model.soft import LibraryFind
from pkgmgr.model.target import find_target


def package_facts(files: Files, wanted: LibraryFind, place: Place) -> dict[str, Value]:
    """Give the facts of the pkg-config and CMake files that belong to a library folder."""
    return {
        **find_pkg_config(files, wanted.pkg_config, place),
        **find_cmake_package(files, wanted.cmake, place),
    }


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


def settle(facts: Mapping[str, Value], version: str | None) -> tuple[str | None, dict[str, Value], str]:
    """Weigh the sources of a library's version: give it, what is to be told besides, and why it is turned down.

    The header is what a program is compiled against, so its version counts, and a library of another one beside it
    is a mixture. A pkg-config or CMake file is only told of where it disagrees.
    """
    stated = [(name, str(facts[name])) for name in ("pc_version", "cmake_version") if name in facts]
    if version is None:
        version = next((text for _, text in stated), None) or _text(facts.get("dist_version"))
        version = version or _text(facts.get("lib_version"))
    lib_version = _text(facts.get("lib_version"))
    if version is not None and lib_version is not None and not _agree(version, lib_version):
        return version, {}, f"its header is of version {version} and the library of {lib_version}: a mixture"
    if version is not None and lib_version is not None and len(lib_version) > len(version):
        version = lib_version  # CUDA's headers say 13.0 and its files 13.0.88
    # PMIx's header says 4.2.2 in 4.2.2rc2, too: what is not yet a release must not pass for one.
    version = next((text for _, text in stated if version and _is_before(text, version)), version)
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
        "include_dirs": "include_dirs",
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


def _is_before(text: str, version: str) -> bool:
    """Tell whether a version is a pre-release of another."""
    rest = text.removeprefix(version)
    return rest != text and re.fullmatch(r"[-.]?(?:a|b|alpha|beta|rc|dev|pre)[-.]?\d*", rest) is not None


def _agree(one: str, other: str) -> bool:
    """Tell whether the shorter of two versions is the beginning of the other: ``1.2`` and ``1.2.13``."""
    mine, its = (re.findall(r"\d+", text.partition("-")[0]) for text in (one, other))
    length = min(len(mine), len(its))
    return [int(item) for item in mine[:length]] == [int(item) for item in its[:length]]
