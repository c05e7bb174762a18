"""A package runs only what its steps name, word by word and through no shell, and `ckpm show` lists it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conftest import Ckpm

SOFT = """
name = "lib.words"
summary = "what a program was given, for a test"
[find.library]
headers = ["words.h"]
"""
PACKAGE = """
name = "lib-words"
summary = "what a program was given, for a test"
provides = "lib.words"
license = "MIT"
homepage = "https://example.org"
product = "any"
[[source]]
version = "1.0"
urls = ["file:{{package}}/words.h"]
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
size = 0
[[step]]
use = "copy"
files = ["{{package}}/words.h"]
to = "{{prefix}}/include/"
{steps}
"""
WORDS = (  # what a shell would take for more than a word
    "; touch second",
    "$(touch third)",
    "`touch fourth`",
    "| cat",
    "> fifth",
    "*",
    "~",
    "$HOME",
    "a b",
    '"',
    "\\n",
    "&",
)
PROGRAM = "import sys; print('given', sys.argv[1:]); open('first', 'w')"
WORDY = f"""
[[step]]
use = "run"
argv = ["{sys.executable}", "-c", "{PROGRAM}", {", ".join(f"'{word}'" for word in WORDS)}]
folder = "{{prefix}}"
"""


def write(root: Path, steps: str) -> Path:
    folder, soft = root / "packages" / "lib-words", root / "soft_plugins" / "lib.words"
    folder.mkdir(parents=True)
    soft.mkdir(parents=True)
    (folder / "words.h").write_text("")
    (folder / "package.toml").write_text(PACKAGE.format(steps=steps))
    (soft / "soft.toml").write_text(SOFT)
    return root


def test_words_stay_words(ckpm: Ckpm, tmp_path: Path) -> None:
    assert ckpm("repo", "add", str(write(tmp_path / "repository", WORDY))).code == 0
    done = ckpm("install", "package:lib-words", "--json")
    assert done.code == 0, done.err
    prefix = Path(done.data["entries"][0]["prefix"])
    assert sorted(path.name for path in prefix.iterdir()) == [".ckpm", "first", "include"]
    assert f"given {list(WORDS)}" in (prefix / ".ckpm" / "build.log").read_text()


def test_what_a_package_runs_is_shown_whole(ckpm: Ckpm, tmp_path: Path) -> None:
    assert ckpm("repo", "add", str(write(tmp_path / "repository", WORDY))).code == 0
    steps = ckpm("show", "package:lib-words", "--json").data["step"]
    assert [step["use"] for step in steps] == ["copy", "run"]
    assert steps[1]["argv"][3:] == list(WORDS)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        pytest.param('[[step]]\nuse = "shell"\nargv = ["true"]', "shell", id="no step of that name"),
        pytest.param('[[step]]\nuse = "run"\nargv = "touch first; touch second"', "argv", id="one string"),
        pytest.param('[[step]]\nuse = "run"\nargv = ["true"]\nshell = true', "shell", id="no such key"),
        pytest.param('[[step]]\nuse = "make"\npostinstall = "touch first"', "postinstall", id="no hook"),
    ],
)
def test_there_is_no_way_to_ask_for_a_shell(ckpm: Ckpm, tmp_path: Path, steps: str, said: str) -> None:
    done = ckpm("lint", str(write(tmp_path / "repository", steps) / "packages" / "lib-words"))
    assert done.code != 0
    assert said in done.out + done.err
