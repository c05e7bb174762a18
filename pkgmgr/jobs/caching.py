"""The download cache and the remembered answers. Touches: ``cache/`` of the home."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from pkgmgr.install.fetch.fetcher import hash_file
from pkgmgr.jobs.workspace import Workspace


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the cache."""

    name: str
    sha256: str
    size: int
    path: str


def list_downloads(workspace: Workspace) -> list[Download]:
    """Give every whole file of the cache, by name."""
    found = []
    for path in (workspace.cache / "downloads" / "sha256").glob("*/*/*"):
        if path.is_file() and not path.name.startswith("."):
            found.append(Download(name=path.name, sha256=path.parent.name, size=path.stat().st_size, path=str(path)))
    return sorted(found, key=lambda row: (row.name, row.sha256))


def verify_downloads(workspace: Workspace) -> list[Download]:
    """Hash every file; remove and give those that are not what their hash says."""
    bad = [row for row in list_downloads(workspace) if hash_file(row.path) != row.sha256]
    for row in bad:
        shutil.rmtree(Path(row.path).parent)
    return bad


def prune_downloads(workspace: Workspace) -> int:
    """Remove all downloads and give the bytes freed; what is installed stays."""
    size = sum(row.size for row in list_downloads(workspace))
    shutil.rmtree(workspace.cache / "downloads", ignore_errors=True)
    return size


def clear_probes(workspace: Workspace) -> None:
    """Forget what programs answered."""
    (workspace.cache / "answers.msgpack").unlink(missing_ok=True)
