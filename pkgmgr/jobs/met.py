"""Locks that were met here, remembered with all that this depended on. Touches: the cache; the state of files.

To find that there is nothing to do takes a resolution: documents are read, softs are looked for, versions compared.
While the lock, the documents behind it, the machine and the entries' own files are what they were, the answer is, too.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from pkgmgr import __version__
from pkgmgr.jobs.envs import LoadedEnv, inputs_digest
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.plan import Plan, Step

_FORMAT = 1
_GRANULE = 20_000_000
"""Nanoseconds: the clock for files is no finer, so what was changed just now may change again unseen."""

Sign = tuple[str, int, int, int, int, int]
"""Path, device, inode, size, times of change of the content and of the state. All zero: not there."""


class Met(msgspec.Struct, frozen=True, kw_only=True):
    """A lock's part that this machine meets, and what that hangs on."""

    format: int
    inputs: str
    platform: str
    documents: Mapping[str, str]
    """Kind and name of each soft and package that it uses → its stamp."""
    signs: tuple[Sign, ...]
    plan: Plan
    """Nothing is to be installed: its rows say what was found or made."""
    entries: Mapping[str, Entry]
    """Key of the plan's row → entry."""

    @property
    def roots(self) -> list[Entry]:
        """The entries that were asked for, each once, in the order of asking."""
        keys = dict.fromkeys(key for key in self.plan.roots.values() if key in self.entries)
        return [self.entries[key] for key in keys]


def recall_met(workspace: Workspace, loaded: LoadedEnv, target: str, asked: Sequence[str] = ()) -> Met | None:
    """Give how an env's current lock is met here; None when that is not known, or something has changed.

    :param asked: whatever else steers a resolution: settings, preferences.
    """
    if workspace.host_override is not None:
        return None
    try:
        known = msgspec.msgpack.decode(_path(workspace, loaded, target, asked).read_bytes(), type=Met)
    except (OSError, msgspec.MsgspecError):
        return None
    holds = (
        known.format == _FORMAT
        and all(_sign(row[0]) == row for row in known.signs)
        and all(workspace.catalog.stamp(*key.split(":", 1)) == stamp for key, stamp in known.documents.items())
        and known.inputs == inputs_digest(workspace, loaded)
        and known.platform == workspace.platform_key()
    )
    return known if holds else None


def keep_met(
    workspace: Workspace,
    loaded: LoadedEnv,
    target: str,
    plan: Plan,
    entries: Mapping[str, Entry],
    asked: Sequence[str] = (),
) -> None:
    """Remember that an env's current lock is met by these entries; a memory that can't be written costs only time."""
    if workspace.host_override is not None:
        return
    signs = tuple(_sign(path) for path in dict.fromkeys(_files(loaded, entries.values())))
    if any(max(row[4:]) > time.time_ns() - _GRANULE for row in signs):
        return  # known a moment later
    known = Met(
        format=_FORMAT,
        inputs=inputs_digest(workspace, loaded),
        platform=workspace.platform_key(),
        documents=_documents(workspace, entries.values()),
        signs=signs,
        plan=msgspec.structs.replace(plan, steps=tuple(_as_it_is(step, entries) for step in plan.steps)),
        entries=entries,
    )
    path = _path(workspace, loaded, target, asked)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_bytes(msgspec.msgpack.encode(known))
        temporary.replace(path)


def _as_it_is(step: Step, entries: Mapping[str, Entry]) -> Step:
    """Say of a row that was made just now what is true from now on."""
    if step.action != "install" or step.key not in entries:
        return step
    entry = entries[step.key]
    return msgspec.structs.replace(step, action="reuse", entry=entry, reason=f"installed by {entry.package}")


def _files(loaded: LoadedEnv, entries: Iterable[Entry]) -> Iterable[str]:
    """Name the files on whose state it hangs: the lock, each entry's own, and an installed one's record."""
    yield str(loaded.lock_path)
    for entry in entries:
        if entry.package is not None:
            yield str(Path(entry.prefix) / ".ckpm" / "entry.json")
        yield from entry.files.values()


def _documents(workspace: Workspace, entries: Iterable[Entry]) -> dict[str, str]:
    rows = list(entries)
    names = [f"soft:{entry.soft}" for entry in rows] + [f"package:{entry.package}" for entry in rows if entry.package]
    return {name: workspace.catalog.stamp(*name.split(":", 1)) for name in dict.fromkeys(names)}


def _sign(path: str) -> Sign:
    try:
        state = os.stat(path)
    except OSError:
        return (path, 0, 0, 0, 0, 0)
    return (path, state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


def _path(workspace: Workspace, loaded: LoadedEnv, target: str, asked: Sequence[str]) -> Path:
    parts = [__version__, _code_stamp(), str(loaded.path), target, *asked]
    name = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return workspace.cache / "met" / f"{name}.msgpack"


def _code_stamp() -> str:
    """Change when the code that resolves does."""
    root = Path(__file__).resolve().parent.parent
    rooms = [item for room in ("model", "detect", "resolve", "jobs", "lock") for item in os.scandir(root / room)]
    return str(max(item.stat().st_mtime_ns for item in rooms if item.name.endswith(".py")))
