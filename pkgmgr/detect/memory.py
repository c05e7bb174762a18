"""What programs answered, remembered by what identifies the file that was asked.

Touches: one file in the cache folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from pkgmgr.host.cache_file import write_cache_file
from pkgmgr.host.files import FileState, file_state
from pkgmgr.host.ports import Answer, Files

FAILURE_KEPT = 3600.0
"""Seconds that a program is not asked again after it hung or crashed: the machine may just have been busy."""
_FORMAT = 4
_MOST = 20_000
"""Answers kept; beyond that the file is begun anew, which only costs time."""


class Remembered(msgspec.Struct, frozen=True, array_like=True):
    """One answer and the state of everything that it depends on."""

    stdout: str
    stderr: str
    exit_code: int | None
    failure: str
    witnesses: dict[str, FileState | None]
    """Path → the state of each file that the answer depends on; None: not there."""
    until: float | None = None
    """When it is to be asked again (seconds since 1970); None: when something has changed."""


class _Stored(msgspec.Struct, array_like=True):
    format: int
    answers: dict[str, Remembered]
    digests: dict[str, str]


class AnswerMemory:
    """Answers of earlier detections. An answer counts only while all its witnesses are unchanged.

    :param path: where they are kept between processes; None: nowhere.
    :param now: the clock, in seconds since 1970.
    """

    def __init__(self, path: Path | None, *, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now = now
        self._stored = _read(path)
        self._was_empty = not self._stored.answers
        self._changed = False
        self.earliest_end: float | None = None
        """When the first of the answers given so far is to be asked again; None: none is."""

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was remembered when it was opened: to ask for anything is in vain."""
        return self._was_empty

    def recall(self, key: str, files: Files) -> Answer | None:
        """Give the answer to a question, if nothing that it depends on has changed."""
        found = self._stored.answers.get(key)
        if found is None or (found.until is not None and found.until <= self._now()):
            return None
        if any(file_state(files.stat(path)) != state for path, state in found.witnesses.items()):
            return None
        self._note_end(found.until)
        return Answer(exit_code=found.exit_code, stdout=found.stdout, stderr=found.stderr, failure=found.failure)

    def remember(self, key: str, answer: Answer, witnesses: Iterable[str], files: Files) -> None:
        """Keep an answer together with the state of the files that it depends on."""
        until = None if answer.exit_code is not None else self._now() + FAILURE_KEPT
        self._note_end(until)
        self._stored.answers[key] = Remembered(
            stdout=answer.stdout,
            stderr=answer.stderr,
            exit_code=answer.exit_code,
            failure=answer.failure,
            witnesses={path: file_state(files.stat(path)) for path in witnesses},
            until=until,
        )
        self._changed = True

    def _note_end(self, until: float | None) -> None:
        if until is not None and (self.earliest_end is None or until < self.earliest_end):
            self.earliest_end = until

    def digest(self, key: str) -> str | None:
        """Give a remembered digest of a file's content; the key holds the file's identity."""
        return self._stored.digests.get(key)

    def keep_digest(self, key: str, digest: str) -> None:
        """Keep a digest of a file's content."""
        self._stored.digests[key] = digest
        self._changed = True

    def save(self) -> None:
        """Write what is new."""
        if self._path is None or not self._changed:
            return
        is_full = len(self._stored.answers) > _MOST or len(self._stored.digests) > _MOST
        write_cache_file(self._path, msgspec.msgpack.encode(_Stored(_FORMAT, {}, {}) if is_full else self._stored))
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
