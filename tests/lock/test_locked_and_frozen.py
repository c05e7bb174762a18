"""What `lock` and `sync` do with a lock that is missing, stale, current, edited or of other documents."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.lock.conftest import SmallMachine


@pytest.fixture
def locked(machine: SmallMachine) -> SmallMachine:
    assert machine("lock", "env:both").code == 0
    return machine


def make_stale(machine: SmallMachine) -> None:
    machine.env.write_text(machine.env.read_text().replace("a value", "another value"))


def change_package(machine: SmallMachine) -> None:
    document = machine.root / "repository/packages/tool-beta/package.toml"
    document.write_text(document.read_text().replace("a program", "quite another program", 1))


def codes(machine: SmallMachine) -> dict[str, int]:
    calls = {
        "check": ("lock", "env:both", "--check"),
        "locked": ("sync", "env:both", "--locked"),
        "frozen": ("sync", "env:both", "--frozen"),
    }
    return {name: machine(*call).code for name, call in calls.items()}


def test_without_a_lock_none_is_written(machine: SmallMachine) -> None:
    assert codes(machine) == {"check": 6, "locked": 6, "frozen": 6}
    ran = machine("sync", "env:both", "--locked", "--json")
    assert ran.document["error"]["code"] == "lock"
    assert "ckpm lock env:both" in ran.document["error"]["hint"]
    assert not machine.lock.exists()


def test_a_current_lock_is_met_by_all(locked: SmallMachine) -> None:
    text = locked.lock.read_bytes()
    assert codes(locked) == {"check": 0, "locked": 0, "frozen": 0}
    assert locked("sync", "env:both").code == 0
    assert locked.lock.read_bytes() == text


def test_a_stale_lock_is_refused_or_taken_as_it_is_and_stays(locked: SmallMachine) -> None:
    text = locked.lock.read_bytes()
    make_stale(locked)
    assert codes(locked) == {"check": 6, "locked": 6, "frozen": 0}
    assert "is stale" in locked("sync", "env:both", "--locked").err
    assert locked.lock.read_bytes() == text
    ran = locked("sync", "env:both")
    assert (ran.code, ran.out) == (0, "both: wrote the lock of 2 entries; the machine matches the lock\n")
    assert codes(locked) == {"check": 0, "locked": 0, "frozen": 0}


def test_an_edited_lock_is_told(locked: SmallMachine) -> None:
    locked.lock.write_text(locked.lock.read_text().replace("\n ", "\n  "))
    ran = locked("lock", "env:both", "--check")
    assert ran.code == 6
    assert "it was edited" in ran.err


def test_another_document_of_a_package_is_told(locked: SmallMachine) -> None:
    assert locked("sync", "env:both").code == 0
    change_package(locked)
    assert codes(locked) == {"check": 6, "locked": 6, "frozen": 0}
    assert "the package tool-beta has changed" in locked("sync", "env:both", "--locked").err
    for _ in range(2):  # it is told each time, and what is met stays met
        ran = locked("sync", "env:both", "--json")
        assert ran.code == 0
        assert ran.document["warnings"] == [
            "since the lock was made, the package tool-beta has changed; 'ckpm lock env:both' takes what is new"
        ]
    assert locked("lock", "env:both").code == 0
    assert codes(locked) == {"check": 0, "locked": 0, "frozen": 0}
    for how in (("--upgrade",), ()):  # and without an earlier lock
        change_package(locked)
        if not how:
            locked.lock.unlink()
        assert locked("lock", "env:both", *how).code == 0
        assert codes(locked) == {"check": 0, "locked": 0, "frozen": 0}


@pytest.mark.parametrize("how", [(), ("--frozen",)])
def test_nothing_is_built_by_another_document(locked: SmallMachine, how: tuple[str, ...]) -> None:
    change_package(locked)
    shutil.rmtree(locked.root / "it's a home/store")
    ran = locked("sync", "env:both", *how)
    assert ran.code == 6
    assert "can't be made as it was" in ran.err and "tool-beta has changed" in ran.err
    assert not list((locked.root / "it's a home").glob("store/*/tool-beta-*"))


def test_a_file_beside_a_document_counts(locked: SmallMachine) -> None:
    assert locked("sync", "env:both", "--locked").code == 0
    (locked.root / "repository/packages/tool-beta/fix.patch").write_text("--- a\n+++ b\n")
    assert locked("sync", "env:both", "--locked").code == 6


def test_one_soft_moves_on_and_all_else_stays(machine: SmallMachine) -> None:
    machine.env.write_text(machine.env.read_text().replace('"package:tool-beta"', '"soft:tool.beta"'))
    machine.program("beta", "1.0")
    assert machine("lock", "env:both").code == 0

    def versions() -> dict[str, str]:
        (part,) = machine("lock", "env:both", "--check", "--json").data["targets"].values()
        return {entry["soft"]: entry["version"] for entry in part["entries"]}

    first = versions()
    assert first == {"tool.alpha": "2.1", "tool.beta": "1.0"}
    machine.program("alpha-3", "3.0")
    machine.program("beta", "1.5", "first")
    assert machine("lock", "env:both").code == 0
    assert versions() == first
    assert machine("lock", "env:both", "--upgrade", "tool.beta").code == 0
    assert versions() == {"tool.alpha": "2.1", "tool.beta": "1.5"}
    assert machine("lock", "env:both", "--upgrade").code == 0
    assert versions() == {"tool.alpha": "3.0", "tool.beta": "1.5"}


def test_what_would_do_is_taken_only_where_the_locked_one_is_not(machine: SmallMachine) -> None:
    machine.env.write_text(machine.env.read_text() + '"tool.alpha" = "compatible"\n')
    assert machine("lock", "env:both").code == 0

    def taken() -> list[str]:
        rows = machine("sync", "env:both", "--locked", "--json").data["entries"]
        return [row["version"] for row in rows if row["soft"] == "tool.alpha"]

    newer = machine.program("alpha-2", "2.5", "first")
    assert taken() == ["2.1"]
    (machine.root / "bin/alpha").unlink()
    assert taken() == ["2.5"]
    newer.unlink()
    machine.program("alpha-3", "3.0", "first")
    assert machine("sync", "env:both", "--locked").code == 6


def test_locked_and_frozen_exclude_each_other(locked: SmallMachine) -> None:
    assert locked("sync", "env:both", "--locked", "--frozen").code == 2


def test_what_lies_elsewhere_is_locked_and_found_again(machine: SmallMachine, tmp_path: Path) -> None:
    machine.program("alpha-9", "9.0", "elsewhere/bin")
    machine.env.write_text(machine.env.read_text().replace("soft:tool.alpha", "soft:tool.alpha@9"))
    assert machine("lock", "env:both").code == 3
    assert machine("lock", "env:both", "--search-path", str(machine.root / "elsewhere")).code == 0
    (found,) = machine("lock", "env:both", "--check", "--json").data["targets"].values()
    alpha = next(entry for entry in found["entries"] if entry["soft"] == "tool.alpha")
    assert (alpha["origin"], alpha["version"]) == ("search-path", "9.0")
    for _ in range(2):
        assert machine("sync", "env:both", "--locked").code == 0
    assert machine("verify", "env:both").code == 0
    # A home that never heard of the folder looks where the lock says.
    (machine.root / "it's a home/detected.json").unlink()
    shutil.rmtree(machine.root / "it's a home/cache")
    assert machine("sync", "env:both", "--locked").code == 0
    assert machine("sync", "env:both", "--locked", "--search-path", str(machine.root / "none")).code == 3
