"""Pack a locked env into one archive that works where it is unpacked, without ckpm and without a network.

It holds the store's entries, the downloads that they were made from, the document, the lock, and a script that finds
its own place. What was found on the host is not the archive's: the script says so where it is missing.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import lzma
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pkgmgr.environ.formats import render
from pkgmgr.environ.formats.sh import quote
from pkgmgr.environ.request import ExportRequest
from pkgmgr.install.fetch.cache import Cache
from pkgmgr.install.fetch.upkeep import list_cache
from pkgmgr.install.store import Store
from pkgmgr.install.venv.wanted import ENVIRONMENT
from pkgmgr.jobs.envs import LoadedEnv
from pkgmgr.jobs.installation import Wishes, wanted_target
from pkgmgr.jobs.locks import locked_target, require_lock
from pkgmgr.jobs.syncing import meet_lock
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.lock.document import render_lock
from pkgmgr.lock.make import HOME_MARK
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.lock import Lock, LockedTarget, used_ids
from pkgmgr.model.operation import Operation

_MARK = "/ckpm-bundle-home"
"""Stands for the home in the script until it is written with a variable; no folder of this name is ever looked at."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What was written."""

    path: Path
    entries: tuple[str, ...]
    needed: tuple[str, ...]
    """Files of the host that the archive does not hold."""


