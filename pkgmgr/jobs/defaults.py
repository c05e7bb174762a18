"""Which entry of each soft a requirement takes that asks for no version. Pure.

`pkgmgr.resolve.options` decides it for a plan; this says the same of a list that is shown, without a plan.
"""

from __future__ import annotations

from collections.abc import Iterable

from pkgmgr.detect.merging import best_first
from pkgmgr.jobs.detection import BUILD_FAMILIES, fits_target
from pkgmgr.model.entry import Entry, version_key
from pkgmgr.model.target import ANY


def in_order(entries: Iterable[Entry], *, host: str = "") -> list[Entry]:
    """Give entries by soft, within one soft what was installed first, then the best first."""
    return sorted(best_first(entries, host=host), key=lambda entry: (entry.soft, entry.package is None))


def default_ids(entries: Iterable[Entry], *, target: str, host: str, prefer: str = "") -> frozenset[str]:
    """Give the id of the entry that is taken of each soft; of some softs none is.

    :param entries: in the order of `in_order`, softs may be in any.
    :param target: that the requirement is for.
    :param prefer: ``installed`` or ``detected``, as a person has set it.
    """
    taken: dict[str, Entry] = {}
    for entry in entries:
        known = taken.get(entry.soft)
        is_better = known is None or (prefer == "detected" and known.package is not None and entry.package is None)
        if is_better and _may_be_taken(entry, target, host):
            taken[entry.soft] = entry
    return frozenset(entry.id for entry in taken.values())


def _may_be_taken(entry: Entry, target: str, host: str) -> bool:
    is_build = entry.soft.partition(".")[0] in BUILD_FAMILIES
    if entry.target != ANY and not fits_target(entry.target, host if is_build else target):
        return False
    if entry.emits and not any(fits_target(text, target) for text in entry.emits):
        return False
    if not entry.is_whole:
        return False
    return entry.package is not None or entry.version is None or not version_key(entry).is_prerelease
