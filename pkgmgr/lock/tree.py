"""Whether the files of an installed entry are still those that it was made of. Touches: the files, the memory.

Each installed entry has a manifest beside it, and a lock pins the digest of that. An entry may hold tens of thousands
of files: a quick look asks the system of each what tells that it changed, and reads neither the files nor the manifest
while all of that is as it was when they were last found whole.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pkgmgr.host.cache_file import write_cache_file
from pkgmgr.install.store import RECORD, ManifestRow, read_manifest
from pkgmgr.lock.seen import GRANULE, Seen, memory_path
from pkgmgr.model.entry import Entry
from pkgmgr.model.lock import Drift

_SHOWN = 12
"""Digits of a hash that a person is shown."""
_FORMAT = 1
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_HAS_HANDLES = os.stat in os.supports_dir_fd


class _Whole(msgspec.Struct, frozen=True, array_like=True):
    """A tree that was found to be what its manifest says."""

    format: int
    manifest: str
    """Its digest."""
    folders: dict[str, list[str]]
    """Folder, relative to the prefix → the names in it that are looked at."""
    state: bytes
    """Digest of what the system says of all of them."""


@dataclass(frozen=True, kw_only=True)
class Tree:
    """What a look at an installed entry's files gave."""

    drifts: tuple[Drift, ...]
    manifest: str
    """Digest of the manifest: of the files as they were made."""


def manifest_digest(rows: Iterable[ManifestRow]) -> str:
    """Give ``sha256:…`` over a line for each file, by path: git's mode, size, sha256, path.

    A link's size is 0, and its hash that of where it leads. So is the size of what holds the home's path, and the hash
    is reckoned with a mark in that path's place: the same build in another home has the same digest.
    """
    lines = sorted((row.path, manifest_line(row)) for row in rows)
    text = "".join(line for _, line in lines)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def manifest_line(row: ManifestRow) -> str:
    """Give what a lock compares of one file."""
    size, digest = (0, row.anywhere) if row.anywhere else (row.size, row.sha256)
    return f"{_mode(row)} {size} {digest} {row.path}\n"


def short(digest: str) -> str:
    """Give as much of a hash as a person is shown."""
    return digest.removeprefix("sha256:")[:_SHOWN]


def keep_manifest(cache: Path, rows: Sequence[ManifestRow]) -> str:
    """Keep a manifest that a lock is about to pin, and give its digest: made again with others, files can be named."""
    digest = manifest_digest(rows)
    path = _kept_path(cache, digest)
    if not path.exists():
        write_cache_file(path, msgspec.msgpack.encode(rows))
    return digest


def recall_manifest(cache: Path, digest: str) -> tuple[ManifestRow, ...]:
    """Give the manifest that a lock pins; empty where it is not known here."""
    try:
        rows = msgspec.msgpack.decode(_kept_path(cache, digest).read_bytes(), type=tuple[ManifestRow, ...])
    except (OSError, msgspec.MsgspecError):
        return ()
    return rows if manifest_digest(rows) == digest else ()


def _kept_path(cache: Path, digest: str) -> Path:
    return cache / "manifests" / f"{digest.removeprefix('sha256:')}.msgpack"


def _mode(row: ManifestRow) -> str:
    return "120000" if row.kind == "link" else "100755" if row.is_executable else "100644"


def look_at_tree(entry: Entry, memory: Path, *, full: bool) -> Tree:
    """Hold an installed entry against the manifest that was written when it was made.

    :param memory: where is remembered what was found; it may be deleted at any time.
    :param full: read every file, and name those that were added.
    """
    path = memory_path(memory, entry.id, "tree")
    if not full:
        known = _recall(path)
        if known is not None and _state(entry.prefix, known.folders)[0] == known.state:
            return Tree(drifts=(), manifest=known.manifest)
    rows = read_manifest(Path(entry.prefix))
    folders = _folders(rows)
    # The state comes first: what changes while the files are read is then seen the next time.
    state, newest = _state(entry.prefix, folders)
    drifts = tuple(_drifts(entry, rows, memory, full=full))
    digest = manifest_digest(rows)
    if not drifts and rows and newest < time.time_ns() - GRANULE:
        whole = _Whole(format=_FORMAT, manifest=digest, folders=folders, state=state)
        write_cache_file(path, msgspec.msgpack.encode(whole))
    return Tree(drifts=(*drifts, *(_added(entry, rows) if full else ())), manifest=digest)


