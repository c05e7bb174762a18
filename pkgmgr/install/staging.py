"""Where things are made before they appear: one folder for each build, swept once its process is gone.

Touches: ``staging/`` of the home, which lies on the file system of the store, so that a rename makes a product visible.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pkgmgr.install.locks import are_true, hold, is_held
from pkgmgr.install.places import remove_place

KEPT = "kept.json"
"""In a folder that stays after its build has failed, for a person to look at."""
_LOCK = ".lock"
_MAKER = ".maker"
"""Holds who makes a folder that has another name."""
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)
_LONG = 24 * 3600
"""Seconds after which a folder of another machine is a leftover, where no lock can tell."""


@dataclass(frozen=True, kw_only=True)
class Staging:
    """The folder of everything that is being made in one home."""

    base: Path

    @contextlib.contextmanager
    def folder(self, name: str | None = None) -> Iterator[Path]:
        """Give a folder to build in; it is gone afterwards, unless `KEPT` is in it.

        :param name: what is built twice is built in the same folder. While another process has it, one is given whose
            name is as long.
        """
        self.base.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            with hold(self._beside("lock")):  # nobody sweeps between making the folder and locking it
                self._sweep()
                maker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
                made = self.base / maker
                made.mkdir()
                (made / _MAKER).write_text(maker, "utf-8")
                stack.enter_context(hold(made / _LOCK))
                if name is not None:
                    made = self._claim(made, name)
                stack.callback(_remove, made)
            yield made

    def _claim(self, made: Path, name: str) -> Path:
        """Rename a folder, which only one of several can where there are no locks; what was kept gives way."""
        for number in itertools.count():
            wanted = self.base / (f"{name[:-2]}{number:02x}" if number else name)
            if (wanted / KEPT).exists():
                _discard(wanted)
            try:
                return made.rename(wanted)
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
        raise AssertionError

    def sweep(self, *, kept: bool = False) -> None:
        """Remove what processes that are gone left behind.

        :param kept: also what was kept of failed builds.
        """
        if self.base.is_dir():
            with hold(self._beside("lock")):
                self._sweep(kept=kept)

    def is_at_work(self, maker: str) -> bool:
        """Tell whether the process that a name stands for (`maker_of`) works in a folder here."""
        found = [path for path in self.base.glob("*/") if maker_of(path) == maker]
        locks_are_true = are_true(self._beside("try"))
        return any(not is_leftover(path, locks_are_true=locks_are_true) for path in found)

    def _beside(self, what: str) -> Path:
        return self.base.with_name(f".{self.base.name}.{what}")

    def _sweep(self, *, kept: bool = False) -> None:
        found = [path for path in self.base.iterdir() if path.is_dir() and (kept or not (path / KEPT).exists())]
        if not found:
            return
        locks_are_true = are_true(self._beside("try"))
        for path in found:
            if is_leftover(path, locks_are_true=locks_are_true):
                _discard(path)


def maker_of(folder: Path) -> str:
    """Name who makes a staging folder: the machine, the process, and a number of their own."""
    try:
        return (folder / _MAKER).read_text("utf-8")
    except OSError:
        return folder.name


def is_leftover(folder: Path, *, locks_are_true: bool) -> bool:
    """Tell whether nobody works in a staging folder any more.

    Where locks are not true, the process that made it must be gone; one of another machine can't be asked, so
    the folder must not have changed for a day.
    """
    lock = folder / _LOCK
    if lock.exists():
        if is_held(lock):
            return False
        if locks_are_true:
            return True
    return not _maker_is_alive(folder)


def _maker_is_alive(folder: Path) -> bool:
    """Tell whether the process that made a staging folder may still be at work."""
    machine, _, rest = maker_of(folder).rpartition("-")[0].rpartition("-")
    if machine == socket.gethostname() and rest.isdigit():
        return _is_alive(int(rest))
    try:
        return time.time() - folder.stat().st_mtime < _LONG
    except OSError:
        return False


def _remove(folder: Path) -> None:
    if not (folder / KEPT).exists():
        _discard(folder)


def _discard(folder: Path) -> None:
    """Remove a folder under its maker's name: killed in between, this tells what is left of it from another's work."""
    with contextlib.suppress(OSError):
        folder = folder.rename(folder.with_name(maker_of(folder)))
    remove_place(folder)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
