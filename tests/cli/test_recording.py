"""``ckpm detect --record`` and ``--replay``: the same entries anywhere."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from tests.conftest import Ckpm

TOOL = """name = "tool.thing"
summary = "a tool"
[find]
executables = ['thing']
folders = ["~/things"]
[[probe]]
argv = ["{path}", "--version"]
match = '^thing (?P<version>\\d\\S*)'
[[case]]
name = "a script"
path = "/usr/bin/thing"
prints = {"thing --version" = "thing 1.0\\n"}
expect = {version = "1.0"}
"""
NEW = TOOL.replace("tool.thing", "tool.thing-config").replace("'thing'", "'thing-config'")


def soft(root: Path, name: str, text: str) -> None:
    folder = root / "soft_plugins" / name
    folder.mkdir(parents=True)
    (folder / "soft.toml").write_text(text)


def program(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_a_record_is_replayed_anywhere_with_the_same_entries(ckpm: Ckpm, tmp_path: Path) -> None:
    home = tmp_path / "home" / "ann"
    program(home / "things" / "bin" / "thing", "echo thing 1.0; echo hf_abcdefghijklmnopqrstuv")
    program(home / "things" / "thing", "echo thing 2.0")
    program(home / "things" / "thing-config", "echo config 3")
    (home / "private.txt").write_text("x")
    plugins = tmp_path / "plugins"
    soft(plugins, "tool.thing", TOOL)
    env = {
        "HOME": str(home),
        "PATH": f"{home}/things/bin:/usr/bin:/bin",
        "CKPM_PLUGIN_PATH": str(plugins),
        "HF_TOKEN": "very-secret",
    }
    file = tmp_path / "host.json.gz"
    found = ckpm("detect", "soft", "tool.thing", "--record", str(file), "--json", env=env)
    assert [entry["version"] for entry in found.data] == ["2.0", "1.0"]

    text = gzip.decompress(file.read_bytes()).decode()
    assert json.loads(text)["home"] == "/home/person"
    for secret in (str(home), "very-secret", "hf_abc", "private.txt", "HF_TOKEN"):
        assert secret not in text

    elsewhere = {"HOME": "/nowhere", "PATH": "/usr/bin:/bin", "CKPM_PLUGIN_PATH": str(plugins)}
    again = ckpm("detect", "soft", "tool.thing", "--replay", str(file), "--json", env=elsewhere)
    assert [(entry["version"], entry["prefix"]) for entry in again.data] == [
        ("2.0", "/home/person/things"),
        ("1.0", "/home/person/things"),
    ]
    assert [entry["fingerprint"] for entry in again.data] == [entry["fingerprint"] for entry in found.data]
    assert not ckpm("list", "entry", "--json", env=elsewhere).data

    soft(plugins, "tool.thing-config", NEW)
    asked_anew = ckpm("detect", "soft", "tool.thing-config", "--replay", str(file), env=elsewhere)
    assert asked_anew.code == 0
    assert "no answer to 'thing-config --version' was recorded" in asked_anew.out


def test_search_paths_of_a_replay_are_those_of_the_recorded_machine(ckpm: Ckpm, tmp_path: Path) -> None:
    program(tmp_path / "tree" / "thing", "echo thing 3.0")
    plugins = tmp_path / "plugins"
    soft(plugins, "tool.thing", TOOL)
    env = {"CKPM_PLUGIN_PATH": str(plugins)}
    file, tree = tmp_path / "host.json", str(tmp_path / "tree")
    search = ("detect", "soft", "tool.thing", "--search-path", tree, "--no-system", "--json")
    found = ckpm(*search, "--record", str(file), env=env).data
    (tmp_path / "tree" / "thing").unlink()
    (tmp_path / "tree").rmdir()
    assert ckpm(*search, "--replay", str(file), env=env).data == found
    assert [entry["version"] for entry in found] == ["3.0"]


def test_the_platform_is_replayed_and_may_still_be_stated(ckpm: Ckpm, tmp_path: Path) -> None:
    file = tmp_path / "host.json"
    here = ckpm("detect", "platform", "--record", str(file), "--json").data
    assert ckpm("show", "platform", "--replay", str(file), "--json").data == here
    stated = ckpm("show", "platform", "--replay", str(file), "--json", env={"CKPM_OVERRIDE_CPUS": "77"}).data
    assert stated == {**here, "cpus": 77}


def test_records_that_can_not_be_read_or_written_are_told(ckpm: Ckpm, tmp_path: Path) -> None:
    (tmp_path / "no.json").write_text("{}")
    assert ckpm("detect", "--replay", str(tmp_path / "missing.json")).code == 3
    wrong = ckpm("detect", "--replay", str(tmp_path / "no.json"))
    assert (wrong.code, "no record of a host" in wrong.err) == (2, True)
    assert ckpm("detect", "--record", str(tmp_path / "missing" / "x.json")).code == 2
    both = ckpm("detect", "--record", "a", "--replay", "b")
    assert both.code == 2
