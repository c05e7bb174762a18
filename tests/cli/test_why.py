"""``why`` and ``tree``: who asked for what, before and after."""

from __future__ import annotations

import hashlib
import textwrap
import time
from pathlib import Path

import pytest

from tests.conftest import Ckpm

SOFT = """
name = "lib.{name}"
summary = "made for the test"
[find]
files = [{{name = "{name}.h"}}]
[[probe]]
read = "{{path}}"
match = '^(?P<version>\\d.*)$'
"""
PACKAGE = """
name = "lib-{name}"
summary = "made for the test"
provides = "lib.{name}"
license = "MIT"
homepage = "https://example.org"
product = "any"
requires = [{requires}]
[[source]]
version = "1.0"
urls = ["file:{place}"]
sha256 = "{digest}"
size = {size}
[[step]]
use = "copy"
files = ["{{source.source}}"]
to = "{{prefix}}/include/"
"""


@pytest.fixture
def family(tmp_path: Path, ckpm: Ckpm) -> Ckpm:
    """The command with three packages: inner; outer and other, which need it."""
    root = tmp_path / "repository"
    for name, requires in {"inner": "", "outer": '"soft:lib.inner@>=1"', "other": '"package:lib-inner"'}.items():
        header = tmp_path / f"{name}.h"
        header.write_text("1.0\n")
        content = header.read_bytes()
        write(root / f"soft_plugins/lib.{name}/soft.toml", SOFT.format(name=name))
        text = PACKAGE.format(
            name=name,
            requires=requires,
            place=header,
            digest=hashlib.sha256(content).hexdigest(),
            size=len(content),
        )
        write(root / f"packages/lib-{name}/package.toml", text)
    assert ckpm("repo", "add", str(root)).code == 0
    return ckpm


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(textwrap.dedent(text))


def test_a_plan_says_who_asked_for_each_row(family: Ckpm) -> None:
    plan = family("install", "package:lib-outer", "package:lib-other", "--dry-run", "--json").data["plan"]
    asked = {row["soft"]: row["demanded_by"] for row in plan}
    assert asked == {
        "lib.inner": ["package:lib-outer", "package:lib-other"],
        "lib.outer": ["package:lib-outer"],
        "lib.other": ["package:lib-other"],
    }
    told = family("why", "package:lib-outer").out
    assert "  chosen: install 1.0 (none is here; lib-outer makes it)" in told
    assert "    with lib.inner 1.0 for any: install" in told
    assert "asked for by package:lib-outer" in told


def test_afterwards_they_say_what_was_taken_and_who_needs_it(family: Ckpm) -> None:
    done = family("install", "package:lib-outer", "package:lib-other", "--json")
    assert done.code == 0, done.out + done.err
    made = done.data["entries"]
    ids = {entry["soft"]: entry["id"] for entry in made}
    told = family("why", "soft:lib.inner")
    assert "installed by package:lib-inner for any; needed by " in told.out
    document = family("why", "soft:lib.inner", "--json").data
    assert set(document["needed_by"][ids["lib.inner"]]) == {f"entry:{ids[name]}" for name in ("lib.outer", "lib.other")}
    assert "nothing installed or locked needs it" in family("why", "package:lib-outer").out
    assert family("tree", "package:lib-outer").out.splitlines() == [
        "lib-outer 1.0 [any] reuse",
        "  lib-inner 1.0 [any] reuse",
    ]
    rows = family("tree", "package:lib-outer", "package:lib-other", "--json").data
    inner = next(row for row in rows if row["soft"] == "lib.inner")
    assert sorted(inner["demanded_by"]) == ["package:lib-other", "package:lib-outer"]


def test_why_says_what_stands_against_it(family: Ckpm) -> None:
    told = family("why", "soft:lib.inner@>=2", "package:lib-outer", "--json").data["chosen"]
    assert [row["asked"] for row in told] == ["soft:lib.inner@>=2", "package:lib-outer"]
    assert told[0]["plan"] is None
    assert told[0]["error"]["code"] == "not_found"
    assert told[1]["error"] is None
    only = family("why", "package:lib-outer", "--only", "detected").out
    assert "chosen: nothing:" in only


def test_what_is_there_is_known_at_once_until_something_changes(family: Ckpm, home: Path) -> None:
    ask = ("install", "package:lib-outer", "--json")
    family(*ask)
    time.sleep(0.1)  # what was changed a moment ago is not remembered
    second = family(*ask).data
    remembered = list((home / "cache/remembered").iterdir())
    assert remembered, "the answer was not kept"
    third = family(*ask).data
    assert third == second
    assert [row["action"] for row in third["plan"]] == ["reuse"]
    assert len(third["entries"]) == 1
    dry = family(*ask, "--dry-run").data
    assert (dry["plan"], dry["entries"], list(dry["env"])) == (third["plan"], [], [])
    assert family("uninstall", "package:lib-outer").code == 0
    assert [row["action"] for row in family(*ask, "--dry-run").data["plan"]] == ["reuse", "install"]
    assert [row["action"] for row in family("install", "package:lib-other", "--dry-run", "--json").data["plan"]] == [
        "reuse",
        "install",
    ]


def test_what_was_known_is_asked_again_when_a_document_changes(family: Ckpm, tmp_path: Path) -> None:
    ask = ("install", "package:lib-outer", "--json")
    family(*ask)
    time.sleep(0.1)
    for _ in range(2):
        assert [row["action"] for row in family(*ask).data["plan"]] == ["reuse"]
    changed = tmp_path / "repository/soft_plugins/lib.outer/soft.toml"
    changed.write_text(changed.read_text() + "unknown = 1\n")
    assert family(*ask).document["error"]["code"] == "usage"
