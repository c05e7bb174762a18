"""Files of pkg-config: what a library says of its version and of what it needs. No process is started.

`parse_pkg_config` is pure; `find_pkg_config` looks at files through `Files`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

import msgspec

from pkgmgr.detect.library_place import Place
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value

_LINE = re.compile(r"\s*(?P<key>[\w.]+)\s*(?P<kind>[=:])\s*(?P<value>.*)")
_HOLE = re.compile(r"\$\{(\w[\w.]*)\}")
_LIBRARY_FOLDER = re.compile(r"(?:^|\s)-L\s*((?:\\.|[^\s\\])+)")
_DEEPEST = 12
_REQUIRED = re.compile(r"([^\s,<>=!]+)(?:\s*(?:<=|>=|!=|<|>|=)\s*[^\s,]+)?")
_DEFAULT_FOLDERS = ("/usr/share/pkgconfig", "/usr/local/share/pkgconfig")


class PkgConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One ``.pc`` file."""

    version: str = ""
    requires: tuple[str, ...] = ()
    """Names of the packages that it needs, without their versions."""
    folders: tuple[str, ...] = ()
    """Library folders that it names, in order."""


def parse_pkg_config(text: str, folder: str) -> PkgConfig:
    """Read a ``.pc`` file, its variables replaced.

    :param folder: where it lies: the value of ``pcfiledir``.
    """
    variables: dict[str, str] = {"pcfiledir": folder}
    fields: dict[str, str] = {}
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        found = _LINE.match(line.partition("#")[0])
        if found is not None:
            (variables if found["kind"] == "=" else fields)[found["key"]] = found["value"].strip()
    version = _expand(fields.get("Version", ""), variables)
    # Taken apart before variables are replaced: a value may hold a space, as the place of a home can.
    libraries = fields.get("Libs", "")
    words = _LIBRARY_FOLDER.findall(libraries) or _LIBRARY_FOLDER.findall(_expand(libraries, variables))
    named = [re.sub(r"\\(.)", r"\1", _expand(word, variables)).strip('"') for word in words]
    if "libdir" in variables:
        named.append(_expand(variables["libdir"], variables))
    return PkgConfig(
        version="" if "$" in version else version,
        requires=tuple(_REQUIRED.findall(_expand(fields.get("Requires", ""), variables))),
        folders=tuple(dict.fromkeys(posixpath.normpath(item) for item in named if item.startswith("/"))),
    )


def _expand(text: str, variables: Mapping[str, str]) -> str:
    for _ in range(_DEEPEST):
        if "${" not in text:
            break
        text = _HOLE.sub(lambda found: variables.get(found[1], ""), text)
    return text


def find_pkg_config(files: Files, names: Sequence[str], place: Place) -> dict[str, Value]:
    """Give the facts of the first of these files that belongs to a library folder.

    One that names other folders only was moved with its tree, or is of another build: pkg-config would lead
    elsewhere, so it does not give ``pc_dir``.
    """
    folders = pkg_config_folders(place)
    for name in names:
        for folder in folders:
            path = f"{folder}/{name}.pc"
            content = files.read(path)
            if content is None:
                continue
            told = parse_pkg_config(content.decode("utf-8", "replace"), posixpath.dirname(files.real(path)))
            is_own = _belongs(files, told, place)
            if not is_own and not folder.startswith(f"{place.folder}/"):
                continue
            facts: dict[str, Value] = {"pc_file": path, "pc_name": name}
            if told.version:
                facts["pc_version"] = told.version
            if is_own:
                facts["pc_dir"] = folder
                missing = _missing(files, told, folders)
                if missing:
                    facts["pc_missing"] = list(missing)
            return facts
    return {}


def pkg_config_folders(place: Place) -> list[str]:
    """Give the folders where the file of a library may lie, the nearest first."""
    found = [f"{place.folder}/pkgconfig", f"{place.outer}/pkgconfig"]
    for root in place.roots:
        found.append(f"{root}/share/pkgconfig")
        if not place.triple or root not in ("/usr", "/usr/local"):
            found += [f"{root}/lib/pkgconfig", f"{root}/lib64/pkgconfig", f"{root}/libdata/pkgconfig"]
    return list(dict.fromkeys(found))


def _belongs(files: Files, told: PkgConfig, place: Place) -> bool:
    own = {place.folder, place.outer, place.prefix}
    return not told.folders or any(files.real(folder) in own for folder in told.folders)


def _missing(files: Files, told: PkgConfig, folders: Sequence[str]) -> list[str]:
    searched = [*folders, *_DEFAULT_FOLDERS]
    return [
        name for name in told.requires if not any(files.stat(f"{folder}/{name}.pc") is not None for folder in searched)
    ]
