"""TF.js, OpenVINO's and Core ML's formats: small texts or messages beside their weights. Pure, but for the source."""

from __future__ import annotations

import re

import msgspec

from pkgmgr.detect.models.facts import COMPLETE, UNKNOWN, ModelFacts, Weights, shaped
from pkgmgr.detect.models.source import NO_JSON, Message, Source, UnreadableError

_MOST_JSON = 32 << 20
_TFJS_TYPES = {"float32": "f32", "float16": "f16", "int32": "int32", "uint8": "uint8", "uint16": "uint16"}
_NODE_NAME = re.compile(rb'"name": ?"([^"\\]{1,200})"')
_NET = re.compile(rb'<net\s[^>]*?name="(?P<name>[^"]*)"[^>]*?version="(?P<version>\d+)"')
_IR_LAYER = re.compile(rb'<layer\s[^>]*?name="([^"]{1,200})"')
_IR_CONST = re.compile(rb'element_type="(\w+)"[^>]*?shape="([\d, ]*)"')
_IR_TYPES = {"f32": "f32", "f16": "f16", "bf16": "bf16", "i8": "int8", "u8": "uint8", "u4": "uint4", "i4": "int4"}


class _Weight(msgspec.Struct):
    name: str = ""
    dtype: str = ""
    shape: list[int] = []
    quantization: dict[str, object] = {}


class _Group(msgspec.Struct):
    paths: list[str]
    weights: list[_Weight] = []


class _TfjsModel(msgspec.Struct, rename="camel"):
    weights_manifest: list[_Group]
    model_topology: msgspec.Raw = msgspec.Raw(b"")
    format: str = ""
    converted_by: str | None = None
    generated_by: str | int | None = None


def read_tfjs(source: Source) -> ModelFacts | None:
    """Read TF.js's ``model.json``; None for any other JSON. ``details["shards"]`` names the files that belong to it."""
    if source.size > _MOST_JSON:
        return None
    try:
        model = msgspec.json.decode(source.head(_MOST_JSON), type=_TfjsModel)
    except NO_JSON:
        return None
    weights = Weights()
    names: dict[str, None] = {}
    shapes: list[str] = []
    for row in (row for group in model.weights_manifest for row in group.weights):
        stored = row.quantization.get("dtype", row.dtype)
        weights.add(_TFJS_TYPES.get(str(stored), str(stored)), row.shape)
        names[row.name] = None
        if len(row.shape) > 1:
            shapes.append(shaped(row.name, row.shape))
    topology = bytes(model.model_topology)
    names |= dict.fromkeys(name.decode("utf-8", "replace") for name in _NODE_NAME.findall(topology))
    return ModelFacts(
        format="tfjs",
        precision=weights.precision,
        parameters=weights.total,
        layers=tuple(names),
        shapes=tuple(shapes),
        details={
            "shards": [path for group in model.weights_manifest for path in group.paths],
            **({"kind": model.format} if model.format else {}),
            **({"converted_by": model.converted_by} if model.converted_by else {}),
        },
    )


def read_openvino(source: Source) -> ModelFacts | None:
    """Read OpenVINO's ``.xml``; None for any other XML. Its weights lie in the ``.bin`` of the same name."""
    found = _NET.search(source.head(8192))
    if found is None:
        return None
    content = source.head(4 << 20)
    weights = Weights()
    for type_, shape in _IR_CONST.findall(content):
        weights.add(_IR_TYPES.get(type_.decode(), type_.decode()), [int(size) for size in re.findall(rb"\d+", shape)])
    return ModelFacts(
        format="openvino",
        precision=weights.precision,
        parameters=weights.total,
        name=found["name"].decode("utf-8", "replace") or None,
        layers=tuple(name.decode("utf-8", "replace") for name in _IR_LAYER.findall(content)),
        details={"ir_version": int(found["version"])},
    )


def read_coreml(source: Source) -> ModelFacts | None:
    """Read Core ML's ``.mlmodel``; None for a file of another format."""
    model = Message(source)
    version, kind, licence = 0, 0, ""
    inputs: list[str] = []
    outputs: list[str] = []
    try:
        for number, start, end in model.fields():
            if number == 1 and end == -1:
                version = start
            elif number == 2 and end != -1:
                about = model.message(start, end)
                for field, a, b in about.fields():
                    if b != -1 and field in (1, 10):
                        (inputs if field == 1 else outputs).append(_feature_name(about.message(a, b)))
                    elif b != -1 and field == 100:
                        licence = _licence(about.message(a, b))
            elif number >= 200:
                kind = number
    except UnreadableError:
        return None
    if not 1 <= version <= 99 or not kind:
        return None
    return ModelFacts(
        format="coreml",
        state=COMPLETE if kind != 502 else UNKNOWN,  # a program's weights lie beside it
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        licence=licence or None,
        details={"specification": version},
    )


def _feature_name(message: Message) -> str:
    return next((message.text(a, b) for number, a, b in message.fields() if number == 1 and b != -1), "")


def _licence(message: Message) -> str:
    return next((message.text(a, b, most=80) for number, a, b in message.fields() if number == 4 and b != -1), "")
