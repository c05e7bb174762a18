"""Ollama's models: manifests that name blobs by their hash.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

import msgspec

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.folders import walk_folders
from pkgmgr.detect.models.facts import COMPLETE, PARTIAL
from pkgmgr.detect.models.gguf import read_gguf
from pkgmgr.detect.models.reading import read_model
from pkgmgr.detect.models.source import NO_JSON
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value


class _Layer(msgspec.Struct, rename="camel"):
    media_type: str = ""
    digest: str = ""
    size: int = 0


class _Manifest(msgspec.Struct):
    layers: list[_Layer]


def ollama_models(files: Files, root: str) -> Iterator[Artifact]:
    """Give each tag of each model; tags that share a blob are one."""
    manifests = f"{root}/manifests"
    for folder in walk_folders(files, manifests, depth=4):
        for tag in files.names(folder):
            path = f"{folder}/{tag}"
            try:
                manifest = msgspec.json.decode(files.read(path) or b"", type=_Manifest)
            except NO_JSON:
                continue
            parts = posixpath.relpath(folder, manifests).split("/")
            name = "/".join(part for part in parts[1:] if part != "library") + f":{tag}"
            yield _tagged(files, root, name, manifest, path)


def _tagged(files: Files, root: str, name: str, manifest: _Manifest, path: str) -> Artifact:
    blobs = {layer.media_type: f"{root}/blobs/{layer.digest.replace(':', '-')}" for layer in manifest.layers}
    weights = blobs.get("application/vnd.ollama.image.model", path)
    facts = read_model(files, weights, read_gguf)
    sizes: Mapping[str, int] = {layer.digest: layer.size for layer in manifest.layers}
    states = {layer.digest: files.stat(blobs[layer.media_type]) for layer in manifest.layers}
    whole = all(state is not None and state.size == sizes[digest] for digest, state in states.items())
    attributes: dict[str, Value] = facts.attributes() if facts is not None else {}
    attributes["sha256"] = posixpath.basename(weights).removeprefix("sha256-")
    return Artifact(
        kind="model",
        name=name,
        path=weights,
        root=root,
        evidence=f"the manifest {path}",
        ecosystem="ollama",
        origin="cache:ollama",
        state=COMPLETE if whole else PARTIAL,
        size=sum(sizes.values()),
        files={"model": weights, "manifest": path},
        attributes=attributes,
        layers=facts.layers if facts is not None else (),
    )
