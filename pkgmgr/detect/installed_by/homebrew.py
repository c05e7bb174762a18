"""What Homebrew installed, on macOS and Linux: the shared folders, and each formula's own below ``opt``.

Touches: files, through `pkgmgr.host.ports.Files`.
"""

from __future__ import annotations

from collections.abc import Iterator

from pkgmgr.detect.installed_by.prefix import Prefix, expand, is_own
from pkgmgr.host.ports import Host
from pkgmgr.host.search import is_folder

_ROOTS = ("$HOMEBREW_PREFIX", "/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew", "~/.linuxbrew")


def find(host: Host) -> Iterator[Prefix]:
    """Give the prefixes; keg-only formulas are found below ``opt`` alone."""
    for root in dict.fromkeys(expand(host, _ROOTS)):
        if not is_folder(host.files, f"{root}/Cellar"):
            continue
        for path in expand(host, [f"{root}/opt/*"]):
            yield Prefix(path=path, origin="homebrew")
        if is_own(root):
            yield Prefix(path=root, origin="homebrew")
