"""What probes leave behind, and its removal: scratch folders, and processes that left their group.

Touches: the temporary folder, ``/proc`` and processes that a probe of ours started, known by a variable they inherit.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

MARKER = "CKPM_PROBE"
"""The variable that tells a process which probe it descends from."""
SCRATCH_PREFIX = "ckpm-probe-"
"""How the names of scratch folders begin."""


class Scratch:
    """Empty folders to run programs in. A folder serves one program at a time, and again only if left empty."""

    def __init__(self) -> None:
        self._free: list[str] = []
        self._made: list[str] = []

    def take(self) -> str:
        """Give an empty folder; the root folder where none can be made."""
        with contextlib.suppress(IndexError):
            return self._free.pop()
        import tempfile  # 5 ms, and most runs of ckpm start no process

        try:
            folder = tempfile.mkdtemp(prefix=SCRATCH_PREFIX)
        except OSError:
            return os.sep
        self._made.append(folder)
        return folder

    def give_back(self, folder: str) -> None:
        """Keep a folder for the next program, if this one left nothing in it."""
        with contextlib.suppress(OSError):
            if folder != os.sep and not os.listdir(folder):
                self._free.append(folder)

    def clear(self) -> None:
        """Remove all folders."""
        self._free.clear()
        for folder in self._made:
            _remove_tree(folder)
        self._made.clear()


def _remove_tree(folder: str) -> None:
    import shutil

    for path, names, _ in os.walk(folder):
        for name in names:
            # A program may have made a folder that can't be emptied. A link may lead out of here: leave it alone.
            below = f"{path}/{name}"
            with contextlib.suppress(OSError):
                if not os.path.islink(below):
                    os.chmod(below, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def end_marked(mark: str) -> int:
    """Kill the processes whose ``CKPM_PROBE`` begins with ``mark``, and give their number.

    A program that daemonizes leaves its process group and session, not its environment. Linux only: elsewhere the
    group is all that is known.
    """
    return sum(_end_if_marked(process, f"{MARKER}={mark}".encode()) for process in _own_processes())


def _own_processes() -> Iterator[int]:
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return
    own = os.getuid()
    for name in names:
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{name}").st_uid == own:
                yield int(name)


def _end_if_marked(process: int, mark: bytes) -> bool:
    """Kill a process by a handle taken before the look at it: its number may come to name another."""
    if not hasattr(os, "pidfd_open"):
        return False
    try:
        handle = os.pidfd_open(process)
    except OSError:
        return False
    try:
        with open(f"/proc/{process}/environ", "rb") as file:
            is_marked = any(item.startswith(mark) for item in file.read(1 << 20).split(b"\0"))
        if is_marked:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        return is_marked
    except OSError:
        return False
    finally:
        os.close(handle)
