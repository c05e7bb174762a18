"""Record on entries which package of the system their files belong to.

Touches: the databases of package managers, through `pkgmgr.host.ports.Owners`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pkgmgr.host.owners import find_owners
from pkgmgr.host.ports import Host
from pkgmgr.model.entry import Entry


def with_owners(entries: Sequence[Entry], host: Host) -> list[Entry]:
    """Give the entries, those of packages with the attribute ``owner``: evidence that a person can check.

    All files are asked for at once. The owner of an entry is that of the first of its files that has one; where they
    belong to several (``gcc-12`` and ``g++-12``), ``owners`` names all.
    """
    paths = dict.fromkeys(path for entry in entries if entry.package is None for path in entry.files.values())
    owners = find_owners(host, list(paths))
    return [_with_owner(entry, owners) for entry in entries] if owners else list(entries)


def _with_owner(entry: Entry, owners: dict[str, str]) -> Entry:
    mine = list(dict.fromkeys(owners[path] for path in entry.files.values() if path in owners))
    if not mine or entry.package is not None or "owner" in entry.attributes:
        return entry
    several = {"owners": mine} if len(mine) > 1 else {}
    return msgspec.structs.replace(entry, attributes={**entry.attributes, "owner": mine[0], **several})
