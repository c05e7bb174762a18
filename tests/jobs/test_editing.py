"""`ckpm add` and `ckpm remove` change an env's requirements and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Ckpm

ENV = """\
# Mine.
name = "mine"
requires = [
    "soft:lib.zlib@>=1.2",  # packs
    {soft = "tool.cmake", on = "host"},
]  # end

[tasks.a]  # a task
run = ["true"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "env.toml").write_text(ENV)
    return folder


def test_add_replaces_or_appends_and_keeps_comments(ckpm: Ckpm, project: Path) -> None:
    ran = ckpm("add", "lib.zlib@>=1.3", "python.numpy@<3", cwd=project / "deep" / "er")
    assert ran.code == 0, ran.err
    text = (project / "env.toml").read_text()
    assert (
        text.replace('"soft:lib.zlib@>=1.3"', '"soft:lib.zlib@>=1.2"').replace('    "soft:python.numpy@<3",\n', "")
        == ENV
    )
    assert '"soft:python.numpy@<3"' in text
    assert "nothing changed" in ckpm("add", "python.numpy@<3", cwd=project).out


def test_remove_takes_out_texts_and_tables(ckpm: Ckpm, project: Path) -> None:
    assert ckpm("remove", "soft:lib.zlib", "tool.cmake", cwd=project).code == 0
    text = (project / "env.toml").read_text()
    assert "zlib" not in text
    assert "cmake" not in text
    assert "# a task" in text
    gone = ckpm("remove", "soft:lib.zlib", cwd=project)
    assert (gone.code, "does not ask for soft:lib.zlib" in gone.err) == (3, True)


def test_a_section_of_a_target(ckpm: Ckpm, project: Path) -> None:
    assert ckpm("add", "tool.qemu-user", "--target", "linux-arm*", cwd=project).code == 0
    import tomllib

    document = tomllib.loads((project / "env.toml").read_text())
    assert document["target"]["linux-arm*"]["requires"] == ["soft:tool.qemu-user"]


def test_what_no_catalog_has_is_refused(ckpm: Ckpm, project: Path) -> None:
    ran = ckpm("add", "lib.zlibb", cwd=project)
    assert (ran.code, "lib.zlib" in ran.err) == (3, True)
    assert (project / "env.toml").read_text() == ENV
