"""Where things are made before they appear: one folder for each build, swept once its process is gone.

Touches: ``staging/`` of the home, which lies on the file system of the store, so that a rename makes a product visible.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pkgmgr.install.locks import are_true, hold, is_held

KEPT = "kept.json"
"""In a folder that stays after its build has failed, for a person to look at."""
_LOCK = ".lock"
_LONG = 24 * 3600
"""Seconds after which a folder of another machine is a leftover, where no lock can tell."""


@dataclass(frozen=True, kw_only=True)
class Staging:
    """The folder of everything that is being made in one home."""

    base: Path

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """Give a folder to build in; it is gone afterwards, unless `KEPT` is in it."""
        self.base.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            with hold(self._beside("lock")):  # nobody sweeps between making the folder and locking it
                self._sweep()
                made = self.base / f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
                made.mkdir()
                stack.enter_context(hold(made / _LOCK))
                stack.callback(_remove, made)
            yield made

    def sweep(self, *, kept: bool = False) -> None:
        """Remove what processes that are gone left behind.

        :param kept: also what was kept of failed builds.
        """
        if self.base.is_dir():
            with hold(self._beside("lock")):
                self._sweep(kept=kept)

    def is_in_use(self, folder: Path) -> bool:
        """Tell whether a process works in a staging folder."""
        return not is_leftover(folder, locks_are_true=are_true(self._beside("try")))

    def _beside(self, what: str) -> Path:
        return self.base.with_name(f".{self.base.name}.{what}")

    def _sweep(self, *, kept: bool = False) -> None:
        found = [path for path in self.base.iterdir() if path.is_dir() and (kept or not (path / KEPT).exists())]
        if not found:
            return
        locks_are_true = are_true(self._beside("try"))
        for path in found:
            if is_leftover(path, locks_are_true=locks_are_true):
                shutil.rmtree(path, ignore_errors=True)


def is_leftover(folder: Path, *, locks_are_true: bool) -> bool:
    """Tell whether nobody works in a staging folder any more.

    Where locks are not true, the process that its name holds must be gone; one of another machine can't be asked, so
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
    """Tell whether the process that a staging folder is named after may still be at work."""
    machine, _, rest = folder.name.rpartition("-")[0].rpartition("-")
    if machine == socket.gethostname() and rest.isdigit():
        return _is_alive(int(rest))
    try:
        return time.time() - folder.stat().st_mtime < _LONG
    except OSError:
        return False


def _remove(folder: Path) -> None:
    if not (folder / KEPT).exists():
        shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
