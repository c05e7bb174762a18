"""Locks of an earlier format are read and held to; later ones and garbage are refused with what to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from pkgmgr.install.store import make_manifest
from pkgmgr.lock.document import parse_lock, render_lock
from pkgmgr.model.errors import LockError
from tests.lock.conftest import SmallMachine


def rewrite(machine: SmallMachine, change: Callable[[dict[str, Any]], None]) -> None:
    lock = json.loads(machine.lock.read_text())
    change(lock)
    machine.lock.write_text(json.dumps(lock, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def beta(lock: dict[str, Any]) -> dict[str, Any]:
    (part,) = lock["targets"].values()
    found: dict[str, Any] = next(entry for entry in part["entries"] if entry["soft"] == "tool.beta")
    return found


@pytest.fixture
def old(machine: SmallMachine) -> SmallMachine:
    """The lock as ckpm wrote it first: an installed entry by each of its files."""
    assert machine("lock", "env:both").code == 0
    program = next(machine.root.glob("*/store/*/*/bin/beta"))

    def age(lock: dict[str, Any]) -> None:
        lock["format"] = 1
        for part in lock["targets"].values():
            for entry in part["entries"]:
                del entry["manifest"]
        digest = hashlib.sha256(program.read_bytes()).hexdigest()
        beta(lock)["content"] = [{"path": "bin/beta", "sha256": digest, "size": program.stat().st_size}]

    rewrite(machine, age)
    return machine


def test_an_earlier_lock_is_met_and_held_to(old: SmallMachine) -> None:
    assert old("sync", "env:both", "--locked").code == 0
    assert old("verify", "env:both").code == 0
    rewrite(old, lambda lock: beta(lock)["content"][0].update(sha256="0" * 64))
    ran = old("verify", "env:both", "--json")
    assert (ran.code, [(row["what"], row["before"]) for row in ran.data]) == (5, [("changed", "0" * 12)])


def test_an_earlier_lock_is_not_current(old: SmallMachine) -> None:
    ran = old("lock", "env:both", "--check")
    assert ran.code == 6
    assert "earlier format 1" in ran.err and "ckpm lock env:both" in ran.err
    assert old("lock", "env:both").code == 0
    assert old("lock", "env:both", "--check").code == 0
    assert json.loads(old.lock.read_text())["format"] == 2


def test_a_later_lock_asks_for_a_later_ckpm(machine: SmallMachine) -> None:
    assert machine("lock", "env:both").code == 0
    rewrite(machine, lambda lock: lock.update(format=3))
    ran = machine("verify", "env:both")
    assert ran.code == 6
    assert "lock format 3, and this ckpm reads 1 and 2" in ran.err and "update this one" in ran.err


@pytest.mark.parametrize("text", ["[]", '{"format": "x"}', "{", '{"format": 2}'])
def test_garbage_is_no_lock(text: str) -> None:
    with pytest.raises(LockError, match="here") as raised:
        parse_lock(text, where="here")
    assert raised.value.hint == "make it again with 'ckpm lock'"


def test_a_lock_is_written_as_it_was_read(machine: SmallMachine) -> None:
    assert machine("lock", "env:both").code == 0
    text = machine.lock.read_text(encoding="utf-8")
    assert render_lock(parse_lock(text, where="here")) == text
    installed = beta(json.loads(text))
    assert installed["content"] == [] and installed["manifest"].startswith("sha256:")


def test_an_entry_that_was_made_of_other_files_is_told_by_name(machine: SmallMachine) -> None:
    assert machine("lock", "env:both").code == 0
    pinned = beta(json.loads(machine.lock.read_text()))["manifest"]
    folder = next(machine.root.glob("*/store/*/*/bin/beta")).parents[1]
    # What a build that gives other files each time would leave.
    (folder / "bin/beta").write_text("#!/bin/sh\necho beta 1.0 # again\n")
    manifest = folder / ".ckpm/manifest.json"
    manifest.write_bytes(msgspec.json.encode(make_manifest(folder)))
    ran = machine("verify", "env:both", "--json")
    assert (ran.code, [row["what"] for row in ran.data]) == (5, ["rebuilt", "changed"])
    assert ran.data[0]["before"] == pinned.removeprefix("sha256:")[:12]
    assert ran.data[1]["name"].endswith(": bin/beta")
    for kept in machine.root.glob("*/cache/manifests/*"):
        kept.unlink()
    ran = machine("verify", "env:both", "--json")
    assert (ran.code, [row["what"] for row in ran.data]) == (5, ["rebuilt"])
