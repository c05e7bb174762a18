"""Documents in the form in which they are used: TOML is parsed once, not once a day for each of five hundred files.

One file holds all documents of one kind of one repository. Those of a home know the state of each document's file;
the ones that a wheel brings along (`main` makes them when it is built) know only its content. They are taken unread
while no document is newer than they are: what installs a wheel writes them all within a second or so, and nothing of a
home's cache is needed.

usage: python -m pkgmgr.catalog.compiled ROOT
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from pkgmgr.catalog.document import DOCUMENT_KINDS, document_struct, parse_document
from pkgmgr.catalog.repository import DocumentState, Repository, document_state, list_documents
from pkgmgr.host.cache_file import write_cache_file
from pkgmgr.model.errors import DocumentError

_D = TypeVar("_D", bound=msgspec.Struct)
_FORMAT = 3
_BROUGHT = "wheel"
"""The folder beside those of documents. It is unpacked after them: an archive holds its folders by name."""
_AT_ONCE = 1_000_000_000
"""Nanoseconds by which a document may be newer than what was brought, for what unpacks several files at a time; one
that is newer still is read to see whether it is the same. An edit comes later: `pip` compiles ckpm's code before."""


class _Row(msgspec.Struct, frozen=True, array_like=True):
    state: DocumentState
    """Of the document's file; what a wheel brings knows its size alone."""
    digest: bytes
    """sha256 of the text."""
    value: msgspec.Raw


class _File(msgspec.Struct, frozen=True, array_like=True):
    stamp: str
    rows: dict[str, _Row]


def read_document(path: Path, document_type: type[_D]) -> _D:
    """Read one document, remembering nothing.

    :raises DocumentError: when it can't be read or breaks its schema.
    """
    return parse_document(_text(_content(path), path), document_type, where=str(path))


class _Brought(msgspec.Struct, frozen=True):
    """What a wheel brings along, and when it was written."""

    rows: dict[str, _Row]
    state: DocumentState | None

    @classmethod
    def beside(cls, folder: Path) -> _Brought:
        file = _brought_file(folder)
        try:
            state = document_state(os.stat(file))
        except OSError:
            return cls(rows={}, state=None)
        return cls(rows=_rows_of(file, f"{_FORMAT}:{_code_digest()}"), state=state)

    def unread(self, name: str, state: DocumentState) -> _Row | None:
        """Give the row of a document that can't have been edited since; None says nothing."""
        row = self.rows.get(name)
        if row is None or self.state is None or row.state.size != state.size:
            return None
        is_as_old = (
            state.mtime_ns <= self.state.mtime_ns + _AT_ONCE and state.ctime_ns <= self.state.ctime_ns + _AT_ONCE
        )
        return row if is_as_old else None


class CompiledDocuments(msgspec.Struct):
    """All documents of one kind of one repository."""

    folder: Path
    """Where the documents lie."""
    file: Path | None
    """What a home remembers; None: nothing."""
    parse: Callable[..., msgspec.Struct] = parse_document
    _rows: dict[str, _Row] | None = None
    _brought: _Brought | None = None
    _has_news: bool = False

    def read(self, name: str, file: str, state: DocumentState, document_type: type[_D]) -> _D:
        """Give a document, parsed now only where its text is new.

        :param file: where it lies.
        :param state: of the file, as it was listed.
        :raises DocumentError: when it can't be read or breaks its schema.
        """
        if self._brought is None:
            self._brought = _Brought.beside(self.folder)
        row = self._brought.unread(name, state)
        if row is not None and (value := _decoded(row, document_type)) is not None:
            return value
        if self._rows is None:
            self._rows = _rows_of(self.file, f"{_FORMAT}:{_code_state()}")
        row = self._rows.get(name)
        if row is not None and row.state == state and (value := _decoded(row, document_type)) is not None:
            return value
        path = Path(file)
        content = _content(path)
        digest = hashlib.sha256(content).digest()
        value = self._compiled_before((row, self._brought.rows.get(name)), digest, document_type)
        if value is None:
            value = cast("_D", self.parse(_text(content, path), document_type, where=file))
        self._rows[name] = _Row(state=state, digest=digest, value=msgspec.Raw(msgspec.msgpack.encode(value)))
        self._has_news = True
        return value

    def save(self) -> None:
        """Remember what was parsed; a home that may not be written costs time, nothing else."""
        if self._has_news and self.file is not None and self._rows is not None:
            write_cache_file(self.file, _encoded(f"{_FORMAT}:{_code_state()}", self._rows))
        self._has_news = False

    @staticmethod
    def _compiled_before(rows: Iterable[_Row | None], digest: bytes, document_type: type[_D]) -> _D | None:
        """Give the value of the same text under another state, or from the wheel."""
        fitting = (row for row in rows if row is not None and row.digest == digest)
        return next((_decoded(row, document_type) for row in fitting), None)


def _brought_file(folder: Path) -> Path:
    return folder.parent / _BROUGHT / f"{folder.name}.msgpack"


def compile_documents(repository: Repository, kind: str) -> bytes:
    """Give all documents of one kind in the form that a wheel brings along.

    :raises DocumentError: for one that breaks its schema.
    """
    rows = {}
    for name, (file, state) in list_documents(repository, kind).items():
        value = read_document(Path(file), document_struct(kind))
        digest = hashlib.sha256(_content(Path(file))).digest()
        rows[name] = _Row(
            state=DocumentState(0, state.size, 0, 0), digest=digest, value=msgspec.Raw(msgspec.msgpack.encode(value))
        )
    return _encoded(f"{_FORMAT}:{_code_digest()}", rows)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path}: can't be read: {error.strerror}") from error


def _text(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path}: can't be read: {error}") from error


def _decoded(row: _Row, document_type: type[_D]) -> _D | None:
    try:
        return msgspec.msgpack.decode(row.value, type=document_type)
    except msgspec.MsgspecError:
        return None  # a cache that can't be read is no cache


def _rows_of(file: Path | None, stamp: str) -> dict[str, _Row]:
    if file is None:
        return {}
    try:
        kept = msgspec.msgpack.decode(file.read_bytes(), type=_File)
    except (OSError, msgspec.MsgspecError):
        return {}
    return kept.rows if kept.stamp == stamp else {}


def _encoded(stamp: str, rows: dict[str, _Row]) -> bytes:
    return msgspec.msgpack.encode(_File(stamp=stamp, rows=rows))


def _model_files() -> list[Path]:
    folder = Path(__file__).resolve().parent.parent / "model"
    return sorted(path for path in folder.iterdir() if path.suffix == ".py")


@cache
def _code_state() -> int:
    """Change when the code of the nouns changes, so that no document has an old shape."""
    return max(path.stat().st_mtime_ns for path in _model_files())


@cache
def _code_digest() -> str:
    """Like `_code_state`, by content: what a wheel was built from has other times where it is installed."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in _model_files())).hexdigest()


def main(arguments: Sequence[str], say: Callable[[str], object] = print) -> int:
    """Compile the documents below a folder that is to become a wheel."""
    repository = Repository(name="built-in", root=Path(arguments[0]))
    for kind in DOCUMENT_KINDS:
        if repository.folder(kind).is_dir():
            content = compile_documents(repository, kind)
            file = _brought_file(repository.folder(kind))
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
            say(f"compiled {kind}: {len(content)} bytes")
    return 0


def cache_file(cache_folder: Path, folder: Path, kind: str) -> Path:
    """Give the file of a home for the documents of one kind in one folder."""
    return cache_folder / f"{kind}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
