"""What a machine answered, as one JSON document from which it can be made again anywhere.

`read_record` and `write_record` touch one file; the rest is pure.
"""

from __future__ import annotations

import gzip
import posixpath
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from pkgmgr.host.override import PREFIX
from pkgmgr.host.ports import Answer, ElfFacts, FileStat, Host, Kernel
from pkgmgr.host.recorded import RecordedFiles, RecordedOwners, RecordedRunner
from pkgmgr.model.errors import DocumentError

RECORD_FORMAT = 1
_LARGEST = 256 << 20
"""Bytes of a record when unpacked."""
_OWN_FOLDER = posixpath.dirname(posixpath.dirname(__file__.replace("\\", "/")))


class FileRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One file, as far as it was asked about."""

    size: int
    is_executable: bool = False
    text: str | None = None
    """Its beginning, where that was read and is UTF-8."""
    content: bytes | None = None
    """Its beginning, where that was read and is not UTF-8; in Base64."""
    is_cut: bool = False
    """True: what is kept of it is not all."""
    parts: Mapping[str, bytes] = {}
    """Offset → what was read from there on, further in."""
    digest: str | None = None
    """Of its size and samples of it (`content_digest`)."""
    elf: ElfFacts | None = None


class AnswerRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One command and what it said."""

    argv: tuple[str, ...]
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    failure: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A recorded machine. All paths are true ones, links followed, but for the keys of ``links``."""

    format: int
    note: str = ""
    """Which machine it is and how the record was made, for a person."""
    target: str
    home: str
    kernel: Kernel = Kernel()
    variables: Mapping[str, str] = {}
    folders: Mapping[str, tuple[str, ...]] = {}
    """Folder → the names in it; those of folders end in ``/``."""
    links: Mapping[str, str] = {}
    files: Mapping[str, FileRow] = {}
    answers: tuple[AnswerRow, ...] = ()
    owners: Mapping[str, str] = {}
    """File → the package that it belongs to."""


def recorded_host(record: Record, *, stated: Mapping[str, str] | None = None) -> Host:
    """Make a machine that answers as the recorded one did. What nobody asked it then does not exist.

    :param stated: variables of whoever looks now; those that state a fact count.
    """
    files: dict[str, str | bytes | None] = {}
    folders = list(record.folders)
    for folder, names in record.folders.items():
        for name in names:
            path = posixpath.join(folder, name.rstrip("/"))
            if path in record.links:
                continue
            if name.endswith("/"):
                folders.append(path)
            else:
                files[path] = None
    for path, row in record.files.items():
        files[path] = row.content if row.content is not None else row.text
    kept = record.files
    return Host(
        files=RecordedFiles(
            files=files,
            links=record.links,
            folders=folders,
            elf={path: row.elf for path, row in kept.items() if row.elf is not None},
            stats={path: _stat(row, place) for place, (path, row) in enumerate(sorted(kept.items()))},
            cut=frozenset(path for path, row in kept.items() if row.is_cut),
            digests={path: row.digest for path, row in kept.items() if row.digest is not None},
            parts={path: {int(at): part for at, part in row.parts.items()} for path, row in kept.items() if row.parts},
        ),
        runner=_PortableRunner(RecordedRunner(prints={}, answers={row.argv: _answer(row) for row in record.answers})),
        variables={
            **record.variables,
            **{key: value for key, value in (stated or {}).items() if key.startswith(PREFIX)},
        },
        target=record.target,
        home=record.home,
        kernel=record.kernel,
        owners=RecordedOwners(record.owners),
    )


def _stat(row: FileRow, place: int) -> FileStat:
    """Make a state of a file: devices, numbers and dates of another machine say nothing here."""
    return FileStat(1, place + 1, row.size, 0, False, row.is_executable)


def _answer(row: AnswerRow) -> Answer:
    return Answer(exit_code=row.exit_code, stdout=row.stdout, stderr=row.stderr, failure=row.failure)


def portable(argv: Sequence[str], *, program: str = sys.executable, folder: str = _OWN_FOLDER) -> tuple[str, ...]:
    """Name our own scripts, and the interpreter that runs one, alike on every machine.

    :param program: the interpreter.
    :param folder: of the scripts.
    """
    words = [word.replace("\\", "/") for word in argv]
    if not any(word.startswith(f"{folder}/") for word in words):
        return tuple(argv)
    return tuple(
        "{python}" if given == program else f"{{ckpm}}{word.removeprefix(folder)}" if word.startswith(folder) else given
        for given, word in zip(argv, words, strict=True)
    )


class _PortableRunner:
    """Answers of another machine to questions that name our own scripts by where they lie here."""

    def __init__(self, runner: RecordedRunner) -> None:
        self._runner = runner

    @property
    def started(self) -> int:
        """Commands answered so far, as if they were processes."""
        return self._runner.started

    def run(
        self, argv: Sequence[str], *, timeout: float | None = None, variables: Mapping[str, str] | None = None
    ) -> Answer:
        """Give the recorded answer to a command."""
        return self._runner.run(portable(argv), timeout=timeout, variables=variables)

    def close(self) -> None:
        """Do nothing: nothing runs."""


def parse_record(content: bytes, *, name: str) -> Record:
    """Read a record, packed by gzip or not.

    :param name: what to call it in an error.
    :raises DocumentError: when it is none, or of a later format.
    """
    try:
        plain = _unpacked(content)
        form = msgspec.json.decode(plain, type=_Form).format
        if form != RECORD_FORMAT:
            raise DocumentError(
                f"{name}: the record has format {form}, and this ckpm reads format {RECORD_FORMAT}",
                hint="record the host again with this version, or use a newer ckpm",
            )
        return msgspec.json.decode(plain, type=Record)
    except (msgspec.MsgspecError, OSError, EOFError, zlib.error) as error:
        hint = "'ckpm detect --record FILE' writes one"
        raise DocumentError(f"{name}: no record of a host: {error}", hint=hint) from error


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    import io

    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        plain = file.read(_LARGEST + 1)
    if len(plain) > _LARGEST:
        raise EOFError(f"it holds more than {_LARGEST >> 20} MiB")
    return plain


class _Form(msgspec.Struct, frozen=True):
    format: int


def encode_record(record: Record) -> bytes:
    """Give the bytes of a record: sorted, one value a line, the same for the same record."""
    return msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=1) + b"\n"


def read_record(path: Path) -> Record:
    """Open a record.

    :raises DocumentError: when it can't be read or is none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path}: the record can't be read: {error.strerror}") from error
    return parse_record(content, name=str(path))


def write_record(record: Record, path: Path) -> None:
    """Write a record, whole or not at all; packed when the name ends in ``.gz``."""
    content = encode_record(record)
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    staged = path.with_name(f".{path.name}.new")
    try:
        staged.write_bytes(content)
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