def bundle(
    workspace: Workspace, loaded: LoadedEnv, into: Path, wishes: Wishes, *, with_downloads: bool = True
) -> Bundle:
    """Meet the env's lock and write the archive (``.tar``, ``.tar.gz`` or ``.tar.xz``). The same lock, the same bytes.

    :raises LockError: when there is no current lock, or it can't be met.
    """
    lock = require_lock(workspace, loaded, frozen=False)
    target = wanted_target(workspace, wishes.target)
    part = locked_target(lock, target)
    meet_lock(workspace, loaded, lock, wishes)
    installed = {entry.id: entry for entry in Store(home=workspace.home).installed()}
    entries = [installed[pin.id] for pin in part.entries if pin.id in installed]
    used = used_ids(part)
    hosts = [pin for pin in part.entries if pin.prefix is not None and pin.id in used]
    needed = tuple(sorted({path for pin in hosts for path in pin.files.values()}))
    top = f"{loaded.env.name}-{target}"
    draft = into.with_name(f".{into.name}.{os.getpid()}")
    try:
        with _packed(draft, into.suffix) as raw, tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, content, executable in _own_files(workspace, loaded, lock, part, entries, needed):
                _put(tar, f"{top}/{name}", content, executable=executable)
            for entry in entries:
                _put_tree(tar, Path(entry.prefix), f"{top}/{_place(workspace, entry)}", workspace.home)
            for file in _downloads(workspace, part) if with_downloads else ():
                name = file.relative_to(workspace.home).as_posix()
                tar.add(file, f"{top}/{name}", filter=_plain)
        draft.replace(into)
    except OSError as error:
        raise CkpmError(f"can't write {into}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return Bundle(path=into, entries=tuple(entry.id for entry in entries), needed=needed)


@contextlib.contextmanager
def _packed(path: Path, suffix: str) -> Iterator[IO[bytes]]:
    """Open the archive for writing; gzip's header would hold the time, and the draft's name."""
    with path.open("wb") as file:
        if suffix == ".gz":
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
                yield cast(IO[bytes], packed)
        elif suffix == ".xz":
            with lzma.open(file, "wb") as packed:
                yield cast(IO[bytes], packed)
        else:
            yield file


def _place(workspace: Workspace, entry: Entry) -> str:
    return Path(entry.prefix).relative_to(workspace.home).as_posix()


def _own_files(
    workspace: Workspace,
    loaded: LoadedEnv,
    lock: Lock,
    part: LockedTarget,
    entries: list[Entry],
    needed: tuple[str, ...],
) -> Iterator[tuple[str, bytes, bool]]:
    yield loaded.path.name, loaded.path.read_bytes(), False
    yield loaded.lock_path.name, render_lock(lock).encode(), False
    places = [_place(workspace, entry) for entry in entries if entry.soft == ENVIRONMENT]
    yield "activate.sh", activation_text(part.env, needed, places).encode("utf-8", "surrogateescape"), False
    listed = {"name": lock.name, "entries": [entry.id for entry in entries], "needed": list(needed)}
    yield "bundle.json", (json.dumps(listed, indent=1, sort_keys=True) + "\n").encode(), False


def activation_text(operations: tuple[Operation, ...], needed: tuple[str, ...], environments: list[str]) -> str:
    """Write the script: it finds its place, names what the host lacks, and activates. Pure."""
    import msgspec

    moved = [
        msgspec.structs.replace(item, value=item.value.replace(HOME_MARK, _MARK) if item.value is not None else None)
        for item in operations
    ]
    script = render("sh", ExportRequest(operations=moved, home=_MARK))
    lines = [
        "# Source this file from the folder that it was unpacked into, or with CKPM_BUNDLE set to that folder:",
        '#   CKPM_BUNDLE=/where/it/is; . "$CKPM_BUNDLE/activate.sh"',
        'if [ -z "${CKPM_BUNDLE-}" ] && [ -n "${BASH_SOURCE-}" ]; then',
        '  CKPM_BUNDLE=$(cd -- "$(dirname -- "$BASH_SOURCE")" && pwd)',
        "fi",
        "CKPM_BUNDLE=${CKPM_BUNDLE:-$PWD}",
    ]
    for path in needed:
        lines.append(f"[ -e {quote(path)} ] || printf '%s is needed and is not on this host\\n' {quote(path)} >&2")
    body = script.replace(f"_ckpm_home={quote(_MARK)}", "_ckpm_home=$CKPM_BUNDLE")
    return "\n".join(lines) + "\n" + body


def _put(tar: tarfile.TarFile, name: str, content: bytes, *, executable: bool) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o755 if executable else 0o644
    tar.addfile(info, io.BytesIO(content))


def _put_tree(tar: tarfile.TarFile, folder: Path, name: str, home: Path) -> None:
    """Add an entry's files; scripts that name the interpreter by its whole path find it beside themselves instead."""
    for path in sorted(folder.rglob("*")):
        if "__pycache__" in path.parts:
            continue
        inner = f"{name}/{path.relative_to(folder).as_posix()}"
        content = _relocated(path, folder, home) if path.is_file() and not path.is_symlink() else None
        if content is None:
            tar.add(path, inner, recursive=False, filter=_plain)
        else:
            _put(tar, inner, content, executable=os.access(path, os.X_OK))


def _relocated(path: Path, folder: Path, home: Path) -> bytes | None:
    """Give a script's text with a first line that needs no whole path; None for any other file."""
    if path.parent != folder / "bin":
        return None
    content = path.read_bytes()
    python = os.fsencode(folder / "bin")
    head, _, rest = content.partition(b"\n")
    if not content.startswith(b"#!") or b"\0" in content[:4096] or os.fsencode(home) not in content:
        return None
    if python not in head:  # the long form: `'''exec' "/a folder/bin/python" "$0" "$@"`, then `' '''`
        head, _, rest = rest.partition(b"\n")
        rest = rest.partition(b"\n")[2]
    own = b"""#!/bin/sh\n'''exec' "$(dirname -- "$(readlink -f -- "$0")")/python" "$0" "$@"\n' '''\n"""
    return own + rest


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out whose a file was and when it was written."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    return info


def _downloads(workspace: Workspace, part: LockedTarget) -> list[Path]:
    hashes = {source.sha256 for pin in part.entries if pin.package is not None for source in pin.package.sources}
    hashes |= {wheel.sha256 for pin in part.entries if pin.python is not None for wheel in pin.python.wheels}
    return [file.path for file in list_cache(Cache(workspace.cache / "downloads")) if file.sha256 in hashes]
