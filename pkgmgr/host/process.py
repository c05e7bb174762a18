"""The only module that starts a process for a probe: no input, a plain locale, bounded time and output."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence

from pkgmgr.host.ports import Answer

DEFAULT_TIMEOUT = 10.0
"""Seconds. A JVM or a first `conda` takes three on a slow disk."""
MOST_OUTPUT = 1 << 20
"""Bytes of both streams together; what prints more is killed."""

_TERMINAL_CODES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_PLAIN = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "LANGUAGE": "C", "TERM": "dumb", "NO_COLOR": "1", "PAGER": "cat"}
# What changes the answer of a tool, or makes it load something foreign.
_DROPPED = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "CLICOLOR_FORCE",
    "FORCE_COLOR",
)


class LocalRunner:
    """Runs programs of this machine.

    :param variables: the environment of the person.
    :param timeout: seconds for each program, unless a call says otherwise.
    """

    def __init__(self, variables: Mapping[str, str], *, timeout: float = DEFAULT_TIMEOUT) -> None:
        self._variables = {key: value for key, value in variables.items() if key not in _DROPPED} | _PLAIN
        self._timeout = timeout
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self.started = 0
        """Processes started so far; benchmarks read it."""

    def run(
        self, argv: Sequence[str], *, timeout: float | None = None, variables: Mapping[str, str] | None = None
    ) -> Answer:
        """Run a program and give what it said; a failure to run is an answer too."""
        self.started += 1
        environment = {**self._variables, **(variables or {})}
        try:
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=self._folder(),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return Answer(exit_code=None, failure=f"can't be started: {getattr(error, 'strerror', None) or error}")
        try:
            return _collect(process, self._timeout if timeout is None else timeout)
        finally:
            _end(process)

    def _folder(self) -> str:
        """Give an empty folder to run in, so that a tool leaves nothing in the person's."""
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="ckpm-probe-", ignore_cleanup_errors=True)
        return self._scratch.name


def _collect(process: subprocess.Popen[bytes], timeout: float) -> Answer:
    """Read both streams until the program ends; a grandchild that keeps a pipe open does not hold this up."""
    deadline = time.monotonic() + timeout
    streams: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    size = 0
    with selectors.DefaultSelector() as selector:
        for name in streams:
            stream = getattr(process, name)
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ, name)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return _answer(streams, None, f"it did not answer within {timeout:g} s")
            ready = selector.select(min(left, 0.05 if process.poll() is not None else 0.25))
            for key, _ in ready:
                part = _read(key.fd)
                if not part:
                    selector.unregister(key.fileobj)
                    continue
                size += len(part)
                streams[key.data].append(part)
            if size > MOST_OUTPUT:
                return _answer(streams, None, f"it printed more than {MOST_OUTPUT >> 20} MiB")
            if not ready and process.poll() is not None:
                break
    try:
        code = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return _answer(streams, None, f"it did not end within {timeout:g} s")
    return _answer(streams, code, "")


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 1 << 16)
    except OSError:
        return b""


def _answer(streams: Mapping[str, list[bytes]], code: int | None, failure: str) -> Answer:
    texts = {name: clean_output(b"".join(parts)) for name, parts in streams.items()}
    return Answer(exit_code=code, stdout=texts["stdout"], stderr=texts["stderr"], failure=failure)


def clean_output(content: bytes) -> str:
    """Give a program's output as plain text, without colours and with Unix line ends."""
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    return _TERMINAL_CODES.sub("", text) if "\x1b" in text else text


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever the program left running, and close the pipes."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1)
