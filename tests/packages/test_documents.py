"""What every package document must hold, beyond its schema."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from pkgmgr.model.package import Package
from tests.packages.install_all import FAST, fetchable, packages

FOLDER = Path(__file__).parents[2] / "packages"
PACKAGES = packages()
LICENSE = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")
ADDRESS = re.compile(r"(?:https?://|git\+https://|pypi:|npm:|apt:|apt-source:|hf:|file:\{package\}/)\S+")

HASHED = re.compile(r"(?m)^[\w.\[\]-]+==[^\n]*\\\n    --hash=sha256:[0-9a-f]{64}")


def named(package: Package) -> str:
    """Name a test case."""
    return package.name


def test_there_are_enough_that_can_be_fetched() -> None:
    """The catalog holds at least 80 packages that work, the fast ones among them."""
    assert len(fetchable()) >= 80
    assert set(FAST) <= set(fetchable())


@pytest.mark.parametrize("package", PACKAGES, ids=named)
def test_says_what_it_is(package: Package) -> None:
    """Licence, homepage and summary are there and of the right form."""
    assert LICENSE.fullmatch(package.license), package.license
    assert package.homepage.startswith(("https://", "http://"))
    assert len(package.summary) > 10
    assert not package.summary.endswith(".")


@pytest.mark.parametrize("package", PACKAGES, ids=named)
def test_sources_are_pinned(package: Package) -> None:
    """Every source has an address and a checksum; what was not fetched says from where its checksum is."""
    assert package.source
    for row in package.source:
        assert row.urls and all(ADDRESS.fullmatch(url) for url in row.urls), row.urls
        assert row.size is not None or row.quoted, f"{row.version} {row.name} has no size"
        assert not row.never_fetched or row.quoted


@pytest.mark.parametrize("package", PACKAGES, ids=named)
def test_own_sources_are_what_their_pins_say(package: Package) -> None:
    """A requirements file that was edited must be pinned again; all in it have hashes."""
    for row in package.source:
        for url in row.urls:
            if url.startswith("file:{package}/"):
                content = (FOLDER / package.name / url.partition("/")[2]).read_bytes()
                assert hashlib.sha256(content).hexdigest() == row.sha256, f"{url} has changed; pin it again"
                assert len(content) == row.size
                rows = re.findall(r"(?m)^[\w.\[\]-]+==", content.decode())
                assert len(rows) == len(
                    re.findall(r"(?m)^[\w.\[\]-]+==[^\n]*\\\n    --hash=sha256:[0-9a-f]{64}", content.decode())
                )


@pytest.mark.parametrize("package", PACKAGES, ids=named)
def test_nothing_runs_through_a_shell(package: Package) -> None:
    """No step starts a shell, a downloader or a package manager."""
    for step in package.step:
        program = getattr(step, "argv", ("",))[0].rpartition("/")[2]
        assert program not in {"sh", "bash", "dash", "zsh", "env", "curl", "wget", "pip", "npm", "apt-get", "git"}
