"""What programs answered, remembered by what identifies the file that was asked.

Touches: one file in the cache folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from pkgmgr.host.ports import Answer, Files, FileStat

_FORMAT = 2
_MOST = 20_000
"""Answers kept; beyond that the file is begun anew, which only costs time."""


class Remembered(msgspec.Struct, frozen=True, array_like=True):
    """One answer and the state of everything that it depends on."""

    stdout: str
    stderr: str
    exit_code: int | None
    failure: str
    witnesses: dict[str, tuple[int, int, int, int] | None]
    """Path → (device, inode, size, mtime) of each file that the answer depends on; None: not there."""


class _Stored(msgspec.Struct, array_like=True):
    format: int
    answers: dict[str, Remembered]
    digests: dict[str, str]


def _state(stat: FileStat | None) -> tuple[int, int, int, int] | None:
    return None if stat is None else (stat.device, stat.inode, stat.size, stat.mtime_ns)


class AnswerMemory:
    """Answers of earlier detections. An answer counts only while all its witnesses are unchanged.

    :param path: where they are kept between processes; None: nowhere.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stored = _read(path)
        self._changed = False

    def recall(self, key: str, files: Files) -> Answer | None:
        """Give the answer to a question, if nothing that it depends on has changed."""
        found = self._stored.answers.get(key)
        if found is None:
            return None
        if any(_state(files.stat(path)) != state for path, state in found.witnesses.items()):
            return None
        return Answer(exit_code=found.exit_code, stdout=found.stdout, stderr=found.stderr, failure=found.failure)

    def remember(self, key: str, answer: Answer, witnesses: Iterable[str], files: Files) -> None:
        """Keep an answer together with the state of the files that it depends on."""
        self._stored.answers[key] = Remembered(
            stdout=answer.stdout,
            stderr=answer.stderr,
            exit_code=answer.exit_code,
            failure=answer.failure,
            witnesses={path: _state(files.stat(path)) for path in witnesses},
        )
        self._changed = True

    def digest(self, key: str) -> str | None:
        """Give a remembered digest of a file's content; the key holds the file's identity."""
        return self._stored.digests.get(key)

    def keep_digest(self, key: str, digest: str) -> None:
        """Keep a digest of a file's content."""
        self._stored.digests[key] = digest
        self._changed = True

    def save(self) -> None:
        """Write what is new, next door and then by a rename. A folder that can't be written costs only time."""
        if self._path is None or not self._changed:
            return
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        stored = self._stored if len(self._stored.answers) <= _MOST else _Stored(_FORMAT, {}, {})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(msgspec.msgpack.encode(stored))
            temporary.replace(self._path)
        except OSError:
            temporary.unlink(missing_ok=True)
        self._changed = False


def _read(path: Path | None) -> _Stored:
    empty = _Stored(_FORMAT, {}, {})
    if path is None:
        return empty
    try:
        stored = msgspec.msgpack.decode(path.read_bytes(), type=_Stored)
    except (OSError, msgspec.MsgspecError):
        return empty  # a cache that can't be read is no cache
    return stored if stored.format == _FORMAT else empty
