"""Whole machines, recorded, and everything that must be concluded of each: how platforms that can't be run are kept."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

from pkgmgr.detect.report import Report
from pkgmgr.host.record import Record, encode_record, read_record
from tests.hosts.machines import CATALOG, conclusions, expectation, look, machines, read_expected

MACHINES = machines()
_LARGEST = 600_000
"""Bytes of a record as it is kept here."""


@lru_cache(maxsize=16)
def looked_at(path: Path) -> tuple[Record, Report]:
    record = read_record(path)
    return record, look(record)


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_what_is_concluded_is_what_must_be(path: Path) -> None:
    expected, asked = read_expected(expectation(path))
    assert expected, (
        f"{path.name}: 'python -m tests.hosts.machines --accept' writes down what is concluded; then read it"
    )
    record, report = looked_at(path)
    lines = [line for line in conclusions(record, report) if line.partition(" ")[0] in asked]
    assert lines == expected


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_a_soft_that_asks_something_new_of_a_record_says_so(path: Path) -> None:
    _, report = looked_at(path)
    assert [item for item in report.rejections if "its hook failed" in item.reason] == []
    _, asked = read_expected(expectation(path))
    known = {soft.name for soft in CATALOG.softs()}
    assert not asked - known, "softs have other names now: accept the conclusions anew"


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_a_record_says_where_it_is_from_and_names_nobody(path: Path) -> None:
    record = read_record(path)
    assert len(record.note) > 40
    assert record.home in ("/root", "/home/person", "/Users/person", "C:/Users/person")
    assert path.stat().st_size < _LARGEST
    text = encode_record(record).decode()
    for secret in (
        r"gh[pousr]_\w{20}",
        r"hf_\w{20}",
        r"PRIVATE KEY",
        r"(?i)password\s*=\s*[^\s*]",
        r"://[^\s/@\"]+:[^\s/@\"]+@",
    ):
        assert re.search(secret, text) is None, secret


def test_every_kind_of_machine_is_there() -> None:
    targets = {read_record(path).target for path in MACHINES}
    assert {"linux-x86_64", "macos-arm64", "windows-x86_64"} <= targets


def test_a_wrong_conclusion_is_seen() -> None:
    record, report = looked_at(MACHINES[0])
    lines = conclusions(record, report)
    fewer = Report(entries=report.entries[1:], rejections=())
    assert conclusions(record, fewer) != lines
