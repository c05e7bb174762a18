"""What probes leave behind, and its removal: scratch folders, and processes that left their group.

Touches: the temporary folder, ``/proc`` and processes that a probe of ours started, known by a variable they inherit.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Collection, Iterator

MARKER = "CKPM_PROBE"
"""The variable that tells a process which probe it descends from."""
SCRATCH_PREFIX = "ckpm-probe-"
"""How the names of scratch folders begin."""
_MOST_PASSES = 50
_MOST_TRIES = 200


class Scratch:
    """Empty folders to run programs in. A folder serves one program at a time, and again only if left empty."""

    def __init__(self) -> None:
        self._free: list[str] = []
        self._made: list[str] = []
        self._held: list[int] = []

    def take(self) -> str:
        """Give an empty folder; the root folder where none can be made."""
        with contextlib.suppress(IndexError):
            return self._free.pop()
        import tempfile  # 5 ms, and most runs of ckpm start no process

        from pkgmgr.host.temporary import hold_folder

        try:
            folder = tempfile.mkdtemp(prefix=SCRATCH_PREFIX)
        except OSError:
            return os.sep
        self._made.append(folder)
        file = hold_folder(folder)
        if file is not None:
            self._held.append(file)
        return folder

    def give_back(self, folder: str) -> None:
        """Keep a folder for the next program, if this one left nothing in it."""
        with contextlib.suppress(OSError):
            if folder != os.sep and not os.listdir(folder):
                self._free.append(folder)

    @property
    def folders(self) -> frozenset[str]:
        """Give the true paths of all folders that were made."""
        return frozenset(map(os.path.realpath, self._made))

    def clear(self) -> None:
        """Remove all folders."""
        from pkgmgr.host.temporary import remove_tree

        self._free.clear()
        for folder in self._made:
            remove_tree(folder)
        self._made.clear()
        while self._held:
            os.close(self._held.pop())


def end_marked(mark: str, folders: Collection[str] = ()) -> int:
    """Kill the processes whose ``CKPM_PROBE`` begins with ``mark``, and give their number.

    A program that daemonizes leaves its process group and session, not its environment; one that empties its
    environment may still be where it was started. Linux only: elsewhere the group is all that is known.

    :param folders: scratch folders that only these probes ran in.
    """
    ended = 0
    for _ in range(_MOST_PASSES):  # what forks while it is looked for is found by the next look
        found = sum(_end_if_marked(process, f"{MARKER}={mark}".encode(), folders) for process in _own_processes())
        found += _end_newest(f"{MARKER}={mark}".encode(), folders)
        ended += found
        if not found:
            break
    return ended


def _end_newest(mark: bytes, folders: Collection[str]) -> int:
    """Kill what has just been started: one that forks and ends at once is gone before a look at all comes to it."""
    found = 0
    for _ in range(_MOST_TRIES):
        try:
            with open("/proc/loadavg", "rb") as file:
                newest = int(file.read().split()[-1])
        except (OSError, ValueError, IndexError):
            break
        found += sum(_end_if_marked(process, mark, folders) for process in (newest, newest + 1))
    return found


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


def _end_if_marked(process: int, mark: bytes, folders: Collection[str]) -> bool:
    """Kill a process by a handle taken before the look at it: its number may come to name another."""
    if not hasattr(os, "pidfd_open"):
        return False
    try:
        handle = os.pidfd_open(process)
    except OSError:
        return False
    try:
        is_marked = _is_marked(process, mark, folders)
        if is_marked:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        return is_marked
    except OSError:
        return False
    finally:
        os.close(handle)


def _is_marked(process: int, mark: bytes, folders: Collection[str]) -> bool:
    with open(f"/proc/{process}/environ", "rb") as file:
        if any(item.startswith(mark) for item in file.read(1 << 20).split(b"\0")):
            return True
    return bool(folders) and os.readlink(f"/proc/{process}/cwd").removesuffix(" (deleted)") in folders
