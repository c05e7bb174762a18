"""What EasyBuild installed: ``<root>/software/<name>/<version>``, each with a folder ``easybuild`` in it.

Touches: files, through `pkgmgr.host.ports.Files`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pkgmgr.detect.installed_by.prefix import Prefix, expand, is_own
from pkgmgr.host.ports import Host
from pkgmgr.host.search import is_folder

_FOLDERS = (
    *("$EASYBUILD_INSTALLPATH_SOFTWARE", "$EASYBUILD_INSTALLPATH/software", "$EASYBUILD_PREFIX/software"),
    *("~/.local/easybuild/software", "/opt/easybuild/software", "/apps/easybuild/software"),
)


def find(host: Host) -> Iterator[Prefix]:
    """Give the prefix of each installation in the usual folders, and in those of modules that are loaded."""
    folders = dict.fromkeys([*expand(host, _FOLDERS), *_loaded(host)])
    for folder in folders:
        for path in expand(host, [f"{folder}/*/*"]):
            if is_folder(host.files, f"{path}/easybuild"):
                yield Prefix(path=path, origin="easybuild")


def _loaded(host: Host) -> Iterator[str]:
    """Give the folders that loaded modules lie in: each sets ``EBROOT<NAME>`` to its prefix."""
    # Names first: what is looked at is remembered with its value, and `_` has another one for each command.
    for name in sorted(name for name in host.variables if name.startswith("EBROOT")):
        value = host.variables[name]
        folder = posixpath.dirname(posixpath.dirname(posixpath.normpath(value)))
        if is_own(value) and folder not in ("", "/"):
            yield folder
