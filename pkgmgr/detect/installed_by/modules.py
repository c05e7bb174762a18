"""What environment modules lead to: modulefiles in Lua and Tcl, read as text and never run.

Touches: files, through `pkgmgr.host.ports.Files`. `pkgmgr.detect.installed_by.modulefile` says what a text means.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pkgmgr.detect.installed_by.prefix import Prefix, is_own
from pkgmgr.host.ports import Host
from pkgmgr.host.search import is_folder, walk
from pkgmgr.host.text import read_text

_USUAL_FOLDERS = (
    *("/etc/modulefiles", "/usr/share/modulefiles", "/usr/share/Modules/modulefiles", "/opt/modulefiles"),
    *("/usr/share/modules/modulefiles", "/usr/local/modulefiles", "/apps/modulefiles", "/opt/apps/modulefiles"),
    *("/opt/cray/pe/modulefiles", "/opt/cray/modulefiles", "/opt/ohpc/pub/modulefiles"),
)
_DEPTH = 4
"""Levels of a module tree: Lmod's hierarchies have ``<compiler>/<version>/<name>/<version>.lua``."""
_MOST_FOLDERS = 2_000
_MOST_FILES = 5_000
_LARGEST = 1 << 16


def find(host: Host) -> Iterator[Prefix]:
    """Give the roots that modulefiles name, as far as their text says it without being run."""
    read = 0
    for root in _roots(host):
        for folder in walk(host.files, root, depth=_DEPTH, limit=_MOST_FOLDERS):
            below = set(host.files.subfolders(folder))
            for name in host.files.names(folder):
                if name in below or name.startswith("."):
                    continue
                if read >= _MOST_FILES:
                    return
                read += 1
                yield from _of_file(host, root, posixpath.join(folder, name))


def _roots(host: Host) -> list[str]:
    stated = [path for path in host.variables.get("MODULEPATH", "").split(":") if path.startswith("/")]
    return [path for path in dict.fromkeys([*stated, *_USUAL_FOLDERS]) if is_folder(host.files, path)]


def _of_file(host: Host, root: str, path: str) -> Iterator[Prefix]:
    from pkgmgr.detect.installed_by.modulefile import parse_modulefile  # 1 ms, where there is one

    name = posixpath.relpath(path, root).removesuffix(".lua")
    text = read_text(host.files, path, _LARGEST)
    for prefix in parse_modulefile(text, name=name, is_lua=path.endswith(".lua")):
        if is_own(prefix) and is_folder(host.files, prefix):
            yield Prefix(path=prefix, origin=f"module:{name}")
