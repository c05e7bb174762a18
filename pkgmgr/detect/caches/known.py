"""The caches of other tools: where each one is, which variable moves it, and how it is laid out. Only read.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.caches.data_sets import data_sets_in
from pkgmgr.detect.caches.plain import models_in, repository_model
from pkgmgr.detect.folders import expand_folders, expand_variables, walk_folders
from pkgmgr.detect.models.facts import BROKEN, COMPLETE, PARTIAL, UNKNOWN
from pkgmgr.detect.models.gguf import read_gguf
from pkgmgr.detect.models.reading import read_model
from pkgmgr.detect.models.source import NO_JSON
from pkgmgr.host.ports import Files, Host
from pkgmgr.model.entry import Value

_REPOSITORY = re.compile(r"(?P<kind>models|datasets)--(?P<name>.+)$")
_TORCH_HASH = re.compile(r"-(?P<hash>[0-9a-f]{8})\.\w+$")


@dataclass(frozen=True, kw_only=True)
class _Flat:
    """A cache whose files are models under their own names."""

    ecosystem: str
    roots: tuple[str, ...]
    """The first that can be expanded counts: variables before defaults."""
    depth: int = 0


FLAT = (
    _Flat(ecosystem="torch-hub", roots=("$TORCH_HOME/hub/checkpoints", "$CACHE/torch/hub/checkpoints")),
    _Flat(ecosystem="keras", roots=("$KERAS_HOME/models", "~/.keras/models"), depth=1),
    _Flat(ecosystem="llama.cpp", roots=("$LLAMA_CACHE", "$CACHE/llama.cpp")),
    _Flat(ecosystem="lm-studio", roots=("~/.lmstudio/models",), depth=2),
    _Flat(ecosystem="lm-studio", roots=("~/.cache/lm-studio/models",), depth=2),
    _Flat(ecosystem="gpt4all", roots=("~/.cache/gpt4all",)),
    _Flat(ecosystem="whisper", roots=("$CACHE/whisper",)),
    _Flat(ecosystem="easyocr", roots=("$EASYOCR_MODULE_PATH/model", "~/.EasyOCR/model")),
    _Flat(ecosystem="tfhub", roots=("$TFHUB_CACHE_DIR", "/tmp/tfhub_modules"), depth=2),
    _Flat(ecosystem="kaggle", roots=("$KAGGLEHUB_CACHE/models", "~/.cache/kagglehub/models"), depth=6),
    _Flat(ecosystem="modelscope", roots=("$MODELSCOPE_CACHE", "~/.cache/modelscope"), depth=5),
    _Flat(ecosystem="stanza", roots=("$STANZA_RESOURCES_DIR", "$CACHE/stanza"), depth=4),
    _Flat(ecosystem="ultralytics", roots=("$YOLO_CONFIG_DIR/weights", "~/.config/Ultralytics/weights")),
)
HUBS = ("$HF_HUB_CACHE", "$HUGGINGFACE_HUB_CACHE", "$HF_HOME/hub", "$CACHE/huggingface/hub")
OLLAMA = ("$OLLAMA_MODELS", "~/.ollama/models")
DATA_SETS = (
    ("tfds", ("$TFDS_DATA_DIR", "~/tensorflow_datasets"), 4),
    ("huggingface-datasets", ("$HF_DATASETS_CACHE", "$HF_HOME/datasets", "$CACHE/huggingface/datasets"), 4),
    ("kaggle", ("$KAGGLEHUB_CACHE/datasets", "~/.cache/kagglehub/datasets"), 4),
    ("keras", ("$KERAS_HOME/datasets", "~/.keras/datasets"), 1),
    ("fiftyone", ("$FIFTYONE_DATASET_ZOO_DIR", "~/fiftyone"), 3),
    ("scikit-learn", ("$SCIKIT_LEARN_DATA", "~/scikit_learn_data"), 1),
)


def cached_artifacts(host: Host) -> Iterator[Artifact]:
    """Give the models and data sets in every cache that is here."""
    files = host.files
    for hub in _root(host, HUBS):
        yield from hub_artifacts(files, hub, "cache:huggingface")
    for root in _root(host, OLLAMA):
        yield from _ollama(files, root)
    for cache in FLAT:
        for root in _root(host, cache.roots):
            for folder in walk_folders(files, root, depth=cache.depth):
                for model in models_in(files, folder, f"cache:{cache.ecosystem}"):
                    if not model.name.startswith("incomplete-"):
                        yield _of_ecosystem(model, cache.ecosystem, root)
    for ecosystem, roots, depth in DATA_SETS:
        for root in _root(host, roots):
            for folder in walk_folders(files, root, depth=depth):
                for found in data_sets_in(files, folder, f"cache:{ecosystem}"):
                    yield replace(found, ecosystem=ecosystem)


def _root(host: Host, patterns: tuple[str, ...]) -> list[str]:
    """Give a cache's folder: the first variable that is set decides, whether the folder is there or not."""
    variables = {**host.variables}
    variables["CACHE"] = variables.get("XDG_CACHE_HOME") or f"{host.home}/.cache"
    for pattern in patterns:
        text = expand_variables(pattern, variables, host.home)
        if text is not None:
            return expand_folders(host.files, text)
    return []


def _of_ecosystem(model: Artifact, ecosystem: str, root: str) -> Artifact:
    name = posixpath.relpath(model.path, root)
    attributes: dict[str, Value] = dict(model.attributes)
    stated = _TORCH_HASH.search(model.name) if ecosystem == "torch-hub" else None
    if stated is not None:
        attributes["sha256_begins"] = stated["hash"]
    return replace(model, ecosystem=ecosystem, name=name, attributes=attributes)


def is_hub(files: Files, folder: str) -> bool:
    """Tell whether a folder is a cache of the Hugging Face hub, wherever it lies."""
    return any(_REPOSITORY.match(name) for name in files.names(folder))


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
        for commit in commits:
            base = _snapshot(f"{place}/snapshots/{commit}", name, commit, refs.get(commit), origin)
            if found["kind"] == "models":
                artifact = repository_model(files, base.root, base)
            else:
                artifact = _data_snapshot(files, base)
            yield replace(artifact, state=PARTIAL) if unfinished and artifact.state != BROKEN else artifact


def _snapshot(root: str, name: str, commit: str, ref: str | None, origin: str) -> Artifact:
    attributes: dict[str, Value] = {"revision": commit, **({"ref": ref} if ref else {})}
    return Artifact(
        kind="model",
        name=name,
        path=root,
        root=root,
        evidence=f"{name} at {commit[:12]} in a cache of the Hugging Face hub",
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
    return replace(base, kind="dataset", state=state, size=sum(blobs.values()), attributes=attributes)


class _Layer(msgspec.Struct, rename="camel"):
    media_type: str = ""
    digest: str = ""
    size: int = 0


class _Manifest(msgspec.Struct):
    layers: list[_Layer]


def _ollama(files: Files, root: str) -> Iterator[Artifact]:
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
            yield _ollama_model(files, root, name, manifest, path)


def _ollama_model(files: Files, root: str, name: str, manifest: _Manifest, path: str) -> Artifact:
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
