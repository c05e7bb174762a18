"""Locks between processes, that end with the process that holds them. Touches: lock files.

Nothing that must be right rests on a lock alone: some network file systems have none, or give the same one twice. A
lock saves work (one build where eight were asked for); a rename decides what becomes visible.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

from pkgmgr.model.errors import CkpmError

try:
    import fcntl
except ImportError:  # Windows: as on a file system without locks
    fcntl = None  # type: ignore[assignment]

_BUSY = (errno.EWOULDBLOCK, errno.EACCES)
_PAUSE = 0.05


class Busy(CkpmError):
    """Another process holds a lock."""


@contextlib.contextmanager
def hold(path: Path, *, is_shared: bool = False, patience: float | None = None) -> Iterator[bool]:
    """Hold a lock; give False where the file system has none.

    :param path: of the lock file. It is made, and never removed here: who waits for it would wait for another file.
    :param is_shared: others may hold it too, as long as all of them share it.
    :param patience: how many seconds to wait; None: for as long as it takes.
    :raises Busy: when the patience has ended.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        yield _take(file, path, is_shared=is_shared, patience=patience)
    finally:
        os.close(file)


def share(path: Path) -> int:
    """Open a file for reading and share its lock, where there are locks; give the descriptor, which holds it."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        _take(file, path, is_shared=True, patience=0)
    except BaseException:
        os.close(file)
        raise
    return file


def _take(file: int, path: Path, *, is_shared: bool, patience: float | None) -> bool:
    if fcntl is None:
        return False
    kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    end = None if patience is None else time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, kind if end is None else kind | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _BUSY:
                return False
            if end is not None and time.monotonic() >= end:
                raise Busy(f"another process holds {path}") from error
            time.sleep(_PAUSE)
        else:
            return True


def is_held(path: Path) -> bool:
    """Tell whether a process holds a lock, as far as the file system says."""
    try:
        with hold(path, patience=0):
            return False
    except Busy:
        return True


def are_true(path: Path) -> bool:
    """Tell whether the locks of a file system keep anybody out: take one twice, which must fail."""
    try:
        with hold(path) as has_locks:
            return has_locks and is_held(path)
    except OSError:
        return False
