"""Models in one folder, by their content: single files, files with shards, and folders that are one model.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.models.facts import BROKEN, COMPLETE, CUT, PARTIAL, UNKNOWN, ModelFacts
from pkgmgr.detect.models.reading import BY_NAME, BY_SUFFIX, look_at
from pkgmgr.detect.models.source import NO_JSON
from pkgmgr.detect.models.unusable import CONTROL, FORMATS, UNFINISHED, ending_of, finished_name
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value

_BESIDE = {
    "labels": ("labels.txt", "labelmap.txt", "label_map.txt", "coco_labels.txt", "classes.txt"),
    "license": ("LICENSE", "LICENSE.txt"),
    "config": ("config.json",),
    "tokenizer": ("tokenizer.json", "tokenizer.model"),
    "vocabulary": ("vocab.txt",),
}
_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.\w+)$")
_METADATA = re.compile(r"(?P<revision>[0-9a-f]{40})\n(?P<hash>[0-9a-f]+)\n(?P<time>\d+(?:\.\d+)?)\s*$")
_MOST_SHARDS = 500
_LEAST_WEIGHTS = 1 << 20
_NO_WEIGHTS = frozenset({".json", ".txt", ".md", ".model", ".jpg", ".png", ".gif", ".pdf", ".jsonl", ".py", ".spm"})
_NO_VARIABLES = "its variables are not there"
_BEST = ("safetensors", "gguf", "onnx", "tf-saved-model", "keras", "keras-h5", "tflite", "openvino", "coreml", "torch")
"""Which of several formats of one repository stands for it: first those that load without running code."""


class _Config(msgspec.Struct):
    model_type: str | None = None
    architectures: list[str] | None = None
    torch_dtype: str | None = None


def models_in(listing: Listing, origin: str) -> Iterator[Artifact]:
    """Give the models that lie in one folder, each shard with the model that it belongs to."""
    candidates = [*listing.ending(*BY_SUFFIX), *(name for name in BY_NAME if name in listing)]
    seen: set[str] = set()
    for name in dict.fromkeys(candidates):
        shard = _SHARD.match(name)
        stem = f"{shard['stem']}{shard['suffix']}" if shard else name
        if stem not in seen and not _is_placeholder(listing, name):
            seen.add(stem)
            yield from _model(listing, name, name, origin)
    for name in listing.ending(*UNFINISHED):
        whole = finished_name(name)
        if whole is not None and ending_of(whole) in FORMATS:
            yield from _model(listing, name, whole, origin)


def _fetched(listing: Listing, name: str) -> Mapping[str, Value]:
    """Give revision and hash that ``hf download --local-dir`` wrote down of a file, unless it has changed since."""
    if ".cache" not in listing:
        return {}
    files = listing.files
    content = files.read(listing.path(f".cache/huggingface/download/{name}.metadata"), 4096) or b""
    noted = _METADATA.match(content.decode("ascii", "replace"))
    state = files.stat(listing.path(name))
    if noted is None or state is None or state.mtime_ns / 1e9 - 1 > float(noted["time"]):
        return {}
    return {"revision": noted["revision"], **({"sha256": noted["hash"]} if len(noted["hash"]) == 64 else {})}


def _is_placeholder(listing: Listing, name: str) -> bool:
    """Tell whether a browser made an empty file to hold the name of what it is fetching beside it."""
    if not any(f"{name}{ending}" in listing for ending in UNFINISHED):
        return False
    state = listing.files.stat(listing.path(name))
    return state is not None and state.size == 0


def _model(listing: Listing, name: str, meant: str, origin: str) -> Iterator[Artifact]:
    """Give the model in one file.

    :param meant: its name, when it has been fetched.
    """
    files, path = listing.files, listing.path(name)
    state = files.stat(path)
    if state is None:
        yield _dangling(listing, name, origin)
        return
    facts = look_at(files, path, meant) if not state.is_folder else None
    if facts is None and name != meant and not state.is_folder:
        facts = ModelFacts(format=FORMATS[ending_of(meant)], state=PARTIAL)
    if facts is None:
        return
    if name != meant or f"{name}{CONTROL}" in listing:
        facts = replace(facts, state=PARTIAL, reason="its download has not finished")
    facts, parts = _with_parts(listing, name, facts)
    beside = {role: listing.path(file) for role, some in _BESIDE.items() for file in some if file in listing}
    attributes = {**facts.attributes(), **_config(files, beside.get("config"), facts), **_fetched(listing, name)}
    attributes.pop("shards", None)
    yield Artifact(
        kind="model",
        name=meant,
        path=path,
        root=listing.folder,
        evidence=f"the header of {path}",
        origin=origin,
        state=facts.state,
        size=_size(files, parts),
        files={"model": path, **_parts(files, path, parts), **beside},
        attributes=attributes,
        layers=facts.layers,
        shapes=facts.shapes,
    )


def repository_model(files: Files, folder: str, base: Artifact) -> Artifact:
    """Give one model for a folder that is one repository, whatever formats it holds."""
    found = [model for below in _levels(files, folder) for model in models_in(Listing(files, below), base.origin)]
    whole = [model for model in found if model.state != BROKEN]
    other = _other_weights(files, folder) if not found else ""
    if other:
        return replace(base, path=other, attributes={**base.attributes, "format": ending_of(other).lstrip(".")})
    if not found:
        told: dict[str, Value] = {**base.attributes, "lacks": "weights", "reason": "no weights are there"}
        return replace(base, state=PARTIAL, attributes=told)
    chosen = min(whole or found, key=lambda model: (_rank(model), -model.size, model.name))
    config = f"{folder}/config.json"
    worst = next((model for state in (BROKEN, PARTIAL) for model in found if model.state == state), chosen)
    formats: list[Value] = list(dict.fromkeys(str(model.attributes.get("format")) for model in found))
    extra: dict[str, Value] = {"formats": formats} if len(formats) > 1 else {}
    if worst is not chosen:
        extra["reason"] = f"{posixpath.basename(worst.path)}: {worst.attributes.get('reason', worst.state)}"
    if files.stat(config) is not None and "architecture" not in chosen.attributes:
        extra |= _config(files, config, None)
    return replace(
        base,
        path=chosen.path,
        state=worst.state,
        size=sum({_blob(files, model.path): model.size for model in found}.values()),
        files={**chosen.files, **base.files},
        attributes={**chosen.attributes, **extra, **base.attributes},
        layers=chosen.layers,
        shapes=chosen.shapes,
    )


def _other_weights(files: Files, folder: str) -> str:
    """Give the largest file of a repository whose weights are in no format that is read here; empty where none is."""
    paths = [f"{below}/{name}" for below in _levels(files, folder) for name in files.names(below)]
    sizes = {path: state.size for path in paths if (state := files.stat(path)) is not None and not state.is_folder}
    largest = max(sizes, key=lambda path: sizes[path], default="")
    return largest if sizes.get(largest, 0) >= _LEAST_WEIGHTS and ending_of(largest) not in _NO_WEIGHTS else ""


def _blob(files: Files, path: str) -> tuple[int, int] | str:
    state = files.stat(path)
    return (state.device, state.inode) if state is not None else path


def _levels(files: Files, folder: str) -> list[str]:
    return [folder, *(f"{folder}/{name}" for name in files.subfolders(folder)[:50])]


def _rank(model: Artifact) -> int:
    format_ = str(model.attributes.get("format"))
    return _BEST.index(format_) if format_ in _BEST else len(_BEST)


def _dangling(listing: Listing, name: str, origin: str) -> Artifact:
    path = listing.path(name)
    told: dict[str, Value] = {"format": FORMATS.get(ending_of(name), ""), "reason": "it is a link that leads nowhere"}
    return Artifact(
        kind="model",
        name=name,
        path=path,
        root=listing.folder,
        evidence=f"{path} is a link that leads nowhere",
        origin=origin,
        state=BROKEN,
        attributes=told,
    )


def _with_parts(listing: Listing, name: str, facts: ModelFacts) -> tuple[ModelFacts, list[str]]:
    """Hold a model against the other files that it says belong to it: shards, external data, variables, weights."""
    files = listing.files
    wanted: list[str] = []
    shard = _SHARD.match(name)
    if shard:
        count = min(int(shard["count"]), _MOST_SHARDS)
        numbers = range(1, count + 1)
        wanted = [f"{shard['stem']}-{number:05d}-of-{shard['count']}{shard['suffix']}" for number in numbers]
        facts = _with_shards(files, [listing.path(part) for part in wanted if part != name], facts)
    shards = facts.details.get("shards")
    if isinstance(shards, list):
        wanted = [str(part) for part in shards]
        facts = replace(facts, state=COMPLETE)
    external = facts.details.get("external_data")
    if isinstance(external, list):
        wanted = [str(part) for part in external]
    if facts.format == "openvino":
        wanted, facts = [posixpath.splitext(name)[0] + ".bin"], replace(facts, state=COMPLETE)
    if facts.format == "tf-saved-model" and facts.state == UNKNOWN and "variables" in listing:
        below = files.names(listing.path("variables"))
        is_whole = "variables.index" in below and len(below) > 1
        facts = replace(facts, state=COMPLETE if is_whole else PARTIAL, reason="" if is_whole else _NO_VARIABLES)
        wanted = [f"variables/{part}" for part in below]
    missing = [part for part in wanted if files.stat(listing.path(part)) is None]
    if missing:
        lacks: list[Value] = list(missing[:5])
        reason = f"{len(missing)} of its {len(wanted)} files are not there"
        facts = replace(facts, state=PARTIAL, reason=reason, details={**facts.details, "lacks": lacks})
    return facts, [listing.path(part) for part in (name, *wanted)]


def _with_shards(files: Files, others: Iterable[str], facts: ModelFacts) -> ModelFacts:
    """Add what the other shards of a model tell: their layers and weights, and whether one of them is spoilt."""
    for path in others:
        told = look_at(files, path, posixpath.basename(path)) if files.stat(path) is not None else None
        if told is None:
            continue
        if told.state in (PARTIAL, BROKEN) and facts.state not in (PARTIAL, BROKEN):
            reason = f"{posixpath.basename(path)}: {told.reason or CUT}"
            facts = replace(facts, state=told.state, reason=reason)
        count = (facts.parameters or 0) + (told.parameters or 0)
        layers, shapes = (*facts.layers, *told.layers), (*facts.shapes, *told.shapes)
        facts = replace(facts, parameters=count or None, layers=layers, shapes=shapes)
    return facts


def _parts(files: Files, path: str, parts: Iterable[str]) -> Mapping[str, str]:
    """Give role → path of the further files of a model: what is locked and verified is all of it."""
    there = dict.fromkeys(part for part in parts if part != path and files.stat(part) is not None)
    return {f"part-{number}": part for number, part in enumerate(there, start=2)}


def _size(files: Files, paths: Iterable[str]) -> int:
    """Add the sizes of files, one that has several names once."""
    states = {(state.device, state.inode): state.size for path in paths if (state := files.stat(path)) is not None}
    return sum(states.values())


def _config(files: Files, path: str | None, facts: ModelFacts | None) -> Mapping[str, Value]:
    """Read the architecture from Hugging Face's ``config.json`` beside a model."""
    if path is None or (facts is not None and facts.architecture):
        return {}
    try:
        config = msgspec.json.decode(files.read(path) or b"", type=_Config)
    except NO_JSON:
        return {}
    told: dict[str, Value] = {}
    if config.model_type:
        told["architecture"] = config.model_type
    if config.architectures:
        told["model_class"] = config.architectures[0]
    return told
