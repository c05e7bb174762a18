"""Hold a lock against entries and a host: what differs, and whether that is accepted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pkgmgr.lock.verdict import judge
from pkgmgr.model.entry import Entry
from pkgmgr.model.lock import Drift, LockedEntry, LockedHost, LockedTarget
from pkgmgr.model.version import Version, VersionRange


def compare_entry(locked: LockedEntry, found: Entry | None) -> Iterator[Drift]:
    """Give the differences between a locked entry and what is there now.

    :param found: the same thing found again; None when it is not there.
    """
    if found is not None and found.soft != locked.soft:
        before, after = f"{locked.soft} {locked.version}", f"{found.soft} {found.version}"
        yield Drift(what="replaced", name=locked.id, before=before, after=after)
        return
    if found is None:
        where = locked.prefix or "the store"
        yield Drift(what="removed", name=locked.id, before=f"{locked.version} in {where}", after="not there")
        return
    if found.version != locked.version:
        yield Drift(
            what="upgraded" if _is_newer(locked.version, found.version) else "downgraded",
            name=locked.soft,
            before=str(locked.version),
            after=str(found.version),
            is_accepted=accepts(locked, found),
        )
    elif found.fingerprint != locked.fingerprint:
        yield Drift(
            what="changed",
            name=locked.id,
            before=locked.fingerprint,
            after=found.fingerprint,
            is_accepted=locked.accept != "exact",
        )
    if locked.prefix is not None and found.prefix != locked.prefix:
        yield Drift(
            what="moved",
            name=locked.soft,
            before=locked.prefix,
            after=found.prefix,
            is_accepted=locked.accept != "exact",
        )


def _is_newer(before: str | None, after: str | None) -> bool:
    return before is not None and after is not None and Version(before) < Version(after)


def accepts(locked: LockedEntry, found: Entry) -> bool:
    """Tell whether an entry may stand in for a locked one, by what the lock accepts.

    ``compatible`` keeps the first number of the version and allows nothing older.
    """
    if found.soft != locked.soft or found.target != locked.target:
        return False
    if locked.accept == "exact":
        return found.version == locked.version and found.fingerprint == locked.fingerprint
    if locked.accept == "any":
        return True
    if found.version is None or locked.version is None:
        return found.version == locked.version
    new, old = Version(found.version), Version(locked.version)
    if locked.accept == "compatible":
        return new >= old and new.release[:1] == old.release[:1]
    return VersionRange(locked.accept).admits(new)


def best_match(locked: LockedEntry, entries: Iterable[Entry]) -> Entry | None:
    """Choose what a locked entry should be held against: the same id, else the same place, else the same soft."""
    same_soft = [entry for entry in entries if entry.soft == locked.soft and entry.target == locked.target]

    def likeness(entry: Entry) -> tuple[bool, bool, bool, bool]:
        same_files = dict(entry.files) == dict(locked.files)
        return (
            entry.id == locked.id,
            entry.fingerprint == locked.fingerprint,
            same_files and entry.prefix == locked.prefix,
            entry.prefix == locked.prefix,
        )

    alike = [entry for entry in same_soft if any(likeness(entry)) or accepts(locked, entry)]
    return max(alike, key=likeness, default=None)


_HOST_FACTS = ("os", "arch", "libc", "libc_version", "feature_level", "microarchitecture", "distribution", "kernel")
_TOLD_ONLY = ("distribution", "kernel")
"""They are named, and no result depends on them alone."""


def compare_host(locked: LockedTarget, host: LockedHost) -> Iterator[Drift]:
    """Give the differences between the machine that a lock was made on and this one."""
    before = locked.resolved_on
    if (before.os, before.arch) != (locked.least.os, locked.least.arch):
        return  # it was made for another machine, of which nothing is known but what is the least
    lax = locked.accept == "any" or (locked.accept == "compatible" and judge(locked, host)[0].startswith("fits"))
    for fact in _HOST_FACTS:
        old, new = getattr(before, fact), getattr(host, fact)
        if old != new:
            yield Drift(what="host", name=fact, before=str(old), after=str(new), is_accepted=lax or fact in _TOLD_ONLY)
    yield from _named("driver", before.drivers, host.drivers, is_accepted=lax)
    yield from _named("accelerator", before.accelerators, host.accelerators, is_accepted=lax)


def _named(kind: str, before: Mapping[str, str], after: Mapping[str, str], *, is_accepted: bool) -> Iterator[Drift]:
    for name in sorted({*before, *after}):
        old, new = before.get(name, "none"), after.get(name, "none")
        if old != new:
            yield Drift(what="host", name=f"{kind} {name}", before=old, after=new, is_accepted=is_accepted)
