"""A site, and what is fetched from it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pkgmgr.install.fetch.fetcher import Fetcher
from pkgmgr.install.fetch.job import Patience
from pkgmgr.model.package import Source
from tests.install.fetch.server import Site, serving

CONTENT = random.Random(1).randbytes(300_000)
SHORT = Patience(connect=2, stall=0.6, backoff=0.01, client=20)
MakeSource = Callable[..., Source]


def pinned(*urls: str, content: bytes = CONTENT, sized: bool = True, file: str = "") -> Source:
    """Give a source that is pinned to a content."""
    digest = hashlib.sha256(content).hexdigest()
    return Source(version="1", urls=urls, sha256=digest, size=len(content) if sized else None, file=file)


@pytest.fixture
def site() -> Iterator[Site]:
    """Run a server that does as it is told."""
    with serving() as running:
        yield running


@pytest.fixture
def fetcher(tmp_path: Path) -> Fetcher:
    """Make a fetcher with little patience and an environment without anything."""
    return Fetcher(tmp_path / "cache", variables={"PATH": "/usr/bin:/bin"}, patience=SHORT)


def visible(cache: Path) -> list[str]:
    """List the contents that a cache shows."""
    return sorted(path.name for path in (cache / "sha256").glob("*/*/*") if not path.name.startswith("."))


def unfinished(cache: Path) -> list[str]:
    """List what lies unfinished in a cache."""
    return sorted(path.name for path in (cache / "partial").glob("*"))
