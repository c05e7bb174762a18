"""What `verify` and `sync` say of a machine that is no longer the locked one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

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


FACTS = {
    "CKPM_OVERRIDE_NVIDIA_DRIVER": "550.54",
    "CKPM_OVERRIDE_LIBC_VERSION": "2.36",
    "CKPM_OVERRIDE_MICROARCHITECTURE": "zen3",
}


def replace(machine: SmallMachine) -> None:
    machine.program("alpha", "2.1").write_text("#!/bin/sh\necho something else\n")


def upgrade(machine: SmallMachine) -> None:
    machine.program("alpha", "2.2")


def downgrade(machine: SmallMachine) -> None:
    machine.program("alpha", "1.9")


def remove(machine: SmallMachine) -> None:
    (machine.root / "bin/alpha").unlink()


def edit(machine: SmallMachine) -> None:
    path = machine.root / "bin/alpha"
    path.write_text(path.read_text() + "# one more line\n")


def shadow(machine: SmallMachine) -> None:
    machine.program("alpha", "2.1", "first")


def change_a_byte(machine: SmallMachine) -> None:
    path = next(machine.root.glob("*/store/*/*/bin/beta"))
    state = path.stat()
    with path.open("r+b") as file:
        file.seek(state.st_size - 1)
        file.write(b" ")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def remove_installed(machine: SmallMachine) -> None:
    shutil.rmtree(next(machine.root.glob("*/store/*/*/bin")).parent)


def nothing(_machine: SmallMachine) -> None:
    """Leave the files; the facts change."""


@pytest.mark.parametrize(
    ("change", "facts", "word", "name", "before", "after"),
    [
        (replace, {}, "replaced", "tool.alpha", "tool.alpha 2.1", "something that is not recognised"),
        (upgrade, {}, "upgraded", "tool.alpha", "2.1", "2.2"),
        (downgrade, {}, "downgraded", "tool.alpha", "2.1", "1.9"),
        (remove, {}, "removed", "tool.alpha", "", "not there"),
        (edit, {}, "changed", "bin/alpha", "", ""),
        (shadow, {}, "shadowed", "alpha", "bin/alpha", "first/alpha"),
        (change_a_byte, {}, "changed", "bin/beta", "", ""),
        (remove_installed, {}, "removed", "tool.beta", "in the store", "not there"),
        (nothing, {"NVIDIA_DRIVER": "560.1"}, "host", "driver nvidia", "550.54", "560.1"),
        (nothing, {"NVIDIA_DRIVER": ""}, "host", "driver nvidia", "550.54", "none"),
        (nothing, {"LIBC_VERSION": "2.31"}, "host", "libc_version", "2.36", "2.31"),
        (nothing, {"MICROARCHITECTURE": "zen4"}, "host", "microarchitecture", "zen3", "zen4"),
    ],
)
def test_each_change_is_named_with_before_and_after(
    change: Callable[[SmallMachine], None],
    facts: dict[str, str],
    word: str,
    name: str,
    before: str,
    after: str,
    machine: SmallMachine,
) -> None:
    machine.env.write_text(machine.env.read_text().replace('host = "compatible"\n', ""))
    assert machine("lock", "env:both", **FACTS).code == 0
    for full in ((), ("--full",)):
        assert machine("verify", "env:both", *full, **FACTS).code == 0
    change(machine)
    now = FACTS | {f"CKPM_OVERRIDE_{fact}": value for fact, value in facts.items()}
    for full in ((), ("--full",)):
        ran = machine("verify", "env:both", "--json", *full, **now)
        assert (ran.code, ran.document["error"]["code"]) == (5, "integrity"), ran.out
        rows = [row for row in ran.data if row["what"] == word and name in row["name"]]
        assert rows, ran.data
        assert rows[0]["before"] != rows[0]["after"] and not rows[0]["is_accepted"]
        assert rows[0]["before"].endswith(before) and rows[0]["after"].endswith(after)
    shown = machine("verify", "env:both", **now)
    assert shown.code == 5
    line = next(line for line in shown.out.splitlines() if line.startswith(word) and name in line)
    assert before in line and after in line
