"""Detection beside a server that is gone: a real mount that never answers, asked by the command as a person runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Ckpm
from tests.host.dead_mount import DeadMount, mounted, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no file system can be mounted: {why_not()}")

SOFT = """name = "tool.thing"
summary = "a tool"
[find]
executables = ['thing']
[[probe]]
argv = ["{path}", "--version"]
match = '^thing (?P<version>\\d\\S*)'
"""
UNTIL = 60.0
"""Seconds after which a command is ended from outside: what hangs must fail."""


@pytest.fixture
def net(tmp_path: Path) -> Iterator[DeadMount]:
    try:
        with mounted(tmp_path / "net") as mount:
            yield mount
    except OSError as error:
        pytest.skip(f"no file system can be mounted: {error}")


@pytest.fixture
def variables(tmp_path: Path, net: DeadMount) -> dict[str, str]:
    folder = tmp_path / "plugins" / "soft_plugins" / "tool.thing"
    folder.mkdir(parents=True)
    (folder / "soft.toml").write_text(SOFT)
    thing = tmp_path / "sound" / "bin" / "thing"
    thing.parent.mkdir(parents=True)
    thing.write_text("#!/usr/bin/env sh\necho thing 1.0\n")  # env looks for sh on PATH, where the dead server is first
    thing.chmod(0o755)
    (tmp_path / "link").symlink_to(net.point)
    path = [str(net.point), str(tmp_path / "link" / "bin"), str(thing.parent), "/usr/bin", "/bin"]
    return {"CKPM_PLUGIN_PATH": str(tmp_path / "plugins"), "PATH": os.pathsep.join(path), "HOME": str(tmp_path)}


def test_a_living_server_is_looked_at_like_any_folder(ckpm: Ckpm, variables: dict[str, str], net: DeadMount) -> None:
    found = ckpm("detect", "soft", "tool.thing", "--json", env=variables, timeout=UNTIL)
    assert [entry["version"] for entry in found.data] == ["6.6", "1.0"]
    assert found.document["warnings"] == []


def test_a_dead_server_holds_nothing_up_and_is_told(ckpm: Ckpm, variables: dict[str, str], net: DeadMount) -> None:
    net.die()
    told = f"{net.point}: the file system mounted there does not answer"
    for _ in range(2):  # the second time from memory
        found = ckpm("detect", "soft", "tool.thing", "--json", env=variables, timeout=UNTIL)
        assert [entry["version"] for entry in found.data] == ["1.0"]
        assert found.document["warnings"] == [told]


def test_what_was_found_on_a_server_that_died_is_not_forgotten(
    ckpm: Ckpm, variables: dict[str, str], net: DeadMount, home: Path
) -> None:
    search = ("detect", "soft", "tool.thing", "--json", "--search-path", str(net.point), "--no-system")
    assert [entry["version"] for entry in ckpm(*search, env=variables, timeout=UNTIL).data] == ["6.6"]
    net.die()
    gone = ckpm(*search, env=variables, timeout=UNTIL)
    assert (gone.code, gone.data) == (0, [])
    assert gone.document["warnings"] == [f"{net.point}: the file system mounted there does not answer"]
    here = ckpm("detect", "soft", "tool.thing", "--json", env=variables, timeout=UNTIL)
    assert [entry["version"] for entry in here.data] == ["1.0"]
    kept = json.loads((home / "detected.json").read_text())
    assert sorted(entry["version"] for entry in kept) == ["1.0", "6.6"]


def test_everything_can_be_looked_for_beside_a_dead_server(
    ckpm: Ckpm, variables: dict[str, str], net: DeadMount
) -> None:
    net.die()
    found = ckpm("detect", "--tags", "build", "--json", env=variables, timeout=4 * UNTIL)
    assert found.code == 0
    assert f"{net.point}: the file system mounted there does not answer" in found.document["warnings"]
