"""Prove models and data sets by their content: hash their files, and hold that against what is stated of them.

Touches: the files, read only; the memory of what was read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from pkgmgr.jobs.stated_digests import read_digest, stated_digests
from pkgmgr.lock.seen import Seen
from pkgmgr.model.entry import Entry, Value

_KINDS = frozenset({"model", "dataset"})
_MAIN = ("model", "data")
"""Roles of the file that an entry stands for."""
_NOTHING_STATED = "no digests are known of what is in this folder: `ckpm lock` and `ckpm verify` hash it"
_SHOWN = 3
"""Files of a folder that are named."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What hashing has shown."""

    state: Literal["passed", "failed", "not run"]
    reason: str


def is_hashed(entry: Entry) -> bool:
    """Tell whether an entry is proven by its content."""
    return entry.soft.partition(".")[0] in _KINDS


def hash_all(
    entries: Sequence[Entry], memory: Path, *, progress: Callable[[int], None] = lambda _done: None
) -> list[Entry]:
    """Give the entries, models and data sets with the sha256 of their files and with what that has shown.

    Every byte is read, unless it was before and the file has not changed since. Of two files with one content the
    first is told where else it is (``also_at``), and the other whose copy it is (``copy_of``).

    :param memory: folder that remembers what was read.
    :param progress: is told how many are done.
    """
    proven: list[Entry] = []
    done = 0
    first: dict[tuple[str, ...], int] = {}
    for entry in entries:
        if not is_hashed(entry) or "check" in entry.attributes:
            proven.append(entry)
            continue
        done += 1
        digests = _digests(entry, memory)
        folder = _folder(entry)
        if folder is not None and not digests and entry.is_whole:
            proof = _prove_folder(folder, entry, memory, partial(progress, done - 1))
            proven.append(_with_attributes(entry, {"check": {"state": proof.state, "reason": proof.reason}}))
            progress(done)
            continue
        made = _with_attributes(entry, _attributes(entry, digests))
        key = tuple(sorted(digests.values()))
        known = first.setdefault(key, len(proven)) if key else len(proven)
        if known < len(proven) and not _is_same_place(proven[known], made):
            places = proven[known].attributes.get("also_at")
            listed: list[Value] = [*(places if isinstance(places, list) else []), _main_file(made)]
            proven[known] = _with_attributes(proven[known], {"also_at": listed})
            made = _as_copy(made, proven[known].id)
        proven.append(made)
        progress(done)
    return proven


def _digests(entry: Entry, memory: Path) -> dict[str, str]:
    """Give role → sha256 of each of its files; of what is partial or broken nothing is read."""
    if not entry.is_whole:
        return {}
    seen = Seen(memory, entry.id)
    weights = {role: path for role, path in entry.files.items() if role in _MAIN or role.startswith("part-")}
    found = {role: seen.digest(path) for role, path in weights.items() if os.path.isfile(path)}
    seen.save()
    return {role: digest for role, digest in found.items() if digest is not None}


def _folder(entry: Entry) -> Path | None:
    """Give the folder that an entry is; None where it is a file."""
    place = Path(next((entry.files[role] for role in _MAIN if role in entry.files), entry.prefix))
    return place if place.is_dir() else None


def _prove_folder(folder: Path, entry: Entry, memory: Path, tick: Callable[[], None]) -> Proof:
    """Hold the files in a folder against what is stated of them, and name those that are not so.

    :param tick: is called before each file is read.
    """
    listed_by = entry.attributes.get("listed_by")
    stated = stated_digests(folder, listed_by if isinstance(listed_by, str) else "")
    if not stated:
        return Proof(state="not run", reason=_NOTHING_STATED)
    seen = Seen(memory, entry.id)
    wrong = []
    for name, (algorithm, digest) in stated.items():
        tick()
        path = folder / name
        found = seen.digest(str(path)) if algorithm == "sha256" else read_digest(path, algorithm)
        if found != digest:
            wrong.append(f"{name} is {'missing' if found is None else 'not what is stated'}")
    seen.save()
    if wrong:
        more = f"; so are {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        return Proof(state="failed", reason="; ".join(wrong[:_SHOWN]) + more)
    kinds = sorted({algorithm for algorithm, _ in stated.values()})
    return Proof(state="passed", reason=f"{len(stated)} files have the {' and '.join(kinds)} that is stated of each")


def _attributes(entry: Entry, digests: Mapping[str, str]) -> dict[str, Value]:
    digest = next((digests[role] for role in _MAIN if role in digests), None)
    proof = judge(entry.attributes, digest, _md5(entry) if digest and "md5" in entry.attributes else None)
    told: dict[str, Value] = {"check": {"state": proof.state, "reason": proof.reason}}
    if digest is not None:
        told["sha256"] = digest
        if len(digests) > 1:
            told["sha256_of"] = dict(digests)
    return told


def judge(stated: Mapping[str, Value], digest: str | None, md5: str | None) -> Proof:
    """Hold a digest against what a cache, a file's name or a publisher states. Pure."""
    if digest is None:
        reason = stated.get("reason") or _NOTHING_STATED
        return Proof(state="failed" if stated.get("reason") else "not run", reason=str(reason))
    wanted, begins, other = stated.get("sha256"), stated.get("sha256_begins"), stated.get("md5")
    said = f"sha256 {digest}"
    if isinstance(wanted, str):
        return _compared(said, digest == wanted, f"sha256 {wanted}")
    if isinstance(begins, str):
        return _compared(said, digest.startswith(begins), f"one that begins with {begins}")
    if isinstance(other, str):
        return _compared(said, md5 == other, f"md5 {other}")
    return Proof(state="not run", reason=f"{said}; nothing here states what it should be")


def _compared(said: str, is_same: bool, wanted: str) -> Proof:
    return Proof(state="passed", reason=said) if is_same else Proof(state="failed", reason=f"{said} is not {wanted}")


def _md5(entry: Entry) -> str | None:
    try:
        with open(_main_file(entry), "rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError:
        return None


def _as_copy(entry: Entry, first: str) -> Entry:
    check = entry.attributes["check"]
    told: dict[str, Value] = dict(check) if isinstance(check, dict) else {}
    told["reason"] = f"{told.get('reason', '')}; a copy of {first}"
    return _with_attributes(entry, {"copy_of": first, "check": told})


def _main_file(entry: Entry) -> str:
    return next((entry.files[role] for role in _MAIN if role in entry.files), entry.prefix)


def _is_same_place(one: Entry, other: Entry) -> bool:
    """Tell whether two softs know one file: that is no copy."""
    return os.path.realpath(_main_file(one)) == os.path.realpath(_main_file(other))


def _with_attributes(entry: Entry, told: Mapping[str, Value]) -> Entry:
    return msgspec.structs.replace(entry, attributes={**entry.attributes, **told})
