"""The content-addressed cache of downloads: ``sha256/<2>/<hash>/<name>``.

A file appears by one rename, after the whole of it was verified. A memo beside it holds what it was then; while size,
time and inode are still those, it is taken without reading it again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pkgmgr.install.fetch.partial import CHUNK, Partial
from pkgmgr.model.errors import CkpmError


class Cache:
    """Finished and unfinished downloads in one folder.

    :param folder: made when something is first written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.contents = folder / "sha256"
        self.partials = folder / "partial"
        self.locks = folder / "locks"
        self.shelf = folder / "lists"

    def place(self, sha256: str) -> Path:
        """Give the folder of one content."""
        return self.contents / sha256[:2] / sha256

    def find(self, sha256: str, name: str) -> Path | None:
        """Give a verified file with this content and name; what is there but is not that content is removed."""
        path = self.place(sha256) / name
        if self.is_sound(path):
            return path
        for other in files_of(self.place(sha256)):
            if self.is_sound(other):
                return self._also_called(other, path)
        return None

    def is_sound(self, path: Path) -> bool:
        """Tell whether a cached file holds its content, by its memo or by reading it; a bad one is removed."""
        try:
            state = _state(path)
        except OSError:
            return False
        if _read_memo(path) == state:
            _mark_used(path)
            return True
        if not self.is_true(path):
            forget(path)
            return False
        _write_memo(path, state)
        return True

    def is_true(self, path: Path) -> bool:
        """Tell whether a cached file holds its content, by reading all of it."""
        try:
            return hash_file(path) == path.parent.name
        except OSError:
            return False

    def publish(self, partial: Partial, name: str) -> Path:
        """Let a verified download appear."""
        path = self.place(partial.sha256) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.publish(path)
        _write_memo(path, _state(path))
        return path

    def _also_called(self, file: Path, path: Path) -> Path:
        """Give a cached file a further name."""
        try:
            os.link(file, path)
        except FileExistsError:
            return path
        except OSError:
            return file  # a read-only cache: the content is what counts
        _write_memo(path, _state(path))
        return path


def files_of(place: Path) -> Iterator[Path]:
    """List the files in the folder of one content."""
    try:
        paths = sorted(place.iterdir())
    except OSError:
        return
    yield from (path for path in paths if not path.name.startswith("."))


def forget(path: Path) -> None:
    """Remove one cached file, its memo, and its folder when that is empty then."""
    for file in (path, _memo(path)):
        with contextlib.suppress(OSError):
            file.unlink()
    with contextlib.suppress(OSError):
        path.parent.rmdir()


def hash_file(path: Path) -> str:
    """Give the sha256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def unwritable(folder: Path, error: OSError) -> CkpmError:
    """Make the error for a cache that can't be written."""
    return CkpmError(
        f"can't write the download cache {folder}: {error.strerror or error}",
        hint="make the folder writable, or choose another home with --home or CKPM_HOME",
    )


def require_room(folder: Path, size: int, name: str) -> None:
    """:raises CkpmError: when a file system has less room than a download needs."""
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free
        if free < size:
            raise CkpmError(
                f"no space left for {name} in {folder}: it needs {size:,} bytes, {free:,} are free",
                hint="free some space (`ckpm cache prune` removes old downloads), or move it with CKPM_HOME",
            )


def last_use(path: Path) -> float:
    """Tell when a cached file was last asked for, in seconds since 1970."""
    try:
        return _memo(path).stat().st_mtime
    except OSError:
        return path.stat().st_mtime


def _mark_used(path: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(_memo(path))


def _memo(path: Path) -> Path:
    return path.with_name(f".{path.name}.memo")


def _state(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino]


def _read_memo(path: Path) -> object:
    try:
        return json.loads(_memo(path).read_text("ascii"))
    except (OSError, ValueError):
        return None


def _write_memo(path: Path, state: list[int]) -> None:
    """Remember a verified file; a cache that can't be written only costs reading it again."""
    memo = _memo(path)
    draft = memo.with_name(f"{memo.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        draft.write_text(json.dumps(state), "ascii")
        draft.replace(memo)
