"""How a Python package is made by itself: from its own files, with wheels that it fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

import pkgmgr
from pkgmgr.install.pythons import wheel_folders
from pkgmgr.jobs.installation import own_distribution, with_own_files
from pkgmgr.jobs.pythons.demands import makes_environment
from pkgmgr.jobs.world import LocalWorld
from pkgmgr.model.package import Package, Source
from pkgmgr.model.target import parse_target


def package(*urls: str) -> Package:
    """Make a package with one source."""
    return Package(
        name="lib-x",
        summary="x",
        provides="python.x",
        license="MIT",
        homepage="https://example.org",
        source=(Source(version="1", urls=urls, sha256="0" * 64, size=1),),
    )


def test_own_files_lead_into_the_folder(tmp_path: Path) -> None:
    """A space in the folder's name is written as a URL has it; other addresses stay."""
    folder = tmp_path / "my packages" / "lib-x"
    made = with_own_files(package("https://example.org/x", "file:{package}/requirements.txt"), folder)
    assert made.source[0].urls == ("https://example.org/x", f"{folder.as_uri()}/requirements.txt")
    assert "%20" in made.source[0].urls[1]


def test_a_package_without_own_files_stays_the_same(tmp_path: Path) -> None:
    """Nothing is copied where nothing is replaced."""
    plain = package("https://example.org/x")
    assert with_own_files(plain, tmp_path) is plain


@pytest.mark.parametrize(("name", "found"), [("python.some-thing", True), ("lib.zlib", False), ("python", False)])
def test_distributions_need_no_document(name: str, found: bool) -> None:
    """``python.NAME`` is a soft of its own."""
    soft = own_distribution(name)
    assert (soft is not None and soft.name == name) is found


def test_wheels_among_sources_are_offered_to_pip() -> None:
    """Each folder once, in order; a requirements file is no wheel."""
    files = [Path("/c/b/x.whl"), Path("/c/a/y.whl"), Path("/c/b/z.whl"), Path("/c/r/requirements.txt")]
    assert wheel_folders(files) == ["/c/a", "/c/b"]


@pytest.mark.parametrize(
    ("requirement", "alone"), [("package:lib-numpy", True), ("package:lib-zlib", False), ("soft:lib.numpy", False)]
)
def test_only_packages_with_a_python_step_make_an_environment(requirement: str, alone: bool) -> None:
    """A soft is solved, whoever could make it."""
    host = parse_target("linux-x86_64")
    assert makes_environment(requirement, LocalWorld(workspace=pkgmgr.open_workspace()), host, host) is alone
