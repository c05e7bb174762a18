"""Run one program as a task: pass on what it prints, keep it, judge it. Starts a process."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, BinaryIO, Protocol

from pkgmgr.model.entry import Value
from pkgmgr.model.env import Task

_PATIENCE = 5.0
"""Seconds that a program is given to end by itself after an interrupt."""

_LAST_PARTS = 8
"""Pieces of standard error that are kept for its last line."""
_LONGEST_LINE = 500

_CLOCK_GRAIN = 0.02
"""Seconds by which a file system's clock may be behind."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a program ended."""

    code: int | None
    """None: it could not be started."""
    printed: bytes = b""
    complained: str = ""
    """The last line that it wrote to standard error."""
    reason: str = ""
    """Why that is a failure; empty when it is none so far."""
    is_interrupted: bool = False


def execute(
    argv: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    output: Path,
    echo: BinaryIO | None,
    errors: BinaryIO | None = None,
) -> Ended:
    """Run a program to its end; an interrupt is passed on to it, and told in the result.

    :param output: file that keeps what it prints, both streams.
    :param echo: where its standard output is shown as it comes, `errors` its standard error; None: nowhere.
    """
    kept: list[bytes] = []
    last: deque[bytes] = deque(maxlen=_LAST_PARTS)
    try:
        with output.open("wb", buffering=0) as log:
            process = subprocess.Popen(
                list(argv), cwd=folder, env=dict(variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
            )
            listener = Thread(target=_pass_on, args=(process.stderr, log, last, errors), daemon=True)
            listener.start()
            try:
                _pass_on(process.stdout, log, kept, echo)
                process.wait()
            except KeyboardInterrupt:
                # A terminal has sent it to the program, too: let it clean up.
                _end(process)
                return Ended(code=130, printed=b"".join(kept), reason="interrupted", is_interrupted=True)
            except BaseException:
                process.kill()
                process.wait()
                raise
            listener.join(_PATIENCE)  # what it left running may hold the stream open
    except OSError as error:
        return Ended(code=None, reason=f"{error.filename or argv[0]}: {error.strerror or error}")
    return Ended(code=process.wait(), printed=b"".join(kept), complained=_last_line(b"".join(last)))


class _Collected(Protocol):
    def append(self, part: bytes, /) -> None: ...


def _pass_on(stream: IO[bytes] | None, log: BinaryIO, kept: _Collected, echo: BinaryIO | None) -> None:
    assert stream is not None
    while part := stream.read(1 << 16):
        kept.append(part)
        with contextlib.suppress(OSError):  # a full disk: the program goes on, and says itself what it misses
            log.write(part)
        if echo is not None:
            echo.write(part)
            echo.flush()


def _last_line(text: bytes) -> str:
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines()]
    return next((line[:_LONGEST_LINE] for line in reversed(lines) if line), "")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def judge(task: Task, ended: Ended) -> str:
    """Say why a run has failed; nothing when it has not."""
    if ended.reason:
        return ended.reason
    if ended.code is not None and ended.code < 0:
        return f"it was killed by signal {-ended.code}"
    if ended.code != 0:
        return f"it exited with {ended.code}" + (f": {ended.complained}" if ended.complained else "")
    wanted = task.expect.stdout
    if wanted and not re.search(wanted, ended.printed.decode("utf-8", "replace"), re.MULTILINE):
        return f"its output does not match {wanted!r}"
    return ""


def read_metrics(*places: Path, since: float) -> tuple[dict[str, Value], str]:
    """Read the figures that a program wrote, from the first of several places; and why that failed.

    :param since: when it was started: an older file holds the figures of another run.
    """
    for path in places:
        try:
            if path.stat().st_mtime < since - _CLOCK_GRAIN:
                continue
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            return {}, f"its metrics {path} can't be read: {error}"
        return (content, "") if isinstance(content, dict) else ({}, f"its metrics {path} are no JSON object")
    return {}, f"it wrote no {places[0].name}"
