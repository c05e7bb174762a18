"""Run a registry's own client (pip, npm, apt, git), and take what it streams. Starts processes.

Why not the host's runner: these run for minutes, in a folder of their own, and their output is the download itself.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pkgmgr.install.fetch.failure import Refused, Unreachable
from pkgmgr.install.fetch.partial import CHUNK

if TYPE_CHECKING:
    from pkgmgr.install.fetch.job import Job

_MOST_TEXT = 1 << 20
"""Bytes of what a client says that are read."""
_PLAIN = {"LC_ALL": "C.UTF-8", "LANGUAGE": "C", "NO_COLOR": "1", "TERM": "dumb"}
_NO_NETWORK = (
    "name or service not known",
    "temporary failure in name resolution",
    "temporary failure resolving",
    "could not resolve",
    "getaddrinfo",
    "enotfound",
    "eai_again",
    "econnrefused",
    "econnreset",
    "etimedout",
    "enetunreach",
    "connection refused",
    "network is unreachable",
    "timed out",
    "connection error",
    "could not connect",
    "failed to connect",
    "unable to connect",
    "couldn't connect",
    "service unavailable",
    "bad gateway",
)


@dataclass(frozen=True, kw_only=True)
class Said:
    """How a client ended."""

    exit_code: int
    output: str
    errors: str


def find_client(name: str, variables: Mapping[str, str], *, hint: str) -> str:
    """Give the full path of a client on the person's PATH.

    :raises Refused: when it is not there.
    """
    found = shutil.which(name, path=variables.get("PATH", os.defpath))
    if found is None:
        raise Refused(f"{name} is not installed", hint=hint)
    return found


def run_client(
    argv: Sequence[str], job: Job, *, folder: Path | None = None, variables: Mapping[str, str] | None = None
) -> Said:
    """Run a client to its end in an empty folder; its output is text.

    :param variables: set on top of the person's.
    """
    output = bytearray()
    with stream_client(argv, job, folder=folder, variables=variables) as stream:
        for chunk in stream.chunks():
            if len(output) < _MOST_TEXT:
                output += chunk
        return stream.end(output.decode("utf-8", "replace"))


@contextlib.contextmanager
def stream_client(
    argv: Sequence[str], job: Job, *, folder: Path | None = None, variables: Mapping[str, str] | None = None
) -> Iterator[ClientStream]:
    """Start a client whose standard output is what is wanted; whatever happens, it is over afterwards."""
    errors = job.scratch / "client.log"
    with errors.open("w+b") as log:
        try:
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder or job.scratch,
                env={**job.variables, **_PLAIN, **(variables or {})},
                start_new_session=True,
            )
        except OSError as error:
            raise Refused(f"{argv[0]} can't be started: {error.strerror}") from error
        try:
            yield ClientStream(process, errors, job)
        finally:
            _end(process)


class ClientStream:
    """The standard output of a running client."""

    def __init__(self, process: subprocess.Popen[bytes], errors: Path, job: Job) -> None:
        self._process = process
        self._errors = errors
        self._job = job

    def line(self) -> bytes:
        """Read one line: what the client says before the content."""
        line = bytearray()
        for byte in self.chunks(1):
            line += byte
            if byte == b"\n" or len(line) > _MOST_TEXT:
                break
        return bytes(line)

    def chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """Give the output as it comes.

        :raises Unreachable: when nothing comes for too long.
        """
        assert self._process.stdout is not None
        handle = self._process.stdout.fileno()
        patience = self._job.patience.client
        last = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            while True:
                self._job.stop.check()
                if not selector.select(0.25):
                    if time.monotonic() - last > patience:
                        raise Unreachable(f"{Path(self._process.args[0]).name} did nothing for {patience:g} s")  # type: ignore[index, arg-type]
                    continue
                chunk = os.read(handle, size)
                if not chunk:
                    return
                last = time.monotonic()
                yield chunk

    def end(self, output: str = "") -> Said:
        """Wait for the end, after all output was read."""
        code = self._process.wait()
        with self._errors.open("rb") as file:
            errors = file.read(_MOST_TEXT).decode("utf-8", "replace")
        return Said(exit_code=code, output=output, errors=errors)


def is_no_network(text: str) -> bool:
    """Tell whether what a client says means that it reached nobody. Pure."""
    lower = text.lower()
    return any(sign in lower for sign in _NO_NETWORK)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of a client."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdout is not None:
        process.stdout.close()
    process.wait()
