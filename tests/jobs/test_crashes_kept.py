"""A build that fails can be kept and entered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Ckpm
from tests.environ.shells import require
from tests.install.test_product import make_elf
from tests.jobs.test_crashes import make_package

FAILING = """
[[step]]
use = "run"
argv = ["cat", "no-such-file"]
"""


def write_script(folder: Path, text: str) -> Path:
    """Write a program that takes the place of a shell."""
    script = folder / "script"
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)
    return script


def test_a_failed_build_is_kept_and_entered(ckpm: Ckpm, tmp_path: Path, home: Path) -> None:
    root = tmp_path / "repository"
    make_package(root, "bad")
    document = root / "packages/lib-bad/package.toml"
    document.write_text(document.read_text() + FAILING)
    assert ckpm("repo", "add", str(root), "--trust").code == 0

    ran = ckpm("install", "package:lib-bad")
    assert ran.code == 1
    assert "no-such-file" in ran.err
    assert "ckpm shell --build package:lib-bad" in ran.err
    assert not list((home / "staging").iterdir())
    assert ckpm("shell", "--build", "package:lib-bad").code == 3

    kept = ckpm("install", "package:lib-bad", "--keep")
    (folder,) = (home / "staging").glob("*/build")
    assert str(folder) in kept.err
    script = write_script(tmp_path, "pwd\necho home=$HOME foreign=$FOREIGN\nls bad.h")
    for what in ("package:lib-bad", str(folder)):
        inside = ckpm("shell", "--build", what, "--shell", str(script), env={"FOREIGN": "yes"})
        assert inside.out.split("\n")[:3] == [str(folder), f"home={folder} foreign=", "bad.h"], inside.err
    assert ckpm("shell", "--build", "package:lib-bad", "package:lib-bad").code == 2
    assert ckpm("gc").code == 0
    assert not folder.exists()


def test_a_build_of_another_version_has_failed(ckpm: Ckpm, tmp_path: Path, home: Path) -> None:
    """What the document calls 2.0 says of itself that it is 1.0.0."""
    root = tmp_path / "repository"
    make_package(root, "other")
    document = root / "packages/lib-other/package.toml"
    document.write_text(document.read_text().replace('version = "1.0.0"', 'version = "2.0"'))
    assert ckpm("repo", "add", str(root), "--trust").code == 0

    ran = ckpm("install", "package:lib-other")
    assert ran.code == 1
    assert "lib-other 2.0 was made, but lib.other finds 1.0.0 in it" in ran.err
    assert not list((home / "store").rglob("other.h"))


RENAMED = """
[[step]]
use = "run"
argv = ["mv", "{prefix}/include/other.h", "{prefix}/include/else.h"]
[[step]]
use = "run"
argv = ["echo", "so far all is well"]
"""
FOREIGN = """
[[step]]
use = "copy"
files = ["{package}/foreign.so"]
to = "{prefix}/lib/"
"""
MADE_ELSEWHERE = """
[[step]]
use = "write"
path = "{build}/Makefile"
text = "all:\\n\\t@echo so far all is well; mv {prefix}/include/other.h {prefix}/include/else.h\\n"
[[step]]
use = "make"
targets = ["all"]
"""
NOTHING_TO_COPY = """
[[step]]
use = "copy"
files = ["no.h"]
to = "{prefix}/"
"""
UNKNOWN = "was made, but lib.other does not recognise it"


@pytest.mark.parametrize(
    ("more", "product", "says"),
    [
        pytest.param(RENAMED, "any", UNKNOWN, id="not recognised"),
        pytest.param(MADE_ELSEWHERE, "any", UNKNOWN, id="not recognised, and built in a folder without spaces"),
        pytest.param(FOREIGN, "target", "other 1.0.0 is not for ", id="not for the target"),
        pytest.param(NOTHING_TO_COPY, "any", "nothing matches", id="a step that runs no program"),
    ],
)
def test_what_was_built_and_is_wrong_is_kept_too(
    more: str, product: str, says: str, ckpm: Ckpm, tmp_path: Path, home: Path
) -> None:
    if more == MADE_ELSEWHERE:
        require("make")
    root = tmp_path / "repository"
    make_package(root, "other")
    document = root / "packages/lib-other/package.toml"
    document.write_text(document.read_text().replace('"any"', f'"{product}"') + more)
    (document.parent / "foreign.so").write_bytes(make_elf(machine=8))  # MIPS
    assert ckpm("repo", "add", str(root), "--trust").code == 0
    logs = ["so far all is well"] if "so far" in more else []
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    variables = {"TMPDIR": str(temporary)}

    ran = ckpm("install", "package:lib-other", env=variables)
    assert ran.code == 1
    assert says in ran.err
    assert "'ckpm install --keep' keeps the build's folder" in ran.err
    assert "ckpm shell --build package:lib-other" in ran.err
    assert [path.read_text().splitlines()[-1] for path in (home / "logs").glob("*")] == logs
    assert [str(path) for path in (home / "logs").glob("*") if str(path) not in ran.err] == []
    assert [*(home / "staging").iterdir(), *temporary.glob("*/build")] == []

    kept = ckpm("install", "package:lib-other", "--keep", env=variables)
    (folder,) = [*(home / "staging").glob("*/build"), *temporary.glob("*/build")]
    (made,) = (home / "staging").glob("*/made")
    assert f"the build's folder is kept, {folder}" in kept.err
    assert f"what it made is {made}" in kept.err
    assert (made / "include/data/a").is_file()
    assert list((home / "store").rglob("data")) == []
    shell = write_script(tmp_path, "ls other.h")
    inside = ckpm("shell", "--build", "package:lib-other", "--shell", str(shell), env=variables)
    assert (inside.code, inside.out) == (0, "other.h\n")
    assert f"the log is {made / '.ckpm/build.log'}" in inside.err
    assert (made / ".ckpm/build.log").is_file() == bool(logs)

    assert ckpm("gc", env=variables).code == 0
    assert not folder.exists()
    assert not made.exists()
