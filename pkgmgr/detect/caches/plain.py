"""Models in one folder, by their content: single files, files with shards, and folders that are one model.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import msgspec

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.models.facts import BROKEN, COMPLETE, PARTIAL, UNKNOWN, ModelFacts
from pkgmgr.detect.models.reading import read_model, reader_of
from pkgmgr.detect.models.source import NO_JSON
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value

_BESIDE = {
    "labels": ("labels.txt", "label_map.txt", "coco_labels.txt", "classes.txt"),
    "license": ("LICENSE", "LICENSE.txt"),
    "config": ("config.json",),
    "tokenizer": ("tokenizer.json", "tokenizer.model"),
    "vocabulary": ("vocab.txt",),
}
_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.\w+)$")
_BEST = ("safetensors", "gguf", "onnx", "tf-saved-model", "keras", "keras-h5", "tflite", "openvino", "coreml", "torch")
"""Which of several formats of one repository stands for it: first those that load without running code."""


class _Config(msgspec.Struct):
    model_type: str | None = None
    architectures: list[str] | None = None
    torch_dtype: str | None = None


def models_in(files: Files, folder: str, origin: str) -> Iterator[Artifact]:
    """Give the models that lie in one folder, each shard with the model that it belongs to."""
    names = files.names(folder)
    beside = {role: f"{folder}/{name}" for role, some in _BESIDE.items() for name in some if name in names}
    seen: set[str] = set()
    for name in names:
        reader = reader_of(name)
        if reader is None:
            continue
        shard = _SHARD.match(name)
        stem = f"{shard['stem']}{shard['suffix']}" if shard else name
        if stem in seen:
            continue
        seen.add(stem)
        path = posixpath.join(folder, name)
        state = files.stat(path)
        if state is None:
            yield _broken(folder, name, origin)
            continue
        facts = read_model(files, path, reader) if not state.is_folder else None
        if facts is None:
            continue
        facts, parts = _with_parts(files, folder, name, names, facts)
        attributes = {**facts.attributes(), **_config(files, beside.get("config"), facts)}
        attributes.pop("shards", None)
        yield Artifact(
            kind="model",
            name=name,
            path=path,
            root=folder,
            evidence=f"the header of {path}",
            origin=origin,
            state=facts.state,
            size=_size(files, parts),
            files={"model": path, **beside},
            attributes=attributes,
            layers=facts.layers,
        )


def repository_model(files: Files, folder: str, base: Artifact) -> Artifact:
    """Give one model for a folder that is one repository, whatever formats it holds."""
    found = [model for below in _levels(files, folder) for model in models_in(files, below, base.origin)]
    whole = [model for model in found if model.state != BROKEN]
    if not found:
        return replace(base, state=PARTIAL, attributes={**base.attributes, "lacks": "weights"})
    chosen = min(whole or found, key=lambda model: (_rank(model), -model.size, model.name))
    config = f"{folder}/config.json"
    states = {model.state for model in found}
    state = next((one for one in (BROKEN, PARTIAL) if one in states), chosen.state)
    formats: list[Value] = list(dict.fromkeys(str(model.attributes.get("format")) for model in found))
    extra: dict[str, Value] = {"formats": formats} if len(formats) > 1 else {}
    if files.stat(config) is not None and "architecture" not in chosen.attributes:
        extra |= _config(files, config, None)
    return replace(
        base,
        path=chosen.path,
        state=state,
        size=sum({_blob(files, model.path): model.size for model in found}.values()),
        files={**chosen.files, **base.files},
        attributes={**chosen.attributes, **extra, **base.attributes},
        layers=chosen.layers,
    )


def _blob(files: Files, path: str) -> tuple[int, int] | str:
    state = files.stat(path)
    return (state.device, state.inode) if state is not None else path


def _levels(files: Files, folder: str) -> list[str]:
    return [folder, *(f"{folder}/{name}" for name in files.subfolders(folder)[:50])]


def _rank(model: Artifact) -> int:
    format_ = str(model.attributes.get("format"))
    return _BEST.index(format_) if format_ in _BEST else len(_BEST)


def _broken(folder: str, name: str, origin: str) -> Artifact:
    path = posixpath.join(folder, name)
    said = f"{path} is a link that leads nowhere"
    suffix: dict[str, Value] = {"format": posixpath.splitext(name)[1].lstrip(".")}
    return Artifact(
        kind="model", name=name, path=path, root=folder, evidence=said, origin=origin, state=BROKEN, attributes=suffix
    )


def _with_parts(
    files: Files, folder: str, name: str, names: Iterable[str], facts: ModelFacts
) -> tuple[ModelFacts, list[str]]:
    """Hold a model against the other files that it says belong to it: shards, external data, variables, weights."""
    present = set(names)
    wanted: list[str] = []
    shard = _SHARD.match(name)
    if shard:
        count = int(shard["count"])
        wanted = [f"{shard['stem']}-{number:05d}-of-{count:05d}{shard['suffix']}" for number in range(1, count + 1)]
    shards = facts.details.get("shards")
    if isinstance(shards, list):
        wanted = [str(part) for part in shards]
        facts = replace(facts, state=COMPLETE)
    external = facts.details.get("external_data")
    if isinstance(external, list):
        wanted = [str(part) for part in external]
    if facts.format == "openvino":
        wanted, facts = [posixpath.splitext(name)[0] + ".bin"], replace(facts, state=COMPLETE)
    if facts.format == "tf-saved-model" and facts.state == UNKNOWN:
        below = files.names(f"{folder}/variables")
        index = "variables.index" in below
        facts = replace(
            facts, state=COMPLETE if index and len(below) > 1 else PARTIAL if "variables" in present else UNKNOWN
        )
    missing = [part for part in wanted if files.stat(posixpath.join(folder, part)) is None]
    if missing:
        lacks: list[Value] = list(missing[:5])
        facts = replace(facts, state=PARTIAL, details={**facts.details, "lacks": lacks})
    return facts, [posixpath.join(folder, part) for part in (name, *wanted)]


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
