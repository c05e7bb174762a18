"""The download cache and the remembered answers. Touches: ``cache/`` of the home."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pkgmgr.install.fetch.cache import Cache
from pkgmgr.install.fetch.carry import export_cache, import_cache
from pkgmgr.install.fetch.upkeep import Kept, list_cache, prune_cache, verify_cache
from pkgmgr.jobs.workspace import Workspace


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the cache."""

    name: str
    sha256: str
    size: int
    """In bytes."""
    path: str


def _cache(workspace: Workspace) -> Cache:
    return Cache(workspace.cache / "downloads")


def _row(kept: Kept) -> Download:
    return Download(name=kept.path.name, sha256=kept.sha256, size=kept.size, path=str(kept.path))


def list_downloads(workspace: Workspace) -> list[Download]:
    """Give every whole file of the cache, by name."""
    return [_row(kept) for kept in list_cache(_cache(workspace))]


def verify_downloads(workspace: Workspace) -> list[Download]:
    """Hash every file; remove and give those that are not what their hash says."""
    return [_row(kept) for kept in verify_cache(_cache(workspace)).removed]


def prune_downloads(workspace: Workspace) -> int:
    """Remove all downloads and give the bytes freed; what is installed stays."""
    return prune_cache(_cache(workspace)).freed


def export_downloads(workspace: Workspace, archive: Path) -> list[Download]:
    """Write all downloads into one archive, for a site without a network."""
    return [_row(kept) for kept in export_cache(_cache(workspace), archive)]


def import_downloads(workspace: Workspace, archive: Path) -> list[str]:
    """Take in the downloads of an archive, each verified by its hash; give their paths."""
    return [str(path) for path in import_cache(_cache(workspace), archive)]


def clear_probes(workspace: Workspace) -> None:
    """Forget what programs answered."""
    (workspace.cache / "answers.msgpack").unlink(missing_ok=True)
