"""`lint` checks what a name means in the catalog, as it checks a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Ckpm

SOFT = """name = "tool.frob"
summary = "frobnicates"

[find]
executables = ["frob"]

[[probe]]
argv = ["{path}", "--version"]
match = '^frob (?P<version>[\\d.]+)'

[[case]]
name = "some machine"
path = "/usr/bin/frob"
prints = {"frob --version" = "frob 1.2\\n"}
expect = {version = "1.2"}
"""
ENV = 'name = "frob-env"\nrequires = ["soft:tool.frob@=>1"]\n'


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """A repository with a good soft, a soft whose case fails, a soft that can't be read and a bad env."""
    root = tmp_path / "plugins"
    texts = {
        "soft_plugins/tool.frob/soft.toml": SOFT,
        "soft_plugins/tool.frib/soft.toml": SOFT.replace("tool.frob", "tool.frib").replace('"1.2"}', '"1.3"}'),
        "soft_plugins/tool.broken/soft.toml": "name = \n",
        "envs/frob-env/env.toml": ENV,
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text)
    return root


ROWS = [
    (["soft:tool.frob"], 0, "1 checked, 0 problems"),
    (["soft", "tool.frob", "tool.make"], 0, "2 checked, 0 problems"),
    (["tool.frob"], 0, "1 checked, 0 problems"),
    (["soft:tool.frob", "package:lib-zlib", "env:hello-cross", "target:aarch64-linux-gnu"], 0, "4 checked, 0 problems"),
    (["soft:tool.frib"], 1, "not '1.3'"),
    (["soft:tool.broken"], 1, "not valid TOML"),
    (["tool.frob", "frob-env"], 1, "2 checked, 1 problems"),
    (["soft:tool.frab"], 3, "did you mean 'tool.fr"),
    (["lib-zlip"], 3, "did you mean 'package:lib-zlib'"),
    (["env:not/there.toml"], 3, "there is no document"),
    (["soft:tool.frob@1"], 2, "asks for a version"),
    (["entry:tool.frob-1"], 2, "is no document"),
    (["soft"], 2, "lint which soft?"),
]


@pytest.mark.parametrize(("words", "code", "said"), ROWS, ids=[" ".join(row[0]) for row in ROWS])
def test_names_of_every_kind(ckpm: Ckpm, plugins: Path, words: list[str], code: int, said: str) -> None:
    ran = ckpm("lint", *words, env={"CKPM_PLUGIN_PATH": str(plugins)})
    assert (ran.code, said in ran.out + ran.err) == (code, True), ran.out + ran.err


def test_a_name_that_two_kinds_have_is_not_guessed(ckpm: Ckpm, plugins: Path) -> None:
    package = plugins / "packages" / "frob-env"
    package.mkdir(parents=True)
    (package / "package.toml").write_text("name = \n")
    ran = ckpm("lint", "frob-env", env={"CKPM_PLUGIN_PATH": str(plugins)})
    assert (ran.code, "package:frob-env and env:frob-env" in ran.err) == (2, True)


def test_a_folder_of_that_name_comes_before_the_catalog(ckpm: Ckpm, plugins: Path) -> None:
    ran = ckpm("lint", "tool.frib", cwd=plugins / "soft_plugins", env={"CKPM_PLUGIN_PATH": ""})
    assert (ran.code, "not '1.3'" in ran.out) == (1, True)
