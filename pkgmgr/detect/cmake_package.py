"""Package files of CMake: where ``find_package`` would look, and which version it would see.

`parse_package_version` is pure; `find_cmake_package` looks at files through `Files`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pkgmgr.detect.library_place import Place
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value

_VERSION = re.compile(r'^\s*set\s*\(\s*PACKAGE_VERSION\s+"?([^"\s)]+)"?\s*\)', re.MULTILINE | re.IGNORECASE)


def parse_package_version(text: str) -> str:
    """Read the version in a ``…ConfigVersion.cmake``; empty where it is computed."""
    found = _VERSION.search(text)
    return found[1] if found is not None and "$" not in found[1] else ""


def find_cmake_package(files: Files, names: Sequence[str], place: Place) -> dict[str, Value]:
    """Give the facts of the first of these packages that belongs to a library folder."""
    for name in names:
        for folder in _folders(files, name, place):
            present = {item.lower(): item for item in files.names(folder)}
            lower = name.lower()
            config = present.get(f"{lower}config.cmake") or present.get(f"{lower}-config.cmake")
            if config is None:
                continue
            facts: dict[str, Value] = {"cmake_dir": folder, "cmake_name": name}
            stated = present.get(f"{lower}configversion.cmake") or present.get(f"{lower}-config-version.cmake")
            content = files.read(f"{folder}/{stated}") if stated is not None else None
            version = parse_package_version(content.decode("utf-8", "replace")) if content is not None else ""
            if version:
                facts["cmake_version"] = version
            return facts
    return {}


def _folders(files: Files, name: str, place: Place) -> Iterator[str]:
    """Give the folders that ``find_package`` looks in, below the prefix that it is told (CMake's manual)."""
    tops = dict.fromkeys([f"{place.folder}/cmake", f"{place.outer}/cmake"])
    for root in place.roots:
        tops |= dict.fromkeys([f"{root}/lib/cmake", f"{root}/lib64/cmake", f"{root}/share/cmake"])
    for top in tops:
        yield from (f"{top}/{item}" for item in _fitting(files.names(top), name))
    for root in place.roots:
        for top in (f"{root}/share", place.folder):
            # Not its subfolders: of a thousand links each would have to be followed.
            for item in _fitting(files.names(top), name):
                yield f"{top}/{item}/cmake"
                yield f"{top}/{item}"
        yield f"{root}/cmake"


def _fitting(names: Sequence[str], package: str) -> list[str]:
    """Give the names that are a package's, in any case, alone or with a version behind them."""
    lower, size = package.lower(), len(package)
    near = [name for name in names if name[:size].lower() == lower]
    return [name for name in near if re.fullmatch(r"-?[\d.]*", name[size:]) is not None]
