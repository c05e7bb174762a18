"""`lint` refuses a source that is not pinned, and a language that there is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Ckpm
from tests.jobs.test_crashes import make_package


@pytest.mark.parametrize(
    ("key", "instead", "is_refused", "said"),
    [
        pytest.param("size", "", True, "has no size", id="no size"),
        pytest.param("size", "never_fetched = true", False, "", id="no size, but nobody has had the file"),
        pytest.param("sha256", "", True, "sha256", id="no hash"),
        pytest.param("none", "", False, "", id="both"),
    ],
)
def test_a_source_needs_a_hash_and_a_size(
    ckpm: Ckpm, tmp_path: Path, key: str, instead: str, is_refused: bool, said: str
) -> None:
    root = tmp_path / "repository"
    make_package(root, "bad")
    assert ckpm("repo", "add", str(root), "--trust").code == 0
    document = root / "packages/lib-bad/package.toml"
    lines = [instead if line.startswith(f"{key} =") else line for line in document.read_text().splitlines()]
    document.write_text("\n".join(lines))
    ran = ckpm("lint", str(document))
    assert bool(ran.code) == is_refused, ran.out + ran.err
    assert said in ran.out + ran.err


@pytest.mark.parametrize(
    ("languages", "said"),
    [
        pytest.param('["c", "cxx17"]', "", id="a language and a standard"),
        pytest.param('["cxx71"]', "'cxx71' is no language, and no standard of one: did you mean 'cxx17'?", id="a slip"),
        pytest.param('["c++17"]', "'c++17' is no language", id="as the option says it"),
    ],
)
def test_a_language_is_one_that_a_compiler_can_state(ckpm: Ckpm, tmp_path: Path, languages: str, said: str) -> None:
    root = tmp_path / "repository"
    make_package(root, "bad")
    assert ckpm("repo", "add", str(root), "--trust").code == 0
    document = root / "packages/lib-bad/package.toml"
    row = f'requires = [{{tags = ["compiler"], languages = {languages}}}]'
    lines = [row if line.startswith("requires =") else line for line in document.read_text().splitlines()]
    document.write_text("\n".join(lines))
    ran = ckpm("lint", str(document))
    assert bool(ran.code) == bool(said), ran.out + ran.err
    assert said in ran.out + ran.err
