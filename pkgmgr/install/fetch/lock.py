"""One process at a time for one download: the others wait and then find it done."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pkgmgr.install.fetch.cache import unwritable

if TYPE_CHECKING:
    from pkgmgr.install.fetch.job import Stop
    from pkgmgr.install.fetch.progress import Progress

_POLL = 0.1


@contextlib.contextmanager
def exclusively(folder: Path, sha256: str, *, name: str, progress: Progress, stop: Stop) -> Iterator[None]:
    """Hold the lock of one content.

    It spares work and is not what keeps files whole (`Partial` is): where a file system has no locks, go on without.
    """
    import filelock

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder.parent, error) from error
    lock = filelock.FileLock(folder / f"{sha256}.lock")
    is_shown = False
    try:
        while not lock.is_locked:
            try:
                lock.acquire(timeout=0, blocking=False)
            except filelock.Timeout:
                if not is_shown:
                    progress.begin(f"{name} (another process is fetching it)", None)
                    is_shown = True
                stop.wait(_POLL)
            except (OSError, NotImplementedError):
                break
        if is_shown:
            progress.end()
            is_shown = False
        yield
    finally:
        if is_shown:
            progress.end()
        lock.release()
