"""What is built twice from the same sources is the same, to the last byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pkgmgr.install.store import RECORD, make_manifest
from pkgmgr.model.package import Autotools, Cmake, Compile, Make, Meson, Package
from tests.packages.install_all import NO_NETWORK, install, packages

_COMPILED = (Autotools, Cmake, Compile, Make, Meson)
FAST = ("lib-bzip2", "lib-xxhash")


def built() -> list[Package]:
    """Give the packages whose C or C++ is compiled here, and that can be fetched."""
    return [
        package
        for package in packages()
        if any(isinstance(step, _COMPILED) for step in package.step)
        and not all(row.never_fetched for row in package.source)
    ]


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for all of them, with a space and a quote in its path, so that what several need is made once."""
    return tmp_path_factory.mktemp("it's a home")


def test_the_fast_ones_are_among_those_built() -> None:
    assert set(FAST) <= {package.name for package in built()}


@pytest.mark.network
@pytest.mark.parametrize("package", built(), ids=lambda package: package.name)
def test_built_twice_it_is_the_same(package: Package, shared_home: Path, request: pytest.FixtureRequest) -> None:
    """A few in every run; all with ``--all-packages``."""
    if package.name not in FAST and not request.config.getoption("--all-packages", default=False):
        pytest.skip("with --all-packages only: it takes minutes")
    trees = []
    for _ in range(2):
        row = install(package, shared_home)
        if row.code == NO_NETWORK:
            pytest.skip(f"a registry can't be reached: {row.said.splitlines()[0]}")
        assert row.code == 0, row.said
        prefix = Path(str(row.entry["prefix"]))
        trees.append({item.path: item.sha256 for item in make_manifest(prefix)})
        assert (prefix / RECORD / "build.log").is_file()
        shutil.rmtree(prefix)
    first, second = trees
    assert [path for path in first.keys() | second.keys() if first.get(path) != second.get(path)] == []
