"""Machines as plain rows, so that two can be compared: recorded ones, this one, and this one with a lock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from pkgmgr.jobs.drift import verify_target
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.lock.document import parse_lock
from pkgmgr.lock.flat import flat_lock
from pkgmgr.model.errors import NotFoundError, UsageError
from pkgmgr.model.lock import Lock

Row = tuple[str, str, str]
"""What it is, before, after."""
HOST = "host"
"""The word for this machine."""
_NONE = "-"
_CONTENT = ": fingerprint"


def is_compared(word: str) -> bool:
    """Tell whether a word names a lock file, a recorded machine or this one."""
    return word == HOST or word.endswith((".json", ".json.gz"))


def compare_files(workspace: Workspace, first: str, second: str) -> list[Row]:
    """Say what differs between two locks, two machines, or a lock and this machine.

    :raises UsageError: for a lock and a recorded machine: a record has no contents of files to hold against a lock.
    """
    one, other = _read(workspace, first), _read(workspace, second)
    if isinstance(one, Lock) and isinstance(other, Lock):
        return _rows(flat_lock(one), flat_lock(other))
    if isinstance(one, Workspace) and isinstance(other, Workspace):
        rows = _rows(flat_host(one), flat_host(other))
        other_versions = {name for name, _, _ in rows}
        # Of another version the content is another: told only where nothing else tells.
        return [row for row in rows if row[0].removesuffix(_CONTENT) not in other_versions - {row[0]}]
    lock = one if isinstance(one, Lock) else other
    if HOST not in (first, second) or not isinstance(lock, Lock):
        raise UsageError("a lock and a recorded machine can't be compared", hint=f"ckpm diff LOCK {HOST}")
    drifts = list(_lock_and_host(workspace, lock))
    return drifts if isinstance(one, Lock) else [(name, after, before) for name, before, after in drifts]


def flat_host(workspace: Workspace) -> dict[str, str]:
    """Give each fact of a machine, and each soft that is found there, under a name that says what it is of.

    The person's home is called what a record calls it: what lies there is the same on both sides.
    """
    from pkgmgr.host.scrub import Scrubber
    from pkgmgr.jobs.detection import Search, detect

    clean = Scrubber.of(workspace.host.home, workspace.host.variables).clean
    rows: dict[str, str] = {}
    _flatten("host", msgspec.to_builtins(workspace.platform()), rows)
    found: dict[str, set[str]] = {}
    for entry in detect(workspace, search=Search(register=False)).entries:
        if entry.package is None:
            emits = f" for {','.join(entry.emits)}" if entry.emits else ""
            name = f"{entry.soft} in {entry.prefix}{emits}"
            found.setdefault(name, set()).add(entry.version or "no version")
            found.setdefault(name + _CONTENT, set()).add(entry.fingerprint)
    rows |= {name: ", ".join(sorted(values)) for name, values in found.items()}
    return {clean(name): clean(value) for name, value in rows.items()}


def _read(workspace: Workspace, word: str) -> Lock | Workspace:
    if word == HOST:
        return workspace
    path = Path(word)
    if not path.is_file():
        raise NotFoundError(f"there is no file {word}", hint="name a lock, or a record of 'ckpm detect --record FILE'")
    text = "" if word.endswith(".gz") else path.read_text(encoding="utf-8", errors="surrogateescape")
    if word.endswith(".gz") or _is_record(text):
        from pkgmgr.jobs.recording import replayed

        return replayed(workspace, path)
    return parse_lock(text, where=word)


class _Outline(msgspec.Struct):
    """As much of a document as tells a record from a lock."""

    answers: msgspec.Raw = msgspec.Raw()
    folders: msgspec.Raw = msgspec.Raw()


def _is_record(text: str) -> bool:
    try:
        outline = msgspec.json.decode(text.encode("utf-8", "surrogateescape"), type=_Outline)
    except msgspec.MsgspecError:
        return False  # reading it as a lock says what is wrong with it
    return bool(outline.answers or outline.folders)


def _lock_and_host(workspace: Workspace, lock: Lock) -> Iterator[Row]:
    """Hold each target's part that can be held against this machine, as `verify` does."""
    for target, part in lock.targets.items():
        for drift in verify_target(workspace, part):
            yield (f"{target} {drift.name}: {drift.what}", drift.before, drift.after)


def _rows(before: dict[str, str], after: dict[str, str]) -> list[Row]:
    names = sorted({*before, *after})
    rows = [(name, before.get(name, _NONE), after.get(name, _NONE)) for name in names]
    return [row for row in rows if row[1] != row[2]]


def _flatten(name: str, value: object, into: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _flatten(f"{name} {key}", item, into)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for place, item in enumerate(value):
            _flatten(f"{name} {place}", item, into)
    elif value not in (None, [], ""):
        into[name] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
