"""Two machines, and a lock and a machine, by named rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Ckpm
from tests.lock.conftest import SmallMachine

HOSTS = Path(__file__).parents[1] / "hosts"
BARE, FULL = str(HOSTS / "debian-bare.json.gz"), str(HOSTS / "debian-full.json.gz")


def test_two_recorded_machines(ckpm: Ckpm) -> None:
    there = {row["key"]: (row["before"], row["after"]) for row in ckpm("diff", BARE, FULL, "--json").data}
    back = {row["key"]: (row["before"], row["after"]) for row in ckpm("diff", FULL, BARE, "--json").data}
    assert there["tool.yasm in /usr"] == ("-", "1.3.0")
    assert "tool.yasm in /usr: fingerprint" not in there  # a new program: its version says it
    assert back == {key: (after, before) for key, (before, after) in there.items()}
    assert "tool.yasm in /usr" in ckpm("diff", BARE, FULL).out


def test_a_machine_and_itself(ckpm: Ckpm) -> None:
    assert ckpm("diff", BARE, BARE).out == "no difference\n"


def test_a_recorded_machine_and_this_one(machine: SmallMachine, tmp_path: Path) -> None:
    record = str(tmp_path / "then.json.gz")
    assert machine("detect", "--record", record).code == 0
    assert machine("diff", record, "host").out == "no difference\n"
    machine.program("alpha", "2.2")
    rows = machine("diff", record, "host", "--json").data
    (upgraded,) = [row for row in rows if row["key"].startswith("tool.alpha in ")]
    assert (upgraded["before"], upgraded["after"]) == ("2.1", "2.2")
    back = machine("diff", "host", record, "--json").data
    assert {(row["before"], row["after"]) for row in back} == {(row["after"], row["before"]) for row in rows}


def test_what_lies_in_the_home_has_one_name_on_the_machine_and_in_its_record(
    machine: SmallMachine, tmp_path: Path
) -> None:
    home = {"HOME": str(tmp_path / "ann"), "USER": "ann", "PATH": f"{tmp_path}/ann/bin:/usr/bin:/bin"}
    machine.program("alpha", "3.3", "ann/bin")
    record = str(tmp_path / "then.json")
    assert machine("detect", "--record", record, **home).code == 0
    ran = machine("diff", record, "host", **home)
    assert ran.out == "no difference\n", ran.err
    assert machine("diff", "host", record, **home).out == "no difference\n"


def test_a_lock_and_this_machine(machine: SmallMachine) -> None:
    assert machine("lock", "env:both").code == 0
    assert machine("diff", str(machine.lock), "host").out == "no difference\n"
    machine.program("alpha", "2.2")
    rows = machine("diff", str(machine.lock), "host", "--json").data
    (upgraded,) = [row for row in rows if row["key"].endswith("tool.alpha: upgraded")]
    assert (upgraded["before"], upgraded["after"]) == ("2.1", "2.2")
    turned = machine("diff", "host", str(machine.lock), "--json").data
    assert {(row["before"], row["after"]) for row in turned} == {(row["after"], row["before"]) for row in rows}


@pytest.mark.parametrize(("text", "code"), [("{", 6), ("[]", 6), ('{"format": 9}', 6), ("", 6)])
def test_what_is_neither_is_refused(text: str, code: int, ckpm: Ckpm, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    assert ckpm("diff", str(file), "host").code == code
    assert ckpm("diff", str(tmp_path / "none.json"), "host").code != 0
