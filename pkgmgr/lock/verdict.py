"""Whether a host can carry what a lock holds: one of four verdicts for each target, and why. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import msgspec

from pkgmgr.model.entry import Entry
from pkgmgr.model.lock import Lock, LockedEntry, LockedHost, LockedTarget
from pkgmgr.model.version import Version

Judgement = Literal["fits", "fits only the least", "below the least", "can't run"]
_KINDS = ("os", "arch", "libc")
_ORDER: tuple[Judgement, ...] = ("fits", "fits only the least", "below the least", "can't run")


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said of one target of a lock on one host."""

    target: str
    verdict: Judgement
    reasons: tuple[str, ...] = ()
    type: str = ""
    """What to type to go on with it."""


class Substitute(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is here and could be taken in place of a locked entry, if a person says so."""

    of: str
    """The locked entry's id."""
    id: str
    version: str | None
    prefix: str
    why: str
    type: str
    """What to type to take it."""


def judge(part: LockedTarget, host: LockedHost) -> tuple[Judgement, tuple[str, ...]]:
    """Hold a host against the least that will do and against the one that a part was resolved on."""
    wrong = _other_kind(part.least, host)
    if wrong:
        return "can't run", wrong
    below = tuple(unmet(part.least, host))
    if below:
        return "below the least", below
    less = tuple(_less(part.resolved_on, host))
    return ("fits only the least", less) if less else ("fits", ())


def _other_kind(least: LockedHost, host: LockedHost) -> tuple[str, ...]:
    return tuple(
        f"it is for {wanted}, and this host is {getattr(host, fact) or 'another'}"
        for fact in _KINDS
        if (wanted := getattr(least, fact)) is not None and wanted != getattr(host, fact)
    )


def unmet(least: LockedHost, host: LockedHost) -> list[str]:
    """Say in which facts a host is below the least that a lock needs."""
    said = [
        f"{fact} {getattr(host, fact)}, and {wanted} is needed"
        for fact in _KINDS
        if (wanted := getattr(least, fact)) is not None and wanted != getattr(host, fact)
    ]
    if _is_older(host.libc_version, least.libc_version):
        said.append(f"{least.libc} {host.libc_version or 'of no known version'}, and {least.libc_version} is needed")
    for kind, needed, there in (
        ("driver", least.drivers, host.drivers),
        ("accelerator", least.accelerators, host.accelerators),
    ):
        for name, wanted in sorted(needed.items()):
            if name not in there:
                said.append(f"no {name} {kind}, and {wanted or 'one'} is needed")
            elif wanted and there[name] and Version(there[name]) < Version(wanted):
                said.append(f"{name} {kind} {there[name]}, and {wanted} is needed")
    return said


def _is_older(found: str | None, wanted: str | None) -> bool:
    return wanted is not None and (found is None or Version(found) < Version(wanted))


def _less(before: LockedHost, host: LockedHost) -> Iterable[str]:
    """Say what the host that a lock was resolved on had and this one has not: slower maybe, untried surely."""
    if before.arch != host.arch or before.os != host.os:
        return  # it was resolved for this kind of machine from another one
    if _is_older(host.libc_version, before.libc_version):
        yield f"{before.libc} {host.libc_version}; it was resolved on {before.libc_version}"
    if before.feature_level is not None and _level(host.feature_level) < _level(before.feature_level):
        yield f"processor level {host.feature_level or 'unknown'}; it was resolved on {before.feature_level}"
    for name, version in sorted(before.drivers.items()):
        if name not in host.drivers or Version(host.drivers[name]) < Version(version):
            yield f"{name} driver {host.drivers.get(name, 'none')}; it was resolved on {version}"
    for name, capability in sorted(before.accelerators.items()):
        if name not in host.accelerators:
            yield (
                f"no {name} accelerator; it was resolved on one ({capability})"
                if capability
                else (f"no {name} accelerator; it was resolved on one")
            )


def _level(name: str | None) -> int:
    """Read ``x86_64_v3`` as 3; a name without a level is the lowest."""
    tail = (name or "").rpartition("_v")[2]
    return int(tail) if tail.isdigit() else 0


def judge_all(
    lock: Lock, host: LockedHost, host_target: str, runs: Sequence[str], command: Callable[..., str]
) -> list[Verdict]:
    """Judge each target of a lock, the best first.

    :param runs: other targets whose programs run on this host as they are.
    :param command: gives what to type, of a verb and its options.
    """
    verdicts = []
    for name, part in lock.targets.items():
        verdict, reasons = judge(part, host)
        can = verdict in ("fits", "fits only the least")
        if can and name not in (host_target, *runs):
            reasons = (*reasons, f"its results are for {name}, and run there")
        for_it = () if name == host_target else ("--target", name)
        if can:
            typed = command("sync", "--frozen", *for_it)
        else:  # resolve it for the host as it is
            typed = command("lock", *(for_it if verdict == "below the least" else ("--target", host_target)))
        verdicts.append(Verdict(target=name, verdict=verdict, reasons=reasons, type=typed))

    def order(row: Verdict) -> tuple[int, int]:
        near = 0 if row.target == host_target else 1 if row.target in runs else 2
        return (_ORDER.index(row.verdict), near)

    return sorted(verdicts, key=order)


def substitutes(pin: LockedEntry, entries: Iterable[Entry], command: Callable[..., str]) -> list[Substitute]:
    """Rank what is here in place of a locked entry that is not: the nearest version first. Nothing is taken unasked."""
    rows = []
    for entry in entries:
        if entry.soft != pin.soft or entry.target != pin.target or entry.id == pin.id:
            continue
        distance, why, accept = _distance(pin, entry)
        typed = f'accept = {{"{pin.soft}" = "{accept}"}} in env.toml, or: {command("lock", "--upgrade", pin.soft)}'
        row = Substitute(of=pin.id, id=entry.id, version=entry.version, prefix=entry.prefix, why=why, type=typed)
        rows.append((distance, row))
    return [row for _, row in sorted(rows, key=lambda item: item[0])]


def _distance(pin: LockedEntry, entry: Entry) -> tuple[tuple[int, ...], str, str]:
    if pin.version is None or entry.version is None:
        return (4,), "its version is not known", "any"
    old, new = Version(pin.version), Version(entry.version)
    if old == new:
        return (0,), "the same version, another build or place", "compatible"
    newer = new > old
    depth = next((place for place, (a, b) in enumerate(zip(old.release, new.release, strict=False)) if a != b), 3)
    word = "newer" if newer else "older"
    # The same first number and newer is what `compatible` means.
    accept = "compatible" if newer and depth > 0 else "any"
    return (1 if newer and depth else 2 if depth else 3, -depth), f"{word}: {entry.version}, not {pin.version}", accept
