"""Whole detections, remembered with all that they depended on: the same question on the same machine costs a look.

A report counts while each file, folder, link and variable that was looked at is as it was. Nothing is judged again
then, and the engine that would judge is not even loaded.

Touches: one small file for each question in the cache folder; the state of files, through `LocalFiles`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from pkgmgr.detect.report import Report
from pkgmgr.host.cache_file import write_cache_file
from pkgmgr.host.files import FileState, LocalFiles, Observed

_FORMAT = 1
_MOST_REPORTS = 64
"""Questions remembered; the oldest are forgotten."""
_GRANULE = 20_000_000
"""Nanoseconds. The kernel's clock for files ticks every 4 to 10 ms: two changes in one tick look like one."""


class SeenVariables(Mapping[str, str]):
    """A person's variables, which remembers those that were asked for one by one."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.asked: dict[str, str | None] = {}

    def __getitem__(self, name: str) -> str:
        self.asked[name] = self._variables.get(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str):
            self.asked[name] = self._variables.get(name)
        return name in self._variables


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    format: int
    until: float | None
    """Seconds since 1970; None: until something changes."""
    platform: str
    """Digest of what the facts of the machine depend on; empty where none was asked for."""
    variables: dict[str, str | None]
    observed: Observed
    report: Report


class ReportMemory(msgspec.Struct, frozen=True, kw_only=True):
    """Reports of earlier detections in one folder."""

    folder: Path
    files: LocalFiles
    variables: Mapping[str, str]
    platform: Callable[[], str]
    """Gives the digest of what the facts of the machine depend on."""
    now: Callable[[], float] = time.time

    def recall(self, question: str) -> Report | None:
        """Give the report to a question, if a new look would conclude the same.

        :param question: a digest of what is looked for, where and by which code.
        """
        try:
            kept = msgspec.msgpack.decode((self.folder / question).read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError):
            return None  # what can't be read is not remembered
        if kept.format != _FORMAT or (kept.until is not None and kept.until <= self.now()):
            return None
        if any(self.variables.get(name) != value for name, value in kept.variables.items()):
            return None
        if kept.platform and kept.platform != self.platform():
            return None
        return kept.report if self.files.is_unchanged(kept.observed) else None

    def keep(
        self,
        question: str,
        report: Report,
        *,
        asked: Mapping[str, str | None],
        until: float | None,
        began: float,
        uses_platform: bool,
    ) -> None:
        """Remember a report, unless something that it depends on changed while it was made, or may have.

        :param asked: the variables that it depends on.
        :param began: when the first look was taken, in seconds since 1970.
        """
        observed = self.files.observed()
        last = int(began * 1e9) - _GRANULE
        if any(_is_fresh(state, last) for group in (observed.files, observed.folders) for state in group.values()):
            return
        kept = _Kept(
            format=_FORMAT,
            until=until,
            platform=self.platform() if uses_platform else "",
            variables=dict(asked),
            observed=observed,
            report=report,
        )
        # A path that is no UTF-8 costs time and nothing else; so does a folder that another process tidies, too.
        with contextlib.suppress(OSError, UnicodeEncodeError):
            write_cache_file(self.folder / question, msgspec.msgpack.encode(kept))
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        kept = [(item.stat().st_mtime_ns, item.path) for item in os.scandir(self.folder)]
        for _, path in sorted(kept)[: max(0, len(kept) - _MOST_REPORTS)]:
            os.unlink(path)


def _is_fresh(state: FileState | None, last: int) -> bool:
    """Tell whether a file was changed so recently that a change to come may look the same."""
    return state is not None and state[4] >= last
