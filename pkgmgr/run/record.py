"""What a run was and gave: one JSON file each. Touches: ``results/`` of the home."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from pkgmgr.model.entry import Value
from pkgmgr.model.errors import NotFoundError


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a task."""

    id: str
    env: str
    task: str
    target: str
    started: str
    """ISO 8601, UTC."""
    seconds: float
    exit_code: int | None
    state: str
    """``done`` or ``failed``."""
    reason: str = ""
    """Why it failed."""
    argv: tuple[str, ...]
    params: Mapping[str, str] = {}
    metrics: Mapping[str, Value] = {}
    entries: Mapping[str, str] = {}
    """Id → fingerprint of everything that it used."""
    host: Mapping[str, Value] = {}
    lock: str | None = None
    """Digest of the lock that it ran with."""
    output: str = ""
    """File that holds what it printed."""


def write_result(home: Path, result: Result) -> Path:
    """Write a record, next door and then by a rename."""
    folder = home / "results"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.id}.json"
    temporary = folder / f".{result.id}.{os.getpid()}"
    temporary.write_text(json.dumps(msgspec.to_builtins(result), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(path)
    return path


def read_results(home: Path) -> list[Result]:
    """Give all records, the newest first."""
    found = []
    for path in (home / "results").glob("*.json"):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Result))
        except (OSError, msgspec.MsgspecError):
            continue  # not one of ours
    return sorted(found, key=lambda result: (result.started, result.id), reverse=True)


def require_result(home: Path, name: str) -> Result:
    """Give one record by its id, or by an unmistakable beginning of it."""
    found = [result for result in read_results(home) if result.id == name or result.id.startswith(name)]
    exact = [result for result in found if result.id == name]
    if len(exact or found) != 1:
        raise NotFoundError(f"there is no result {name!r}", hint="'ckpm list result' shows those there are")
    return (exact or found)[0]
