"""An env that is ready is run again without a resolution, until anything that it hangs on changes."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ckpm

SOFT = """
name = "tool.{name}"
summary = "made for the test"
[find]
files = [{{name = "{name}.version"}}]
[[probe]]
read = "{{path}}"
match = '^(?P<version>\\d.*)$'
"""
ENV = """
name = "own"
requires = [{{soft = "{soft}", role = "thing"}}]
[params]
word = {{default = "a"}}
[tasks.main]
run = ["{python}", "-c", "import sys; open(sys.argv[1] + '/result.json', 'w').write(sys.argv[2])",
  "{{result}}", '{{{{"version": "{{thing.version}}"}}}}']
metrics = "result.json"
"""


class Place:
    """A repository with two softs, an env that needs one of them, and a folder in which it is found."""

    def __init__(self, folder: Path, ckpm: Ckpm) -> None:
        self.folder, self.ckpm = folder, ckpm
        for name in ("one", "two"):
            plugin = folder / f"repository/soft_plugins/tool.{name}/soft.toml"
            plugin.parent.mkdir(parents=True)
            plugin.write_text(SOFT.format(name=name))
            self.give(name, "1.0")
        self.want("tool.one")
        assert ckpm("repo", "add", str(folder / "repository")).code == 0
        self.run()
        time.sleep(0.1)  # what was changed a moment ago is not remembered
        assert self.run()["version"] == "1.0"

    @property
    def remembered(self) -> list[Path]:
        return list((self.folder / "it's a home/cache/remembered").glob("*"))

    def give(self, name: str, version: str, folder: str = "tools") -> None:
        file = self.folder / folder / f"{name}.version"
        file.parent.mkdir(exist_ok=True)
        file.write_text(version + "\n")

    def want(self, soft: str) -> None:
        (self.folder / "own").mkdir(exist_ok=True)
        (self.folder / "own/env.toml").write_text(ENV.format(soft=soft, python=sys.executable))

    def run(self, *words: str, folder: str = "tools") -> dict[str, Any]:
        ran = self.ckpm("run", str(self.folder / "own"), "--json", "--search-path", str(self.folder / folder), *words)
        assert ran.code == 0, ran.err
        metrics: dict[str, Any] = ran.data["metrics"]
        return metrics


@pytest.fixture
def place(tmp_path: Path, ckpm: Ckpm) -> Place:
    return Place(tmp_path, ckpm)


def test_a_second_run_loads_no_resolver(place: Place) -> None:
    assert place.remembered, "the answer was not kept"
    words = ("run", str(place.folder / "own"), "--search-path", str(place.folder / "tools"))
    err = place.ckpm(*words, env={"PYTHONPROFILEIMPORTTIME": "1"}).err
    assert "pkgmgr.jobs.running" in err
    for module in ("pkgmgr.resolve", "pkgmgr.jobs.preparing", "pkgmgr.detect.engine", "packaging.version"):
        assert module not in err, module
    anew = place.ckpm(*words, "--refresh", env={"PYTHONPROFILEIMPORTTIME": "1"}).err
    assert "pkgmgr.jobs.preparing" in anew


def test_what_a_run_hangs_on_is_seen_when_it_changes(place: Place) -> None:
    place.give("one", "2.0.1")
    assert place.run()["version"] == "2.0.1"
    place.give("two", "7.5")
    place.want("tool.two")
    assert place.run()["version"] == "7.5"


def test_another_request_is_not_taken_for_the_one_that_is_known(place: Place) -> None:
    place.give("one", "3.0", folder="others")
    assert place.run(folder="others")["version"] == "3.0"
    assert place.run()["version"] == "1.0"
    assert place.run("--set", "word=b")["version"] == "1.0"
    refused = place.ckpm("run", str(place.folder / "own"), "--only", "installed")
    assert refused.code != 0


def test_what_is_gone_is_missed(place: Place) -> None:
    (place.folder / "tools/one.version").unlink()
    ran = place.ckpm("run", str(place.folder / "own"), "--search-path", str(place.folder / "tools"))
    assert ran.code == 3, ran.err
    assert "tool.one" in ran.err


def test_a_document_that_changes_is_read_again(place: Place) -> None:
    plugin = place.folder / "repository/soft_plugins/tool.one/soft.toml"
    plugin.write_text(plugin.read_text().replace(r"(?P<version>\d.*)", r"(?P<version>\d).*"))
    assert place.run()["version"] == "1"
