"""Run one program as a task: pass on what it prints, keep it, judge it. Starts a process."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pkgmgr.model.entry import Value
from pkgmgr.model.env import Task

_PATIENCE = 5.0
"""Seconds that a program is given to end by itself after an interrupt."""

_CLOCK_GRAIN = 0.02
"""Seconds by which a file system's clock may be behind."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a program ended."""

    code: int | None
    """None: it could not be started."""
    printed: bytes = b""
    reason: str = ""
    """Why that is a failure; empty when it is none so far."""
    is_interrupted: bool = False


def execute(
    argv: Sequence[str], folder: Path, variables: Mapping[str, str], output: Path, echo: BinaryIO | None
) -> Ended:
    """Run a program to its end; an interrupt is passed on to it, and told in the result."""
    kept: list[bytes] = []
    errors = subprocess.DEVNULL if echo is None else None
    try:
        with output.open("wb") as log:
            process = subprocess.Popen(
                list(argv), cwd=folder, env=dict(variables), stdout=subprocess.PIPE, stderr=errors, bufsize=0
            )
            try:
                _pass_on(process, log, kept, echo)
            except KeyboardInterrupt:
                # A terminal has sent it to the program, too: let it clean up.
                _end(process)
                return Ended(code=130, printed=b"".join(kept), reason="interrupted", is_interrupted=True)
            except BaseException:
                process.kill()
                process.wait()
                raise
    except OSError as error:
        return Ended(code=None, reason=f"{error.filename or argv[0]}: {error.strerror or error}")
    return Ended(code=process.wait(), printed=b"".join(kept))


def _pass_on(process: subprocess.Popen[bytes], log: BinaryIO, kept: list[bytes], echo: BinaryIO | None) -> None:
    assert process.stdout is not None
    while part := process.stdout.read(1 << 16):
        kept.append(part)
        log.write(part)
        if echo is not None:
            echo.write(part)
            echo.flush()
    process.wait()


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
        return f"it exited with {ended.code}"
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
