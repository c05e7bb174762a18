"""A build that fails can be kept and entered."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Ckpm
from tests.jobs.test_crashes import make_package

FAILING = """
[[step]]
use = "run"
argv = ["cat", "no-such-file"]
"""


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
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\npwd\necho home=$HOME foreign=$FOREIGN\nls bad.h\n")
    script.chmod(0o755)
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
