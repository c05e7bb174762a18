"""Builds that failed and were kept, to be looked at. Touches: one file in a staging folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from pkgmgr.install.staging import KEPT, Staging
from pkgmgr.model.errors import NotFoundError


class KeptBuild(msgspec.Struct, frozen=True, kw_only=True):
    """A build as it was when it failed."""

    package: str
    name: str
    """What was built, for messages."""
    folder: str
    """Where its programs ran."""
    variables: Mapping[str, str]
    """Their whole environment."""
    log: str


def keep_build(staging: Path, build: KeptBuild) -> None:
    """Keep a staging folder until ``ckpm gc``."""
    (staging / KEPT).write_bytes(msgspec.json.format(msgspec.json.encode(build), indent=1))


def require_kept(area: Staging, *, package: str | None = None, folder: Path | None = None) -> KeptBuild:
    """Give the newest kept build of a package, or the one that a folder is part of."""
    found = []
    for path in area.base.glob(f"*/{KEPT}"):
        build = _read(path)
        is_wanted = build is not None and package in (None, build.package)
        if build is not None and is_wanted and (folder is None or folder.is_relative_to(Path(build.folder).parent)):
            found.append((path.stat().st_mtime_ns, build))
    if not found:
        raise NotFoundError(
            f"no build of {package or folder} was kept",
            hint="'ckpm install --keep' keeps the folder of a build that fails; 'ckpm gc' removes it",
        )
    return max(found, key=lambda row: row[0])[1]


def _read(path: Path) -> KeptBuild | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=KeptBuild)
    except (OSError, msgspec.MsgspecError):
        return None
