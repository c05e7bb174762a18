"""``--all-packages``: install every package that can be had here, instead of a fast dozen."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--all-packages", action="store_true", help="install all packages that can be fetched")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the packages that are to be installed."""
    if "package_name" in metafunc.fixturenames:
        from tests.packages.install_all import FAST, fetchable

        names = fetchable() if metafunc.config.getoption("--all-packages", default=False) else list(FAST)
        metafunc.parametrize("package_name", names)
    if "older_version" in metafunc.fixturenames:
        from tests.packages.install_all import fetchable, older_versions, packages

        known = {item.name: item for item in packages()}
        rows = [(name, version) for name in fetchable() for version in older_versions(known[name])]
        metafunc.parametrize("older_version", rows, ids="=".join)