def _recall(path: Path) -> _Whole | None:
    try:
        known = msgspec.msgpack.decode(path.read_bytes(), type=_Whole)
    except (OSError, msgspec.MsgspecError):
        return None
    return known if known.format == _FORMAT else None


def _folders(rows: Sequence[ManifestRow]) -> dict[str, list[str]]:
    folders: dict[str, list[str]] = {RECORD: ["manifest.json"]}
    for row in rows:
        folder, _, name = row.path.rpartition("/")
        folders.setdefault(folder, []).append(name)
    return folders


def _state(prefix: str, folders: Mapping[str, Sequence[str]]) -> tuple[bytes, int]:
    """Digest what the system says of each file, and give the newest time in it.

    Each folder is opened once, so that the system follows its path once and not for each of its files.
    """
    values: list[int] = []
    newest = 0
    for folder, names in folders.items():
        place = os.path.join(prefix, folder)
        handle = None
        try:
            if _HAS_HANDLES:
                handle = os.open(place, _FOLDER_FLAGS)
            for name in names:
                state = os.stat(
                    name if handle is not None else os.path.join(place, name), dir_fd=handle, follow_symlinks=False
                )
                changed = state.st_ctime_ns
                values += (state[0], state[1], state[6], state.st_mtime_ns, changed)
                if changed > newest:
                    newest = changed
        except (OSError, ValueError):
            values.append(-1)
        finally:
            if handle is not None:
                os.close(handle)
    return hashlib.sha256(msgspec.msgpack.encode(values)).digest(), newest


def _drifts(entry: Entry, rows: Sequence[ManifestRow], memory: Path, *, full: bool) -> Iterator[Drift]:
    seen = Seen(memory, entry.id, full=full)
    for row in rows:
        drift = _compared(seen, os.path.join(entry.prefix, row.path), row)
        if drift is not None:
            what, before, after = drift
            yield Drift(what=what, name=f"{entry.id}: {row.path}", before=before, after=after)
    seen.save()


def _compared(seen: Seen, path: str, row: ManifestRow) -> tuple[str, str, str] | None:
    """Say what has become of one file or link: the word, what it was, what it is."""
    kind = "a file" if row.kind == "file" else "a link"
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return "removed", short(row.sha256) if kind == "a file" else kind, "not there"
    if stat.S_ISLNK(mode):
        leads = os.readlink(path)
        if kind == "a file":
            return "replaced", kind, f"a link to {leads}"
        now = hashlib.sha256(os.fsencode(leads)).hexdigest()
        return ("changed", "a link to another place", f"a link to {leads}") if now != row.sha256 else None
    digest = seen.digest(path) if kind == "a file" and stat.S_ISREG(mode) else None
    if digest is None:
        return "replaced", kind, "a folder" if stat.S_ISDIR(mode) else "something else"
    if digest != row.sha256:
        return "changed", short(row.sha256), short(digest)
    if os.name != "nt" and bool(mode & 0o111) != row.is_executable:
        return "changed", *(("executable", "not executable") if row.is_executable else ("not executable", "executable"))
    return None


def _added(entry: Entry, rows: Sequence[ManifestRow]) -> Iterator[Drift]:
    """Name the files that stand in an installed entry and were not made with it; compiled Python is no change."""
    prefix = Path(entry.prefix)
    known = {row.path for row in rows}
    for path in sorted(prefix.rglob("*")):
        name = path.relative_to(prefix).as_posix()
        is_own = name == RECORD or name.startswith(f"{RECORD}/") or "__pycache__" in path.parts
        if not is_own and not (path.is_dir() and not path.is_symlink()) and name not in known:
            yield Drift(what="added", name=f"{entry.id}: {name}", before="not there", after="a file")
