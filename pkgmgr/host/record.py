"""What a machine answered, as one JSON document from which it can be made again anywhere.

`read_record` and `write_record` touch one file; the rest is pure.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path

import msgspec

from pkgmgr.host.ports import Answer, ElfFacts, FileStat, Host
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.model.errors import DocumentError
from pkgmgr.model.platform import Platform

RECORD_FORMAT = 1


class FileRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One file, as far as it was asked about."""

    size: int
    mtime_ns: int = 0
    device: int = 0
    inode: int = 0
    is_executable: bool = False
    text: str | None = None
    """Its beginning, where that was read and is UTF-8."""
    content: bytes | None = None
    """Its beginning, where that was read and is not UTF-8; in Base64."""
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
    variables: Mapping[str, str] = {}
    folders: Mapping[str, tuple[str, ...]] = {}
    """Folder → the names in it; those of folders end in ``/``."""
    links: Mapping[str, str] = {}
    files: Mapping[str, FileRow] = {}
    answers: tuple[AnswerRow, ...] = ()
    platform: Platform | None = None


def recorded_host(record: Record) -> Host:
    """Make a machine that answers as the recorded one did. What nobody asked it then does not exist."""
    files: dict[str, str | bytes] = {}
    folders = list(record.folders)
    for folder, names in record.folders.items():
        for name in names:
            path = posixpath.join(folder, name.rstrip("/"))
            if path in record.links:
                continue
            if name.endswith("/"):
                folders.append(path)
            else:
                files[path] = b""
    for path, row in record.files.items():
        files[path] = row.content if row.content is not None else (row.text or "")
    return Host(
        files=RecordedFiles(
            files=files,
            links=record.links,
            folders=folders,
            elf={path: row.elf for path, row in record.files.items() if row.elf is not None},
            stats={path: _stat(row) for path, row in record.files.items()},
        ),
        runner=RecordedRunner(
            prints={},
            answers={row.argv: _answer(row) for row in record.answers},
        ),
        variables=record.variables,
        target=record.target,
        home=record.home,
    )


def _stat(row: FileRow) -> FileStat:
    return FileStat(row.device, row.inode, row.size, row.mtime_ns, False, row.is_executable)


def _answer(row: AnswerRow) -> Answer:
    return Answer(exit_code=row.exit_code, stdout=row.stdout, stderr=row.stderr, failure=row.failure)


def parse_record(content: bytes, *, name: str) -> Record:
    """Read a record.

    :param name: what to call it in an error.
    :raises DocumentError: when it is none, or of a later format.
    """
    try:
        form = msgspec.json.decode(content, type=_Form).format
        if form != RECORD_FORMAT:
            raise DocumentError(
                f"{name}: the record has format {form}, and this ckpm reads format {RECORD_FORMAT}",
                hint="record the host again with this version, or use a newer ckpm",
            )
        return msgspec.json.decode(content, type=Record)
    except msgspec.MsgspecError as error:
        raise DocumentError(f"{name}: no record of a host: {error}") from error


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
    """Write a record, whole or not at all."""
    staged = path.with_name(f".{path.name}.new")
    try:
        staged.write_bytes(encode_record(record))
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
