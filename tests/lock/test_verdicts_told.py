"""The four verdicts as a person is told them: by `sync`, on machines of which the facts are stated."""

from __future__ import annotations

import pytest

from tests.lock.conftest import SmallMachine

MAKER = {
    "CKPM_OVERRIDE_NVIDIA_DRIVER": "550.54",
    "CKPM_OVERRIDE_FEATURE_LEVEL": "x86_64_v3",
    "CKPM_OVERRIDE_LIBC": "glibc",
    "CKPM_OVERRIDE_LIBC_VERSION": "2.36",
    "CKPM_OVERRIDE_TARGET": "linux-x86_64",
}


@pytest.fixture
def locked(machine: SmallMachine) -> SmallMachine:
    text = machine.env.read_text().replace("requires = [", 'requires = ["soft:platform.nvidia-driver@>=525", ')
    machine.env.write_text(text + '"platform.nvidia-driver" = "any"\n')
    ran = machine("lock", "env:both", **MAKER)
    assert ran.code == 0, ran.err
    return machine


def test_on_the_machine_that_it_was_made_on_it_fits(locked: SmallMachine) -> None:
    ran = locked("sync", "env:both", "--locked", "--json", **MAKER)
    assert (ran.code, ran.document["warnings"]) == (0, [])


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({"FEATURE_LEVEL": "x86_64_v2"}, "processor level x86_64_v2; it was resolved on x86_64_v3"),
        ({"LIBC_VERSION": "2.31"}, "glibc 2.31; it was resolved on 2.36"),
        ({"NVIDIA_DRIVER": "530.1"}, "nvidia driver 530.1; it was resolved on 550.54"),
    ],
)
def test_less_than_it_was_resolved_on_is_met_and_told(
    stated: dict[str, str], reason: str, locked: SmallMachine
) -> None:
    here = MAKER | {f"CKPM_OVERRIDE_{name}": value for name, value in stated.items()}
    for _ in range(2):  # it is told each time
        ran = locked("sync", "env:both", "--locked", "--json", **here)
        assert ran.code == 0, ran.err
        assert ran.document["warnings"] == [f"this host fits only the least that the lock needs: {reason}"]


@pytest.mark.parametrize(
    ("stated", "verdict", "reason", "typed"),
    [
        ({"NVIDIA_DRIVER": "470.1"}, "below the least", "nvidia driver 470.1, and 525 is needed", "ckpm lock env:both"),
        ({"NVIDIA_DRIVER": ""}, "below the least", "no nvidia driver, and 525 is needed", "ckpm lock env:both"),
        (
            {"TARGET": "linux-arm64"},
            "can't run",
            "it is for x86_64, and this host is arm64",
            "ckpm lock env:both --target linux-arm64",
        ),
        (
            {"TARGET": "macos-arm64"},
            "can't run",
            "it is for linux, and this host is macos",
            "ckpm lock env:both --target macos-arm64",
        ),
    ],
)
def test_what_can_not_be_met_says_why_and_what_to_type(
    stated: dict[str, str], verdict: str, reason: str, typed: str, locked: SmallMachine
) -> None:
    here = MAKER | {f"CKPM_OVERRIDE_{name}": value for name, value in stated.items()}
    text = locked.lock.read_bytes()
    for how in ("--locked", "--frozen"):
        ran = locked("sync", "env:both", how, "--json", **here)
        assert (ran.code, ran.document["error"]["code"]) == (6, "lock")
        (row,) = ran.data["verdicts"]
        assert (row["target"], row["verdict"], row["type"]) == ("linux-x86_64", verdict, typed)
        assert reason in row["reasons"]
    shown = locked("sync", "env:both", "--locked", **here)
    assert shown.code == 6
    assert f"linux-x86_64: {verdict}: {reason}" in shown.err
    assert f"hint: {typed}" in shown.err
    assert locked.lock.read_bytes() == text


def test_each_target_of_a_lock_has_its_verdict_the_best_first(locked: SmallMachine) -> None:
    text = locked.env.read_text().replace('name = "both"', 'name = "both"\ntargets = ["linux-arm64", "linux-x86_64"]')
    here = '{soft = "platform.nvidia-driver@>=525", on = "host"}'
    locked.env.write_text(text.replace('"soft:platform.nvidia-driver@>=525"', here))
    assert locked("lock", "env:both", **MAKER).code == 0
    below = MAKER | {"CKPM_OVERRIDE_NVIDIA_DRIVER": "470.1"}
    rows = locked("sync", "env:both", "--frozen", "--json", **below).data["verdicts"]
    assert [row["target"] for row in rows] == ["linux-x86_64", "linux-arm64"]
    assert {row["verdict"] for row in rows} == {"below the least"}
    assert [row["type"] for row in rows] == ["ckpm lock env:both", "ckpm lock env:both --target linux-arm64"]
