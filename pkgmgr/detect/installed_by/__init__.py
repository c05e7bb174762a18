"""What other managers installed: prefixes that the ordinary softs look into, and who put them there.

Touches: index files and folders, through `pkgmgr.host.ports.Files` only. Starts no process, and runs no file of a
manager's: a modulefile is read as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pkgmgr.detect.installed_by import conda, easybuild, homebrew, modules, nix, spack
from pkgmgr.detect.installed_by.prefix import Prefix
from pkgmgr.host.ports import Host

MOST_PREFIXES = 10_000
"""Prefixes that are looked into at the most, of all managers together."""

# Who tells the most of a prefix comes first: modulefiles lead to what the others have built.
MANAGERS: tuple[Callable[[Host], Iterable[Prefix]], ...] = (
    spack.find,
    easybuild.find,
    conda.find,
    nix.find,
    homebrew.find,
    modules.find,
)

__all__ = ["MANAGERS", "MOST_PREFIXES", "Prefix", "find_prefixes"]


def find_prefixes(host: Host, *, cut: list[str] | None = None) -> list[Prefix]:
    """Give each prefix that a manager installed to, once, under its first manager's name.

    :param cut: receives a word for people when there are more than are looked into.
    """
    found: dict[str, Prefix] = {}
    for prefix in _all(host):
        real = host.files.real(prefix.path)
        if real in found:
            continue
        if len(found) >= MOST_PREFIXES:
            if cut is not None:
                cut.append(f"the list of what {prefix.origin} installed")
            break
        found[real] = prefix
    return list(found.values())


def _all(host: Host) -> Iterator[Prefix]:
    for find in MANAGERS:
        yield from find(host)
