"""Packages are installed from their registries and found again by their softs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pkgmgr.model.version import Version
from tests.packages.install_all import NO_NETWORK, install, older_versions, packages


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for all of them, so that what several need is made once."""
    return tmp_path_factory.mktemp("home")


@pytest.mark.network
def test_package_is_installed_and_recognised(package_name: str, shared_home: Path) -> None:
    """The entry is of the package's soft and version, and its files are there."""
    require_installed(package_name, None, shared_home)


def test_there_are_several_versions_of_tensorflow() -> None:
    package = next(item for item in packages() if item.name == "lib-tensorflow")
    assert len(older_versions(package)) >= 4


@pytest.mark.network
def test_an_older_version_is_installed_and_recognised(
    older_version: tuple[str, str], shared_home: Path, request: pytest.FixtureRequest
) -> None:
    """Every version that a document states, but for the newest, which the test above installs."""
    if not request.config.getoption("--all-packages", default=False):
        pytest.skip("with --all-packages only: it takes minutes")
    entry = require_installed(*older_version, shared_home)
    assert Version(str(entry["version"])).begins_with(Version(older_version[1]))


def require_installed(name: str, version: str | None, home: Path) -> Mapping[str, object]:
    """Install a package and look at what came of it."""
    package = next(item for item in packages() if item.name == name)
    row = install(package, home, version=version)
    if row.code == NO_NETWORK:
        pytest.skip(f"a registry can't be reached: {row.said.splitlines()[0]}")
    assert row.code == 0, row.said
    assert row.entry["soft"] == package.provides
    files = row.entry["files"]
    assert isinstance(files, dict) and files
    assert all(Path(path).exists() for path in files.values())
    return row.entry
