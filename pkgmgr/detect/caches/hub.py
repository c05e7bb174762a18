"""The cache of the Hugging Face hub: repositories, their revisions and the blobs that these share.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec.structs import replace

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.caches.plain import repository_model
from pkgmgr.detect.folders import walk_folders
from pkgmgr.detect.models.facts import BROKEN, PARTIAL, UNKNOWN
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value

_REPOSITORY = re.compile(r"(?P<kind>models|datasets)--(?P<name>.+)$")
_SHA256 = re.compile(r"[0-9a-f]{64}$")
_UNFINISHED = "the download of one of its files has not finished"


def is_hub(listing: Listing) -> bool:
    """Tell whether a folder is a cache of the Hugging Face hub, wherever it lies."""
    return any(_REPOSITORY.match(name) for name in listing.beginning("models--", "datasets--"))


def hub_artifacts(files: Files, root: str, origin: str) -> Iterator[Artifact]:
    """Give each snapshot of each repository in a hub cache. A revision's commit is its fingerprint, for nothing."""
    for folder in files.subfolders(root):
        found = _REPOSITORY.match(folder)
        if found is None:
            continue
        place = f"{root}/{folder}"
        name = found["name"].replace("--", "/", 1)
        refs = _refs(files, f"{place}/refs")
        unfinished = any(blob.endswith(".incomplete") for blob in files.names(f"{place}/blobs"))
        # The revision that a branch names comes first: of two with the same blobs it is the one that is kept.
        commits = sorted(files.subfolders(f"{place}/snapshots"), key=lambda commit: (commit not in refs, commit))
        for commit in commits or ([""] if unfinished else []):
            base = _snapshot(f"{place}/snapshots/{commit}" if commit else place, name, commit, refs.get(commit), origin)
            if found["kind"] == "models":
                artifact = _with_hash(files, repository_model(files, base.root, base))
            else:
                artifact = _data_snapshot(files, base)
            yield _unfinished(artifact) if unfinished and artifact.state != BROKEN else artifact


def _unfinished(artifact: Artifact) -> Artifact:
    return replace(artifact, state=PARTIAL, attributes={**artifact.attributes, "reason": _UNFINISHED})


def _with_hash(files: Files, model: Artifact) -> Artifact:
    """Add the hash that the hub states of a large file: its blob is called so."""
    blob = posixpath.basename(files.real(model.path))
    if _SHA256.match(blob) is None or "part-2" in model.files:
        return model
    return replace(model, attributes={**model.attributes, "sha256": blob})


def _snapshot(root: str, name: str, commit: str, ref: str | None, origin: str) -> Artifact:
    attributes: dict[str, Value] = {**({"revision": commit} if commit else {}), **({"ref": ref} if ref else {})}
    return Artifact(
        kind="model",
        name=name,
        path=root,
        root=root,
        evidence=f"{name} at {commit[:12] or 'no revision'} in a cache of the Hugging Face hub",
        ecosystem="huggingface",
        origin=origin,
        attributes=attributes,
    )


def _refs(files: Files, folder: str) -> dict[str, str]:
    """Give commit → branch or tag."""
    found = {}
    for path in walk_folders(files, folder, depth=3):
        for name in files.names(path):
            content = files.read(f"{path}/{name}", 128)
            if content is not None:
                found[content.decode("ascii", "replace").strip()] = posixpath.relpath(f"{path}/{name}", folder)
    return found


def _data_snapshot(files: Files, base: Artifact) -> Artifact:
    paths = [f"{folder}/{name}" for folder in walk_folders(files, base.root, depth=4) for name in files.names(folder)]
    states = [files.stat(path) for path in paths]
    blobs = {(state.device, state.inode): state.size for state in states if state is not None and not state.is_folder}
    formats: list[Value] = [*sorted({path.rpartition(".")[2] for path in paths if "." in posixpath.basename(path)})]
    # The hub's cache holds what was asked for and nothing that tells how much there is.
    state = BROKEN if None in states else UNKNOWN if blobs else PARTIAL
    attributes: dict[str, Value] = {**base.attributes, "format": "huggingface", "formats": formats}
    if state == BROKEN:
        attributes["reason"] = f"{posixpath.basename(paths[states.index(None)])} is a link that leads nowhere"
    return replace(base, kind="dataset", state=state, size=sum(blobs.values()), attributes=attributes)
