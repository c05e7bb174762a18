"""A package whose document was edited is made anew where it is asked for; what a lock or a soft names stays."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.conftest import Ckpm

HEADER = '#define PLAIN "1.0"\n'
SOFT = """
name = "lib.plain"
summary = "a header for a test"
[find.library]
headers = ["plain.h"]
[[probe]]
read = "{include_dir}/plain.h"
match = 'PLAIN "(?P<version>[^"]+)"'
"""
PACKAGE = f"""
name = "lib-plain"
summary = "a header for a test"
provides = "lib.plain"
license = "MIT"
homepage = "https://example.org"
product = "any"
[[source]]
version = "1.0"
urls = ["file:{{package}}/plain.h"]
sha256 = "{hashlib.sha256(HEADER.encode()).hexdigest()}"
size = {len(HEADER)}
[[step]]
use = "copy"
files = ["{{package}}/*.h"]
to = "{{prefix}}/include/"
"""
ENV = """
name = "plain"
summary = "a header for a test"
requires = ["package:lib-plain"]
"""


@pytest.fixture
def document(ckpm: Ckpm, tmp_path: Path) -> Path:
    """A repository with one package, added."""
    root = tmp_path / "repository"
    folder = root / "packages" / "lib-plain"
    soft = root / "soft_plugins" / "lib.plain"
    folder.mkdir(parents=True)
    soft.mkdir(parents=True)
    (folder / "plain.h").write_text(HEADER)
    (folder / "package.toml").write_text(PACKAGE)
    (soft / "soft.toml").write_text(SOFT)
    assert ckpm("repo", "add", str(root)).code == 0
    return folder / "package.toml"


def rows(ckpm: Ckpm, *asked: str) -> list[tuple[str, str]]:
    plan = ckpm("install", *asked, "--dry-run", "--json").data["plan"]
    return [(step["action"], step["reason"]) for step in plan]


def test_an_edited_package_is_made_anew(ckpm: Ckpm, document: Path) -> None:
    first = ckpm("install", "package:lib-plain", "--json").data["entries"][0]["id"]
    assert [action for action, _ in rows(ckpm, "package:lib-plain")] == ["reuse"]
    document.write_text(PACKAGE.replace("a header for a test", "the header for a test"))
    assert rows(ckpm, "package:lib-plain") == [
        ("install", "what is here (1.0) was made by another document of it; lib-plain makes it")
    ]
    assert [action for action, _ in rows(ckpm, "soft:lib.plain")] == ["reuse"]
    second = ckpm("install", "package:lib-plain", "--json").data["entries"][0]["id"]
    assert first != second
    assert [action for action, _ in rows(ckpm, "package:lib-plain")] == ["reuse"]
    assert ckpm("install", "soft:lib.plain", "--json").data["entries"][0]["id"] == second
    document.write_text(PACKAGE)
    assert ckpm("install", "package:lib-plain", "--json").data["entries"][0]["id"] == first


def test_a_script_of_a_package_is_part_of_it(ckpm: Ckpm, document: Path) -> None:
    first = ckpm("install", "package:lib-plain", "--json").data["entries"][0]["id"]
    for _ in range(2):  # the answer is remembered
        assert ckpm("install", "package:lib-plain", "--json").data["entries"][0]["id"] == first
    (document.parent / "further.h").write_text("")
    assert ckpm("install", "package:lib-plain", "--json").data["entries"][0]["id"] != first


def test_a_package_that_is_gone_leaves_its_entries_as_they_are(ckpm: Ckpm, document: Path) -> None:
    first = ckpm("install", "package:lib-plain", "--json").data["entries"][0]["id"]
    document.unlink()
    assert ckpm("install", "soft:lib.plain", "--json").data["entries"][0]["id"] == first


def test_a_lock_keeps_what_it_pins(ckpm: Ckpm, document: Path, tmp_path: Path) -> None:
    env = tmp_path / "env"
    env.mkdir()
    (env / "env.toml").write_text(ENV)
    assert ckpm("lock", str(env)).code == 0
    document.write_text(PACKAGE.replace("a header for a test", "the header for a test"))
    synced = ckpm("sync", str(env), "--frozen")
    assert synced.code == 0, synced.err
    assert len([entry for entry in ckpm("list", "entry", "--json").data if entry["package"]]) == 1
