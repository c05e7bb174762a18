"""What is answered from memory: the same as without it, and only while nothing has changed."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.lock.conftest import SmallMachine

NOTHING = "both: nothing to do; the machine matches the lock\n"


def settle() -> None:
    """Let the clock for files go on: what was changed just now is not remembered."""
    time.sleep(0.05)


def remembered(machine: SmallMachine) -> list[Path]:
    return sorted((machine.root / "it's a home/cache/remembered").glob("*.msgpack"))


@pytest.fixture
def synced(machine: SmallMachine) -> SmallMachine:
    ran = machine("sync", "env:both")
    assert (ran.code, ran.out) == (0, "both: wrote the lock of 2 entries; the machine matches the lock\n"), ran.err
    settle()
    assert machine("sync", "env:both").out == NOTHING
    assert remembered(machine)
    return machine


def test_from_memory_and_anew_it_says_the_same(synced: SmallMachine) -> None:
    known = synced("sync", "env:both", "--json").document
    assert known["data"]["plan"] and known["data"]["entries"] and known["data"]["env"]
    shutil.rmtree(remembered(synced)[0].parent)
    assert synced("sync", "env:both", "--json").document == known


def test_an_installed_entry_that_went_is_made_again(synced: SmallMachine) -> None:
    shutil.rmtree(synced.root / "it's a home/store")
    assert synced("sync", "env:both").out.startswith("both: installed 1 of 2 entries")


def test_a_found_program_of_another_version_is_seen(synced: SmallMachine) -> None:
    synced.program("alpha", "2.2")
    ran = synced("sync", "env:both")
    assert ran.code == 6
    assert "upgraded: 2.1 → 2.2" in ran.err


def test_a_stale_lock_is_seen(synced: SmallMachine) -> None:
    synced.env.write_text(synced.env.read_text().replace("a value", "another value"))
    assert synced("sync", "env:both", "--locked").code == 6


def test_another_document_of_a_soft_is_seen(synced: SmallMachine) -> None:
    document = synced.root / "repository/soft_plugins/tool.alpha/soft.toml"
    document.write_text(document.read_text().replace("alpha (", "omega ("))
    assert synced("sync", "env:both", "--locked").code == 6


def test_another_target_is_not_the_remembered_one(synced: SmallMachine) -> None:
    assert synced("sync", "env:both", "--locked").out == NOTHING
    assert synced("sync", "env:both", "--target", "linux-riscv64", "--locked").code == 6


def test_an_export_is_of_the_lock_and_the_same_from_memory(synced: SmallMachine) -> None:
    known = synced("export", "env:both")
    assert known.code == 0
    assert str(synced.root / "bin/alpha") in known.out
    synced.program("alpha-2", "2.5", "first")  # newer, and first on PATH: the lock does not name it
    assert synced("export", "env:both").out == known.out
    shutil.rmtree(remembered(synced)[0].parent)
    assert synced("export", "env:both").out == known.out
    settle()
    assert synced("export", "env:both").out == known.out
    assert remembered(synced)


def test_an_export_is_not_of_a_stale_lock(synced: SmallMachine) -> None:
    assert "a value" in synced("export", "env:both").out
    synced.env.write_text(synced.env.read_text().replace("a value", "another value"))
    assert "another value" in synced("export", "env:both").out


def test_an_export_of_a_soft_is_remembered_until_something_is_found_anew(machine: SmallMachine) -> None:
    settle()
    first = machine("export", "soft:tool.alpha@>=2", "--json").document
    settle()
    machine("export", "soft:tool.alpha@>=2")
    assert remembered(machine)
    assert machine("export", "soft:tool.alpha@>=2", "--json").document == first
    machine.program("alpha-3", "3.0", "first")
    (row,) = machine("export", "soft:tool.alpha@>=2", "--json").data["env"]
    assert row["value"] == str(machine.root / "first/alpha-3")
    assert machine("export", "soft:tool.alpha@>=4").code == 3
    settle()
    document = machine.root / "repository/soft_plugins/tool.alpha/soft.toml"
    document.write_text(document.read_text().replace('"ALPHA"', '"OMEGA"'))
    (row,) = machine("export", "soft:tool.alpha@>=2", "--json").data["env"]
    assert row["var"] == "OMEGA"


def test_an_export_remembers_the_folders_of_path(machine: SmallMachine) -> None:
    for _ in range(2):
        settle()
        assert machine("export", "soft:tool.alpha").code == 0
    nowhere = machine("export", "soft:tool.alpha", PATH=str(machine.root / "nowhere"))
    assert nowhere.code != 0
    machine.program("alpha", "2.1", "nowhere")
    assert (
        str(machine.root / "nowhere/alpha")
        in machine("export", "soft:tool.alpha", PATH=str(machine.root / "nowhere")).out
    )


def test_an_export_of_an_env_sees_what_it_includes(machine: SmallMachine) -> None:
    base = machine.env.with_name("base.toml")
    base.write_text('name = "base"\nenv = [{op = "set", var = "BASE", value = "one"}]\n')
    machine.env.write_text(machine.env.read_text().replace('name = "both"', 'name = "both"\ninclude = ["./base.toml"]'))
    assert machine("sync", "env:both").code == 0
    values = []
    for value in ("one", "one", "two"):
        base.write_text(base.read_text().replace("one", value))
        settle()
        values += [row["value"] for row in machine("export", "env:both", "--json").data["env"] if row["var"] == "BASE"]
    assert values == ["one", "one", "two"]
