"""Which mounted file systems do not answer. Touches: the mount points, each in a process of its own.

A dead NFS or sshfs mount blocks whoever looks below it, for ever and past every signal, SIGKILL too where the server
has taken the question. The only way to look in bounded time is to let another process look first: a thread would keep
this one from ending.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
import warnings
from collections.abc import Callable, Collection

RESPONSE_TIMEOUT = 2.0
"""Seconds that a mounted server has for its first answer; all are asked at the same time."""
_MOST_HANDLES = 1 << 16
_LONGEST_END = 0.05
"""Seconds that a killed process has to be gone."""


def find_unresponsive(
    points: Collection[str],
    *,
    timeout: float = RESPONSE_TIMEOUT,
    ask: Callable[[str], object] | None = None,
) -> frozenset[str]:
    """Give the mount points that do not answer in time.

    :param ask: looks at a mount point and may hang; by default `os.statvfs`, which caches nothing.
    """
    look = os.statvfs if ask is None else ask
    asked = {point: _start_looking(point, look) for point in dict.fromkeys(points)}
    try:
        answered = _answers({handle: point for point, (_, handle) in asked.items()}, timeout)
    finally:
        for process, handle in asked.values():
            os.close(handle)
            _let_go(process)
    return frozenset(points) - answered


def _start_looking(point: str, look: Callable[[str], object]) -> tuple[int, int]:
    """Look at a mount point in a process of its own; give it, and a handle that can be read once it has an answer."""
    handle, said = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: the child takes no lock that one may hold
        process = os.fork()
    if process == 0:
        try:
            os.dup2(said, 0)
            os.closerange(1, _MOST_HANDLES)  # who waits for the end of our output must not wait for a dead server
            os.setsid()
            with contextlib.suppress(OSError):  # "no such server" is an answer too: looking there fails at once
                look(point)
            os.write(0, b"!")
        finally:
            os._exit(0)
    os.close(said)
    return process, handle


def _answers(handles: dict[int, str], timeout: float) -> set[str]:
    deadline, answered = time.monotonic() + timeout, set()
    while handles:
        ready, _, _ = select.select(list(handles), [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            break
        answered |= {handles.pop(handle) for handle in ready}
    return answered


def _let_go(process: int) -> None:
    """End a process that looks; one that can't be ended goes when the server is back, and is nobody's child then."""
    with contextlib.suppress(OSError):
        os.kill(process, signal.SIGKILL)
        end = time.monotonic() + _LONGEST_END
        while os.waitpid(process, os.WNOHANG) == (0, 0) and time.monotonic() < end:
            time.sleep(0.001)
