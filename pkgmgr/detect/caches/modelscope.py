"""ModelScope's cache, in the three layouts that its releases have written.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.caches.plain import repository_model
from pkgmgr.detect.folders import walk_folders
from pkgmgr.detect.models.facts import PARTIAL, UNKNOWN
from pkgmgr.host.ports import Files

_DOT = "___"
"""What stands for a dot in a repository's name: Python could not import from a folder that has one."""
_UNFINISHED = "._____temp"
_KINDS = {"models": "model", "datasets": "dataset"}
_NO_OWNERS = frozenset({"hub", "models", "datasets", "skills", "ast_indexer", "_github", "credentials"})


class _Repository(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    name: str
    folder: str
    revision: str = ""
    is_unfinished: bool = False


def modelscope_artifacts(files: Files, root: str) -> Iterator[Artifact]:
    """Give each repository once: ``hub/owner/name``, ``models/owner/name``, ``models/owner--name/snapshots/rev``."""
    for base in (root, f"{root}/hub"):
        for segment, kind in (*_KINDS.items(), ("", "model")):
            for repository in _repositories(files, posixpath.join(base, segment).rstrip("/"), kind):
                yield _artifact(files, repository)


def _repositories(files: Files, base: str, kind: str) -> Iterator[_Repository]:
    for owner in files.subfolders(base):
        if owner in _NO_OWNERS or owner.startswith("."):
            continue
        place = f"{base}/{owner}"
        below = files.subfolders(place)
        if "--" in owner and "snapshots" in below:
            name = owner.replace("--", "/", 1)
            for revision in files.subfolders(f"{place}/snapshots"):
                yield _Repository(kind=kind, name=name, folder=f"{place}/snapshots/{revision}", revision=revision)
            continue
        unfinished = files.subfolders(f"{base}/{_UNFINISHED}/{owner}")
        for folder in below:
            if files.names(f"{place}/{folder}"):
                name = f"{owner}/{folder.replace(_DOT, '.')}"
                is_unfinished = folder in unfinished or name.partition("/")[2] in unfinished
                yield _Repository(kind=kind, name=name, folder=f"{place}/{folder}", is_unfinished=is_unfinished)


def _artifact(files: Files, repository: _Repository) -> Artifact:
    base = Artifact(
        kind=repository.kind,
        name=repository.name,
        path=repository.folder,
        root=repository.folder,
        evidence=f"{repository.name} in ModelScope's cache",
        ecosystem="modelscope",
        origin="cache:modelscope",
        attributes={"revision": repository.revision} if repository.revision else {},
    )
    found = repository_model(files, repository.folder, base) if repository.kind == "model" else _data(files, base)
    # What is fetched bears this ending, in the newest layout, and lies in a folder of its own in the older ones.
    is_unfinished = repository.is_unfinished or any(
        Listing(files, folder).ending(".incomplete") for folder in walk_folders(files, repository.folder, depth=2)
    )
    if not is_unfinished:
        return found
    told = {**found.attributes, "reason": "the download of one of its files has not finished"}
    return replace(found, state=PARTIAL, attributes=told)


def _data(files: Files, base: Artifact) -> Artifact:
    paths = [f"{folder}/{name}" for folder in walk_folders(files, base.root, depth=4) for name in files.names(folder)]
    states = [state for path in paths if (state := files.stat(path)) is not None and not state.is_folder]
    blobs = {(state.device, state.inode): state.size for state in states}
    told = {**base.attributes, "format": "modelscope", "dataset": base.name}
    return replace(base, state=UNKNOWN, size=sum(blobs.values()), files={"data": base.root}, attributes=told)
