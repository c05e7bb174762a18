"""The only module that starts a process for a probe: no input, a plain locale, bounded time and output.

A probe runs in a session of its own without a terminal, in an empty folder, and whatever it started is killed when it
ends, answers no more or prints too much.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING
from weakref import finalize

from pkgmgr.host.output import clean_output
from pkgmgr.host.ports import DEFAULT_TIMEOUT, Answer
from pkgmgr.host.probe_environment import probe_variables
from pkgmgr.host.remains import MARKER, Scratch, end_marked

if TYPE_CHECKING:
    from subprocess import Popen

MOST_OUTPUT = 1 << 20
"""Bytes of both streams together; what prints more is killed."""

_GRACE = 0.2
"""Seconds that a child of an ended program may go on printing: wrappers that pipe through `tee` end first."""
_POLL = 0.02
_BUSY_WAITS = (0.01, 0.02, 0.04, 0.08)


class LocalRunner:
    """Runs programs of this machine. May be called by several threads at once.

    :param variables: the environment of the person.
    :param timeout: seconds for each program, unless a call says otherwise.
    :param most_output: bytes that a program may print.
    :param may_touch: tells which folders of a program's search lists can be looked at without waiting for ever.
    """

    def __init__(
        self,
        variables: Mapping[str, str],
        *,
        timeout: float = DEFAULT_TIMEOUT,
        most_output: int = MOST_OUTPUT,
        may_touch: Callable[[str], bool] = lambda _folder: True,
    ) -> None:
        self._given = probe_variables(variables)
        self._may_touch = may_touch
        self._timeout = timeout
        self._most_output = most_output
        self._scratch = Scratch()
        self._mark = f"{os.getpid()}-{time.time_ns():x}"
        self._lock = Lock()
        self.started = 0
        """Processes started so far; benchmarks read it."""
        self._finalizer: finalize[[Scratch, str], LocalRunner] | None = None

    @cached_property
    def _variables(self) -> Mapping[str, str]:
        """Those of a probe; `env python3` in a script would wait for the first dead server on PATH."""
        return {name: _answering(name, value, self._may_touch) for name, value in self._given.items()}

    def run(
        self, argv: Sequence[str], *, timeout: float | None = None, variables: Mapping[str, str] | None = None
    ) -> Answer:
        """Run a program and give what it said; a failure to run is an answer too."""
        folder = self._scratch.take()
        with self._lock:
            self.started += 1
            mark = f"{self._mark}-{self.started}"
            if self._finalizer is None:
                self._finalizer = finalize(self, _clean_up, self._scratch, self._mark)
        try:
            process = _start(argv, {**self._variables, **(variables or {}), MARKER: mark}, folder)
        except (OSError, ValueError) as error:
            with self._lock:
                self.started -= 1
            self._scratch.give_back(folder)
            return Answer(exit_code=None, failure=f"can't be started: {getattr(error, 'strerror', None) or error}")
        said = _Said()
        try:
            _listen(process, said, self._timeout if timeout is None else timeout, self._most_output)
        finally:
            _end(process)
            if said.is_open:
                end_marked(mark)
            self._scratch.give_back(folder)
        return said.answer(process.returncode)

    def close(self) -> None:
        """End what probes left running and remove the folders they ran in; done at exit otherwise."""
        if self._finalizer is not None:
            self._finalizer()
            self._finalizer = None


def _answering(name: str, value: str, may_touch: Callable[[str], bool]) -> str:
    if not name.upper().endswith("PATH"):
        return value
    return os.pathsep.join(part for part in value.split(os.pathsep) if not os.path.isabs(part) or may_touch(part))


def _clean_up(scratch: Scratch, mark: str) -> None:
    end_marked(f"{mark}-", scratch.folders)
    scratch.clear()


class _Said:
    """What a running program has said so far."""

    def __init__(self) -> None:
        self.parts: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        self.size = 0
        self.is_open = True
        """True while somebody holds a stream open."""
        self.failure = ""

    def answer(self, code: int | None) -> Answer:
        stdout, stderr = (clean_output(b"".join(parts)) for parts in self.parts.values())
        if not self.failure and code is not None and code >= 0:
            return Answer(exit_code=code, stdout=stdout, stderr=stderr)
        failure = self.failure or f"it was ended by {_signal_name(code)}"
        return Answer(exit_code=None, stdout=stdout, stderr=stderr, failure=failure)


def _signal_name(code: int | None) -> str:
    import signal

    try:
        return signal.Signals(-(code or 0)).name
    except ValueError:
        return f"signal {-(code or 0)}" if code else "something unknown"


def _start(argv: Sequence[str], environment: Mapping[str, str], folder: str) -> Popen[bytes]:
    import subprocess

    if not argv:
        raise ValueError("no program is named")
    waits = iter(_BUSY_WAITS)
    while True:
        try:
            return subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            # A process that another thread is just starting may hold a fresh program open for writing, for as long
            # as it takes to start it: https://github.com/golang/go/issues/22315
            wait = next(waits, None)
            if error.errno != errno.ETXTBSY or wait is None:
                raise
            time.sleep(wait)


def _listen(process: Popen[bytes], said: _Said, timeout: float, most: int) -> None:
    """Read both streams until the program ends; a grandchild that keeps one open does not hold this up."""
    import selectors

    deadline, ended = time.monotonic() + timeout, False
    with selectors.DefaultSelector() as selector, _exit_handle(process) as handle:
        for name in said.parts:
            stream = getattr(process, name)
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ, name)
        if handle is not None:
            selector.register(handle, selectors.EVENT_READ, "end")
        while said.is_open or not ended:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            for key, _ in selector.select(left if ended or handle is not None else min(left, _POLL)):
                if key.data == "end" or not _read(key.fd, said, key.data):
                    selector.unregister(key.fileobj)
            said.is_open = any(key.data != "end" for key in selector.get_map().values())
            if said.size > most:
                said.failure = f"it printed more than {_size(most)}"
                return
            if not ended and _has_ended(process):
                ended, deadline = True, min(deadline, time.monotonic() + _GRACE)
    if not ended:
        said.failure, said.is_open = f"it did not answer within {timeout:g} s", True


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"


@contextlib.contextmanager
def _exit_handle(process: Popen[bytes]) -> Iterator[int | None]:
    """Give a handle that becomes readable when the process ends; None where the system has none."""
    try:
        handle = os.pidfd_open(process.pid) if hasattr(os, "pidfd_open") else None
    except OSError:
        handle = None
    try:
        yield handle
    finally:
        if handle is not None:
            os.close(handle)


def _has_ended(process: Popen[bytes]) -> bool:
    """Tell whether a process has ended without forgetting it: until then its group's number is not another's."""
    if hasattr(os, "waitid"):
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return process.poll() is not None


def _read(handle: int, said: _Said, name: str) -> bool:
    """Take what a stream holds; False when it is at its end."""
    try:
        part = os.read(handle, 1 << 16)
    except BlockingIOError:
        return True
    except OSError:
        return False
    said.size += len(part)
    said.parts[name].append(part)
    return bool(part)


def _end(process: Popen[bytes]) -> None:
    """Kill the program and what it left running in its group, and close the pipes."""
    import signal
    import subprocess

    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1)
