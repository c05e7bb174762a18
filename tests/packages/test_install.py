"""Packages are installed from their registries and found again by their softs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packages.install_all import NO_NETWORK, install, packages


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for all of them, so that what several need is made once."""
    return tmp_path_factory.mktemp("home")


@pytest.mark.network
def test_package_is_installed_and_recognised(package_name: str, shared_home: Path) -> None:
    """The entry is of the package's soft and version, and its files are there."""
    package = next(item for item in packages() if item.name == package_name)
    row = install(package, shared_home)
    if row.code == NO_NETWORK:
        pytest.skip(f"a registry can't be reached: {row.said.splitlines()[0]}")
    assert row.code == 0, row.said
    assert row.entry["soft"] == package.provides
    files = row.entry["files"]
    assert isinstance(files, dict) and files
    assert all(Path(path).exists() for path in files.values())
