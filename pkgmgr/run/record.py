"""What a run was and gave: one JSON file each. Touches: ``results/`` of the home."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from pkgmgr.model.entry import Value
from pkgmgr.model.errors import NotFoundError
from pkgmgr.run.execute import Ended
from pkgmgr.run.statistics import Spread, spreads_of


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a task."""

    id: str
    env: str
    task: str
    target: str
    """What its programs were built for."""
    place: str = ""
    """The target that was asked for, where that is another one, which runs what was built."""
    started: str
    """ISO 8601, UTC."""
    seconds: float
    exit_code: int | None
    state: str
    """``done``, ``failed``, or ``running``."""
    reason: str = ""
    """Why it failed."""
    pid: int = 0
    """While it runs: the process of ckpm that runs it."""
    pid_started: str = ""
    """When that process began, in the kernel's words: a later process with its number is another one."""
    argv: tuple[str, ...]
    params: Mapping[str, str] = {}
    metrics: Mapping[str, Value] = {}
    statistics: Mapping[str, Spread] = {}
    """Of each row of ``repetitions`` in the metrics."""
    entries: Mapping[str, str] = {}
    """Id → fingerprint of everything that it used."""
    host: Mapping[str, Value] = {}
    """Facts of this machine that a figure may depend on; not its name."""
    tools: Mapping[str, str] = {}
    """Versions of ckpm and of the Python that it ran with."""
    lock: str | None = None
    """Digest of the env's lock, where it has one."""
    output: str = ""
    """File that holds what it printed."""
    folder: str = ""
    """Folder with the files that it wrote."""
    files: Mapping[str, str] = {}
    """File in `folder` → its sha256."""


def finished(begun: Result, ended: Ended, *, reason: str, metrics: Mapping[str, Value] | None = None) -> Result:
    """Give the record of a run that is over, with the files that it left."""
    return msgspec.structs.replace(
        begun,
        pid=0,
        pid_started="",
        exit_code=ended.code,
        state="failed" if reason else "done",
        reason=reason,
        metrics=metrics or {},
        statistics=spreads_of(metrics or {}),
        files=_files(Path(begun.folder)),
    )


def _files(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def write_result(home: Path, result: Result) -> Path:
    """Write a record, next door and then by a rename."""
    folder = home / "results"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.id}.json"
    temporary = folder / f".{result.id}.{os.getpid()}"
    try:
        text = json.dumps(msgspec.to_builtins(result), indent=1, sort_keys=True) + "\n"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return path


def read_results(home: Path) -> list[Result]:
    """Give all records, the newest first."""
    names = (path.stem for path in (home / "results").glob("*.json"))
    found = [result for result in (read_result(home, name) for name in names) if result is not None]
    return sorted(found, key=lambda result: (result.started, result.id), reverse=True)


def read_result(home: Path, identity: str) -> Result | None:
    """Give the record of one run; None where there is none, or what is there is none of ours."""
    try:
        return _as_it_ended(msgspec.json.decode((home / "results" / f"{identity}.json").read_bytes(), type=Result))
    except (OSError, msgspec.MsgspecError):
        return None


def process_start(pid: int) -> str:
    """Give when a process began, as Linux tells it; empty where there is no such process, or no such system."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The name in brackets may hold anything; the 22nd field is the 20th behind it.
    return text.rpartition(")")[2].split()[19]


def _as_it_ended(result: Result) -> Result:
    """Take a run as failed whose ckpm is gone: it was killed before it could say so."""
    if result.state != "running" or process_start(result.pid) == result.pid_started != "":
        return result
    return msgspec.structs.replace(
        result, state="failed", reason="ckpm was killed while it ran, or had no room to write how it ended"
    )


def require_result(home: Path, name: str) -> Result:
    """Give one record by its id, or by an unmistakable beginning of it."""
    found = [result for result in read_results(home) if result.id == name or result.id.startswith(name)]
    exact = [result for result in found if result.id == name]
    if len(exact or found) != 1:
        raise NotFoundError(f"there is no result {name!r}", hint="'ckpm list result' shows those there are")
    return (exact or found)[0]


def read_pictures(result: Result) -> dict[str, bytes]:
    """Read the pictures that a result names, as ``id/file``; those that are gone are left out.

    Only files below the result's own folder: a program's metrics don't choose what a report shows.
    """
    rows = result.metrics.get("pictures")
    folder = Path(result.folder).resolve()
    found = {}
    for row in rows if isinstance(rows, list) and result.folder else []:
        name = str(row.get("file", "")) if isinstance(row, dict) else ""
        path = (folder / name).resolve()
        if name and path.is_relative_to(folder) and path.is_file():
            found[f"{result.id}/{name}"] = path.read_bytes()
    return found
