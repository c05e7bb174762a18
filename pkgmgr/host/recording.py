"""Listen to a machine while it is looked at, and make a record of what it answered.

`pkgmgr.host.scrub` decides what may leave the machine.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from pkgmgr.host.keep import Kept, keep
from pkgmgr.host.paths import is_rooted
from pkgmgr.host.ports import Answer, ElfFacts, Files, FileStat, Host, Owners, Runner
from pkgmgr.host.record import RECORD_FORMAT, AnswerRow, FileRow, Record, portable
from pkgmgr.host.scrub import Scrubber, shown_variables

_PROCESS = re.compile(r"^/proc/\d+(?=/|$)")
"""Our own process, by a number that says nothing."""
_DRIVE = re.compile(r"[A-Za-z]:/?")
DANGLING = "/dangling"
"""Where a link leads that leads nowhere."""
_MOST_PART = 1 << 16
_T = TypeVar("_T")


class RecordingHost:
    """A machine that is looked at and listened to: look at `host`, then take the `record`.

    :param machine: its name in the network, which stays out of the record.
    """

    def __init__(self, host: Host, *, machine: str = "") -> None:
        self._host = host
        self._machine = machine
        self._files = _RecordingFiles(host.files)
        self._runner = _RecordingRunner(host.runner)
        self._owners = _RecordingOwners(host.owners)
        self._variables = _NotingVariables(host.variables)

    @property
    def host(self) -> Host:
        """The same machine, for detection."""
        owners = None if self._host.owners is None else self._owners
        return replace(self._host, files=self._files, runner=self._runner, owners=owners, variables=self._variables)

    def record(self, *, note: str = "") -> Record:
        """Give what was answered so far."""
        scrubber = Scrubber.of(self._host.home, self._host.variables, self._machine)
        clean, files = scrubber.clean, self._files
        variables = shown_variables(self._host.variables, frozenset(self._variables.asked))
        folders = {
            clean(path): tuple(map(clean, scrubber.names_in(path, names, files.looked_at)))
            for path, names in _sayable(files.folders).items()
        }
        return Record(
            format=RECORD_FORMAT,
            note=note,
            target=self._host.target,
            home=clean(self._host.home),
            kernel=self._host.kernel,
            variables={name: clean(value) for name, value in variables.items()},
            folders=folders,
            links={clean(path): clean(target) for path, target in _sayable(files.links).items()},
            files={clean(path): files.row(path, scrubber) for path in _sayable(files.stats)},
            answers=tuple(_answer_row(argv, answer, clean) for argv, answer in sorted(self._runner.answers.items())),
            owners={clean(path): owner for path, owner in sorted(self._owners.known.items())},
        )


def _answer_row(argv: tuple[str, ...], answer: Answer, clean: Callable[[str], str]) -> AnswerRow:
    return AnswerRow(
        argv=tuple(map(clean, portable(argv))),
        exit_code=answer.exit_code,
        stdout=clean(answer.stdout),
        stderr=clean(answer.stderr),
        failure=clean(answer.failure),
    )


def _sayable(rows: Mapping[str, _T]) -> dict[str, _T]:
    """Leave out paths that are no Unicode: JSON has no way to write them."""
    return {path: row for path, row in rows.items() if path.isascii() or _is_unicode(path)}


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class _RecordingFiles:
    """Notes each answer under the true path, and the links that lead there."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._noted: dict[str, str] = {"/": "/"}
        self.folders: dict[str, list[str]] = {}
        self.links: dict[str, str] = {}
        self.stats: dict[str, FileStat] = {}
        self._kept: dict[str, Kept] = {}
        self._elf: dict[str, ElfFacts] = {}
        self._digests: dict[str, str] = {}
        self._furthest: dict[str, int] = {}
        self._parts: dict[str, dict[int, bytes]] = {}

    @property
    def looked_at(self) -> frozenset[str]:
        """Every path that something was asked about."""
        return frozenset(self._noted)

    @property
    def skipped(self) -> Mapping[str, str]:
        return self._files.skipped

    def names(self, folder: str) -> Sequence[str]:
        names = self._files.names(folder)
        self._note_folder(folder, names)
        return names

    def subfolders(self, folder: str) -> Sequence[str]:
        self._note_folder(folder, self._files.names(folder))
        return self._files.subfolders(folder)

    def stat(self, path: str) -> FileStat | None:
        self._note(path)
        return self._files.stat(path)

    def real(self, path: str) -> str:
        self._note(path)
        return self._files.real(path)

    def read(self, path: str, limit: int = 1 << 20, offset: int = 0) -> bytes | None:
        content = self._files.read(path, limit, offset)
        real = self._note(path)
        if content is None:
            return None
        if offset:
            self._parts.setdefault(real, {})[offset] = content[:_MOST_PART]
        elif limit >= self._furthest.get(real, 0):
            self._furthest[real] = limit
            self._kept[real] = keep(real, content, asked=limit)
        return content

    def elf(self, path: str) -> ElfFacts | None:
        facts = self._files.elf(path)
        real = self._note(path)
        if facts is not None:
            self._elf[real] = facts
        return facts

    def digest(self, path: str) -> str | None:
        digest = self._files.digest(path)
        real = self._note(path)
        if digest is not None:
            self._digests[real] = digest
        return digest

    def row(self, path: str, scrubber: Scrubber) -> FileRow:
        """Give what is known of a file and may be kept."""
        state, kept, elf = self.stats[path], self._kept.get(path, Kept()), self._elf.get(path)
        return FileRow(
            size=state.size,
            is_executable=state.is_executable,
            text=scrubber.file_text(path, kept.text) if kept.text is not None else None,
            content=kept.content,
            is_cut=kept.is_cut,
            parts={str(at): part for at, part in self._parts.get(path, {}).items()} if elf is None else {},
            digest=self._digests.get(path),
            elf=elf,
        )

    def _note_folder(self, folder: str, names: Sequence[str]) -> None:
        real = self._note(folder)
        if not self.folders.get(real) and names:
            below = set(self._files.subfolders(folder))
            self.folders[real] = [f"{name}/" if name in below else name for name in names if _is_unicode(name)]

    def _note(self, path: str) -> str:
        """Note each link on the way to a path, and the file or folder at its end; give its true path."""
        if path in self._noted or not is_rooted(path) or _DRIVE.fullmatch(path):
            return self._noted.get(path, path)
        folder, name = posixpath.split(path.rstrip("/"))
        step = posixpath.join(self._note(folder), name)
        real = self._noted[path] = _PROCESS.sub("/proc/self", self._files.real(path))
        state = self._files.stat(path)
        if state is None:
            if name in self.folders.get(posixpath.dirname(step), ()):
                self.links[step] = DANGLING
            return real
        if real != step and name not in (".", ".."):
            self.links[step] = real
        if state.is_folder:
            self.folders.setdefault(real, [])
        else:
            self.stats[real] = state
        return real


class _RecordingRunner:
    """Notes what each command said."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.answers: dict[tuple[str, ...], Answer] = {}

    def run(
        self, argv: Sequence[str], *, timeout: float | None = None, variables: Mapping[str, str] | None = None
    ) -> Answer:
        answer = self._runner.run(argv, timeout=timeout, variables=variables)
        self.answers[tuple(argv)] = answer
        return answer

    def close(self) -> None:
        self._runner.close()


class _RecordingOwners:
    """Notes whose each file is."""

    def __init__(self, owners: Owners | None) -> None:
        self._owners = owners
        self.known: dict[str, str] = {}

    def read_ahead(self) -> None:
        if self._owners is not None:
            self._owners.read_ahead()

    def find(self, paths: Sequence[str]) -> Mapping[str, str]:
        found = self._owners.find(paths) if self._owners is not None else {}
        self.known.update(found)
        return found


class _NotingVariables(dict[str, str]):
    """Variables that note which of them were asked for by name."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(variables)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)
