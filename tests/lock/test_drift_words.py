"""What `verify` and `sync` say of a machine that is no longer the locked one."""

from __future__ import annotations

import pytest

from tests.lock.conftest import SmallMachine


@pytest.fixture
def locked(machine: SmallMachine) -> SmallMachine:
    assert machine("lock", "env:both").code == 0
    assert machine("verify", "env:both").out == "nothing has changed\n"
    return machine


def test_a_program_that_comes_to_stand_before_a_locked_one(locked: SmallMachine) -> None:
    other = locked.program("alpha", "2.1", "first")
    ran = locked("verify", "env:both", "--json")
    (row,) = ran.data
    assert (ran.code, row["what"], row["before"], row["after"]) == (
        5,
        "shadowed",
        str(locked.root / "bin/alpha"),
        str(other),
    )


def test_a_file_that_was_added_to_an_installed_entry(locked: SmallMachine) -> None:
    program = next((locked.root / "it's a home/store").rglob("bin/beta"))
    (program.parent / "gamma").write_text("new")
    assert locked("verify", "env:both").code == 0  # a quick look reads what is known
    ran = locked("verify", "env:both", "--full", "--json")
    assert (ran.code, [row["what"] for row in ran.data]) == (5, ["added"])
    assert ran.data[0]["name"].endswith("bin/gamma")


def test_sync_names_what_differs_and_ranks_what_is_there_instead(locked: SmallMachine) -> None:
    locked.program("alpha", "2.2")
    locked.program("alpha-3", "3.0")
    ran = locked("sync", "env:both", "--json")
    assert ran.code == 6
    assert "tool.alpha upgraded: 2.1 → 2.2" in ran.document["error"]["message"]
    verdicts, choices = ran.data["verdicts"], ran.data["substitutes"]
    assert [row["verdict"] for row in verdicts] == ["fits"]
    assert [row["id"].rpartition("-")[0] for row in choices] == ["tool.alpha-2.2", "tool.alpha-3.0"]
    shown = locked("sync", "env:both").err
    assert "  1. tool.alpha-2.2" in shown and "  2. tool.alpha-3.0" in shown
