"""Answers that take a resolution, remembered with all that they hang on. Touches: the cache; the state of files.

To find that there is nothing to do, or what an environment holds, documents are read, softs are looked for and versions
compared. While the files, folders, detections and facts that an answer came from are what they were, it is what it was.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from pkgmgr import __version__
from pkgmgr.host.cache_file import write_cache_file
from pkgmgr.host.short_digest import short_digest
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.plan import Plan

_A = TypeVar("_A", bound=msgspec.Struct)
_FORMAT = 2
_MOST = 128
"""Answers that are remembered; the oldest are forgotten."""
_GRANULE = 20_000_000
"""Nanoseconds: the clock for files is no finer, so what was changed just now may change again unseen."""
_ROOMS = ("model", "host", "catalog", "detect", "resolve", "environ", "install", "lock", "jobs")

Sign = tuple[str, int, int, int, int, int]
"""Path, device, inode, size, times of change of the content and of the state. All zero: not there."""


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    format: int
    platform: str
    """Digest of what the facts of the machine depend on."""
    signs: tuple[Sign, ...]
    detections: tuple[str, ...]
    """Questions whose remembered reports must hold."""
    answer: msgspec.Raw


def recall(workspace: Workspace, question: Sequence[str], answer_type: type[_A]) -> _A | None:
    """Give a remembered answer; None where there is none, or something that it hangs on has changed.

    :param question: all that is asked; the code, the home and the host need not be named.
    """
    if workspace.host_override is not None:
        return None
    try:
        kept = msgspec.msgpack.decode(_path(workspace, question).read_bytes(), type=_Kept)
        holds = (
            kept.format == _FORMAT
            and all(_sign(row[0]) == row for row in kept.signs)
            and kept.platform == workspace.platform_key()
            and all(_still_found(workspace, detection) for detection in kept.detections)
        )
        return msgspec.msgpack.decode(kept.answer, type=answer_type) if holds else None
    except (OSError, msgspec.MsgspecError):
        return None


def keep(
    workspace: Workspace,
    question: Sequence[str],
    answer: msgspec.Struct,
    *,
    paths: Iterable[str],
    detections: Iterable[str] = (),
) -> None:
    """Remember an answer; a memory that can't be written costs only time.

    :param paths: files and folders on whose state it hangs, beside the catalog's, which is always among them.
    """
    if workspace.host_override is not None or workspace.catalog.problems:
        return
    signs = tuple(_sign(path) for path in dict.fromkeys((*_of_catalog(workspace), *paths)))
    if any(max(row[4:]) > time.time_ns() - _GRANULE for row in signs):
        return  # known a moment later
    kept = _Kept(
        format=_FORMAT,
        platform=workspace.platform_key(),
        signs=signs,
        detections=tuple(detections),
        answer=msgspec.Raw(msgspec.msgpack.encode(answer)),
    )
    path = _path(workspace, question)
    with contextlib.suppress(OSError, UnicodeEncodeError):  # a path that is no UTF-8 costs time, too
        write_cache_file(path, msgspec.msgpack.encode(kept))
        _forget_oldest(path.parent)


def keep_met_by(
    workspace: Workspace,
    question: Sequence[str],
    answer: msgspec.Struct,
    entries: Iterable[Entry],
    *,
    paths: Iterable[str] = (),
    detections: Iterable[str] = (),
) -> None:
    """Remember an answer that entries meet: it hangs on them, their documents and packages, and on the store.

    :param paths: what it hangs on besides.
    """
    entries = list(entries)
    for entry in entries:  # documents are held to, whether or not they were read
        workspace.catalog.soft(entry.soft)
        if entry.package:
            workspace.catalog.package(entry.package)
    paths = [*paths, *paths_of(entries), *package_paths(workspace, entries), *store_paths(workspace)]
    keep(workspace, question, answer, paths=paths, detections=detections)


def as_reused(plan: Plan) -> Plan:
    """Give a plan of which nothing was installed as it is from now on: all of it is known."""
    return msgspec.structs.replace(
        plan, steps=tuple(msgspec.structs.replace(step, action="reuse") for step in plan.steps)
    )


def paths_of(entries: Iterable[Entry]) -> Iterator[str]:
    """Name the files and folders of entries whose state tells that they are what they were."""
    for entry in entries:
        if entry.package is not None:
            yield str(Path(entry.prefix) / ".ckpm" / "entry.json")
        yield from entry.files.values()
        site = entry.attributes.get("site")
        if isinstance(site, str):
            yield site


def package_paths(workspace: Workspace, entries: Iterable[Entry]) -> Iterator[str]:
    """Name the files of packages' folders: what a package makes hangs on its scripts and patches, too."""
    places = workspace.catalog.locations("package")
    for name in dict.fromkeys(entry.package for entry in entries):
        if name is not None and name in places:
            yield from (str(path) for path in (places[name].folder, *places[name].folder.rglob("*")))


def store_paths(workspace: Workspace) -> Iterator[str]:
    """Name what changes when anything is installed or removed, or registered."""
    root = workspace.home / "store"
    yield str(root)
    for target in root.iterdir() if root.is_dir() else ():
        if target.is_dir():
            yield str(target)
            yield from (str(place / ".ckpm" / "entry.json") for place in target.iterdir() if place.is_dir())
    yield str(workspace.home / "detected.json")


def _of_catalog(workspace: Workspace) -> Iterator[str]:
    """Name the folders that were listed for documents, and the documents that were read."""
    yield str(workspace.home / "repositories.json")
    yield str(workspace.home / "config.json")
    yield from workspace.catalog.looked_at()


def _still_found(workspace: Workspace, question: str) -> bool:
    from pkgmgr.jobs.detection import is_remembered  # 10 ms, where something was looked for

    return is_remembered(workspace, question)


def _sign(path: str) -> Sign:
    try:
        state = os.stat(path)
    except OSError:
        return (path, 0, 0, 0, 0, 0)
    return (path, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


def _path(workspace: Workspace, question: Sequence[str]) -> Path:
    host = workspace.host
    parts = [
        *(__version__, _code_stamp(), str(workspace.home), host.target, host.home),
        workspace.variables.get("CKPM_PLUGIN_PATH", ""),
        *question,
    ]
    return workspace.cache / "remembered" / f"{short_digest(parts)}.msgpack"


def _forget_oldest(folder: Path) -> None:
    kept = sorted((item.stat().st_mtime_ns, item.path) for item in os.scandir(folder))
    for _, path in kept[: max(0, len(kept) - _MOST)]:
        os.unlink(path)


def _code_stamp() -> str:
    """Change when the code that resolves does."""
    root = Path(__file__).resolve().parent.parent
    rooms = [item for room in _ROOMS for item in os.scandir(root / room)]
    return str(max(item.stat().st_mtime_ns for item in rooms if item.name.endswith(".py")))
