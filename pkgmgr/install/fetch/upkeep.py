"""Look after the cache: list it, read it again, throw away what is old."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from pkgmgr.install.fetch.cache import Cache, files_of, forget, last_use
from pkgmgr.install.fetch.partial import is_in_use

_ABANDONED = 24 * 3600.0
"""Seconds after which a scratch folder belongs to nobody."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One file of the cache."""

    sha256: str
    path: Path
    size: int
    """In bytes."""
    used: float
    """When it was last asked for, in seconds since 1970."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What reading everything again has shown."""

    sound: tuple[Kept, ...]
    removed: tuple[Kept, ...]
    """They were no longer what they were; the next use fetches them again."""


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """What was thrown away."""

    removed: tuple[Kept, ...]
    freed: int
    """Bytes, of unfinished downloads and registries' lists too."""


def list_cache(cache: Cache) -> list[Kept]:
    """List all files, sorted by name, then hash."""
    kept = [file for place in sorted(cache.contents.glob("*/*")) for file in _kept(place)]
    return sorted(kept, key=lambda file: (file.path.name, file.sha256))


def verify_cache(cache: Cache) -> Verification:
    """Read all files again, and remove those that are not what they were."""
    sound, removed = [], []
    for file in list_cache(cache):
        if cache.is_true(file.path):
            sound.append(file)
        else:
            forget(file.path)
            removed.append(file)
    return Verification(sound=tuple(sound), removed=tuple(removed))


def prune_cache(cache: Cache, *, keep: Container[str] = (), unused_for: float = 0.0) -> Pruning:
    """Remove files, unfinished downloads that nobody works on, and registries' lists.

    :param keep: hashes to keep.
    :param unused_for: seconds; what was used since then is kept.
    """
    before = time.time() - unused_for
    removed = [file for file in list_cache(cache) if file.sha256 not in keep and file.used <= before]
    for file in removed:
        forget(file.path)
    freed = sum(file.size for file in removed)
    for path in _leftovers(cache, before):
        freed += _size(path)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()
    return Pruning(removed=tuple(removed), freed=freed)


def _kept(place: Path) -> Iterator[Kept]:
    for path in files_of(place):
        with contextlib.suppress(OSError):
            yield Kept(sha256=place.name, path=path, size=path.stat().st_size, used=last_use(path))


def _leftovers(cache: Cache, before: float) -> Iterator[Path]:
    """Give what is no content and not in use."""
    for path in sorted(cache.partials.glob("*")):
        with contextlib.suppress(OSError):
            age = path.stat().st_mtime
            if path.is_dir():
                if age <= min(before, time.time() - _ABANDONED):
                    yield path
            elif age <= before and not is_in_use(path):
                yield path
    # Lists hold a lock of their own while they are used; one that is gone is only made again.
    for path in sorted(cache.shelf.glob("*")):
        if path.stat().st_mtime <= before:
            yield path


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(file.lstat().st_size for file in (path.rglob("*") if path.is_dir() else [path]))
    return 0
