"""Listen to a machine while it is looked at, and make a record of what it answered.

`scrub` and `shown_variables` are pure and decide what may leave the machine: no secret does, nor the name of the
person.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from pkgmgr.host.ports import Answer, ElfFacts, Files, FileStat, Host, Runner
from pkgmgr.host.record import RECORD_FORMAT, AnswerRow, FileRow, Record
from pkgmgr.model.platform import Platform

ANONYMOUS_HOME = "/home/person"
DANGLING = "/dangling"
"""Where a link leads that leads nowhere."""
_MOST_TEXT = 1 << 16
_MOST_BYTES = 1 << 12
"""What is kept of a file that is no text: its head tells what it is, and the rest would make records of 100 MB."""
_T = TypeVar("_T")

_SHOWN_VARIABLES = re.compile(
    r"^(?:PATH|HOME|LANG|LC_\w+|SHELL|OS|OSTYPE|CC|CXX|FC|CPATH|MODULEPATH|LOADEDMODULES|MANPATH|VIRTUAL_ENV|GOPATH|PATHEXT"
    r"|\w+_(?:HOME|ROOT|PREFIX|PATH|DIR|VERSION|VISIBLE_DEVICES)|ProgramFiles(?:\(x86\))?|SystemRoot)$"
)
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASS|CREDENTIAL|AUTH|API|PRIVATE|SESSION", re.IGNORECASE)
_SECRET = re.compile(
    r"""((?:token|secret|passw(?:or)?d|api[_-]?key|access[_-]?key|authorization)["']?\s*[=:]\s*["']?)[^\s"',;]+""",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"(\w+://)[^\s/@:]+:[^\s/@]+@")


def shown_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that say where software is; all others stay on the machine."""
    return {
        name: value
        for name, value in sorted(variables.items())
        if _SHOWN_VARIABLES.match(name) and not _SECRET_NAME.search(name)
    }


def scrub(text: str, home: str) -> str:
    """Take passwords, tokens and a person's home folder out of a text, and what is no Unicode."""
    if home not in ("", "/", "/root"):
        text = re.sub(re.escape(home) + r"(?![\w.-])", ANONYMOUS_HOME, text)
    text = _CREDENTIALS.sub(r"\1***@", _SECRET.sub(r"\1***", text))
    return text.encode("utf-8", "replace").decode("utf-8")


class RecordingHost:
    """A machine that is looked at and listened to: look at `host`, then take the `record`."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._files = _RecordingFiles(host.files)
        self._runner = _RecordingRunner(host.runner)

    @property
    def host(self) -> Host:
        """The same machine, for detection."""
        return replace(self._host, files=self._files, runner=self._runner)

    def record(self, *, note: str = "", platform: Platform | None = None) -> Record:
        """Give what was answered so far."""
        home = self._host.home

        def clean(text: str) -> str:
            return scrub(text, home)

        return Record(
            format=RECORD_FORMAT,
            note=note,
            target=self._host.target,
            home=clean(home),
            variables={name: clean(value) for name, value in shown_variables(self._host.variables).items()},
            folders={clean(path): tuple(map(clean, names)) for path, names in _sayable(self._files.folders).items()},
            links={clean(path): clean(target) for path, target in _sayable(self._files.links).items()},
            files={clean(path): self._files.row(path, home) for path in _sayable(self._files.stats)},
            answers=tuple(_answer_row(argv, answer, home) for argv, answer in sorted(self._runner.answers.items())),
            platform=platform,
        )


def _answer_row(argv: tuple[str, ...], answer: Answer, home: str) -> AnswerRow:
    return AnswerRow(
        argv=tuple(scrub(word, home) for word in argv),
        exit_code=answer.exit_code,
        stdout=scrub(answer.stdout, home),
        stderr=scrub(answer.stderr, home),
        failure=scrub(answer.failure, home),
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


def _decode(content: bytes) -> str | None:
    """Decode the beginning of a text, which may end inside of a character; None for other content."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        is_cut = len(content) == _MOST_TEXT and error.start > len(content) - 4
        return content[: error.start].decode("utf-8") if is_cut else None


class _RecordingFiles:
    """Notes each answer under the true path, and the links that lead there."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._noted: dict[str, str] = {"/": "/"}
        self.folders: dict[str, list[str]] = {}
        self.links: dict[str, str] = {}
        self.stats: dict[str, FileStat] = {}
        self._contents: dict[str, bytes] = {}
        self._elf: dict[str, ElfFacts] = {}

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

    def read(self, path: str, limit: int = 1 << 20) -> bytes | None:
        content = self._files.read(path, limit)
        real = self._note(path)
        if content is not None and len(content) >= len(self._contents.get(real, b"")):
            self._contents[real] = content[:_MOST_TEXT]
        return content

    def elf(self, path: str) -> ElfFacts | None:
        facts = self._files.elf(path)
        real = self._note(path)
        if facts is not None:
            self._elf[real] = facts
        return facts

    def row(self, path: str, home: str) -> FileRow:
        """Give what is known of a file."""
        state, content = self.stats[path], self._contents.get(path)
        text = _decode(content) if content is not None else None
        return FileRow(
            size=state.size,
            mtime_ns=state.mtime_ns,
            device=state.device,
            inode=state.inode,
            is_executable=state.is_executable,
            text=scrub(text, home) if text is not None else None,
            content=content[:_MOST_BYTES] if content is not None and text is None else None,
            elf=self._elf.get(path),
        )

    def _note_folder(self, folder: str, names: Sequence[str]) -> None:
        real = self._note(folder)
        if not self.folders.get(real) and names:
            below = set(self._files.subfolders(folder))
            self.folders[real] = [f"{name}/" if name in below else name for name in names if _is_unicode(name)]

    def _note(self, path: str) -> str:
        """Note each link on the way to a path, and the file or folder at its end; give its true path."""
        if path in self._noted or not path.startswith("/"):
            return self._noted.get(path, path)
        folder, name = posixpath.split(path.rstrip("/"))
        step = posixpath.join(self._note(folder), name)
        real = self._noted[path] = self._files.real(path)
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
