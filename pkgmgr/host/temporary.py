"""Folders of ours in the temporary folder: held while their process lives, swept once nobody holds them.

Touches: the temporary folder. What holds a folder is a lock on the folder itself, which ends with the process, however
that ends. Anybody may have made anything there: no link is followed, and nothing of another person's is looked into.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterator

try:
    import fcntl
except ImportError:  # Windows: nothing is held, and nothing swept
    fcntl = None  # type: ignore[assignment]

_YOUNG = 600.0
"""Seconds in which nothing is swept: earlier versions of ckpm hold nothing, and a folder is made before it is held."""


def hold_folder(folder: str) -> int | None:
    """Keep a folder from being swept for as long as this process lives, or until the descriptor is closed."""
    if fcntl is None:
        return None
    file = -1
    try:
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # a file system without locks: nothing is swept there either
        if file >= 0:
            os.close(file)
        return None
    return file


@contextlib.contextmanager
def held(folder: str) -> Iterator[None]:
    """Hold a folder meanwhile."""
    file = hold_folder(folder)
    try:
        yield
    finally:
        if file is not None:
            os.close(file)


@contextlib.contextmanager
def temporary_folder(prefix: str) -> Iterator[str]:
    """Give a new folder that is gone afterwards, and swept later if this process is killed."""
    import tempfile  # 5 ms, and most runs of ckpm need none

    folder = tempfile.mkdtemp(prefix=prefix)
    with held(folder):
        try:
            yield folder
        finally:
            remove_tree(folder)


def sweep(base: str, is_ours: Callable[[str], bool], *, now: float | None = None) -> int:
    """Remove the folders directly below another one that are ours and that nobody holds; give how many.

    :param is_ours: told a path; what it looks at below must not be trusted.
    """
    if fcntl is None:
        return 0
    try:
        names = sorted(os.listdir(base))
    except OSError:
        return 0
    before = (time.time() if now is None else now) - _YOUNG
    return sum(_sweep_one(path, is_ours, before) for path in (os.path.join(base, name) for name in names))


def _sweep_one(path: str, is_ours: Callable[[str], bool], before: float) -> bool:
    try:
        state = os.lstat(path)
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mtime > before:
            return False
        if not is_ours(path):
            return False
        file = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if not os.path.samestat(state, os.fstat(file)) or not _is_free(file, path):
            return False
        remove_tree(path)
        return True
    finally:
        os.close(file)


def _is_free(file: int, path: str) -> bool:
    """Take a folder's lock, and be sure that it keeps others out: on some file systems anybody is given it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        again = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(again, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(again)
    return False


def remove_tree(folder: str) -> None:
    """Remove a folder, also one in which a program has left folders that can't be emptied; links are not followed."""
    import shutil

    for path, names, _ in os.walk(folder):
        for name in names:
            below = f"{path}/{name}"
            with contextlib.suppress(OSError):
                if not os.path.islink(below):
                    os.chmod(below, 0o700)
    shutil.rmtree(folder, ignore_errors=True)
