"""Documents parsed once: by a home, and by the wheel that brings them along."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from pkgmgr.catalog import compiled
from pkgmgr.catalog.compiled import CompiledDocuments
from pkgmgr.catalog.document import parse_document
from pkgmgr.catalog.repository import document_state
from pkgmgr.model.errors import DocumentError
from pkgmgr.model.soft import Soft


def write(root: Path, name: str, summary: str) -> Path:
    file = root / "soft_plugins" / name / "soft.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'name = "{name}"\nsummary = "{summary}"\n')
    return file


def read(documents: CompiledDocuments, name: str, file: Path) -> Soft:
    return documents.read(name, str(file), document_state(file.stat()), Soft)


def documents(root: Path, parse: Callable[..., Soft] = parse_document) -> CompiledDocuments:
    return CompiledDocuments(folder=root / "soft_plugins", file=root / "cache" / "soft", parse=parse)


def refuse(text: str, *_: object, **__: object) -> NoReturn:
    raise AssertionError(f"parsed again: {text!r}")


def test_a_document_is_parsed_once(tmp_path: Path) -> None:
    files = {name: write(tmp_path, name, "old") for name in ("tool.x", "tool.y")}
    first = documents(tmp_path)
    for name, file in files.items():
        read(first, name, file)
    first.save()
    again = documents(tmp_path, refuse)
    assert [read(again, name, file).summary for name, file in files.items()] == ["old", "old"]


def test_a_touched_document_is_known_by_its_text(tmp_path: Path) -> None:
    file = write(tmp_path, "tool.x", "old")
    first = documents(tmp_path)
    read(first, "tool.x", file)
    first.save()
    os.utime(file, ns=(1, 1))
    assert read(documents(tmp_path, refuse), "tool.x", file).summary == "old"


def test_another_text_of_the_same_time_and_size_is_seen(tmp_path: Path) -> None:
    file = write(tmp_path, "tool.x", "old")
    first = documents(tmp_path)
    read(first, "tool.x", file)
    first.save()
    state = file.stat()
    replacement = write(tmp_path / "next", "tool.x", "new")
    os.utime(replacement, ns=(state.st_mtime_ns, state.st_mtime_ns))
    replacement.replace(file)  # another inode, as an editor or a package manager writes
    assert read(documents(tmp_path), "tool.x", file).summary == "new"


@pytest.mark.parametrize("garbage", [b"", b"\x00" * 40, b"\xc1", b"not msgpack"])
def test_a_cache_that_cannot_be_read_is_none(tmp_path: Path, garbage: bytes) -> None:
    file = write(tmp_path, "tool.x", "old")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "soft").write_bytes(garbage)
    assert read(documents(tmp_path), "tool.x", file).summary == "old"


def test_a_wheel_brings_its_documents_parsed(tmp_path: Path) -> None:
    file = write(tmp_path, "tool.x", "old")
    said: list[str] = []
    assert compiled.main([str(tmp_path)], said.append) == 0
    assert [line.split(":")[0] for line in said] == ["compiled soft"]
    os.utime(file, ns=(1, 1))  # installed at another time
    assert read(documents(tmp_path, refuse), "tool.x", file).summary == "old"


def test_what_a_wheel_brings_gives_way_to_a_changed_document(tmp_path: Path) -> None:
    write(tmp_path, "tool.x", "old")
    compiled.main([str(tmp_path)], lambda _line: None)
    file = write(tmp_path, "tool.x", "edited")
    assert read(documents(tmp_path), "tool.x", file).summary == "edited"


def test_a_document_of_a_wheel_is_not_even_read_while_it_is_as_old_as_the_wheel(tmp_path: Path) -> None:
    file = write(tmp_path, "tool.x", "old")
    compiled.main([str(tmp_path)], lambda _line: None)
    file.write_text(file.read_text().replace("old", "new"))  # at once, which no person does, and of the same size
    assert read(documents(tmp_path, refuse), "tool.x", file).summary == "old"
    second = 1_000_000_000
    os.utime(file, ns=(time.time_ns() + 2 * second, time.time_ns() + 2 * second))
    assert read(documents(tmp_path), "tool.x", file).summary == "new"


def test_a_document_of_an_installed_wheel_that_is_replaced_by_an_older_file_is_seen(tmp_path: Path) -> None:
    file = write(tmp_path, "tool.x", "old")
    compiled.main([str(tmp_path)], lambda _line: None)
    brought = document_state((tmp_path / "wheel" / "soft_plugins.msgpack").stat())
    state = document_state(file.stat())
    file.write_text(file.read_text().replace("old", "new"))
    # As `cp -p` of an old file leaves it: only the time of the change itself tells.
    later = state._replace(mtime_ns=state.mtime_ns - 10**12, ctime_ns=brought.ctime_ns + 10**10)
    assert documents(tmp_path).read("tool.x", str(file), later, Soft).summary == "new"


def test_a_wheel_is_not_built_of_bad_documents(tmp_path: Path) -> None:
    write(tmp_path, "tool.x", "old").write_text("summary = 1\n")
    with pytest.raises(DocumentError, match=r"soft\.toml"):
        compiled.main([str(tmp_path)], lambda _line: None)
