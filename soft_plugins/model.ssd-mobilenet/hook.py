"""Tell SSD-MobileNet by what is in the file: the names of its layers stand in every format as plain text."""

from __future__ import annotations

import json
import posixpath
import re

from pkgmgr.detect.hooks import HookContext
from pkgmgr.model.entry import Value

_LARGEST = 256 << 20
"""Bytes read; the largest published one takes 70 MiB."""
_FORMATS = {".pb": "tf", ".json": "tfjs", ".tflite": "tflite", ".onnx": "onnx"}
_RELEASE = re.compile(r"(20\d\d)[_-](\d\d)[_-](\d\d)")


def examine(context: HookContext, facts: dict[str, Value]) -> dict[str, Value] | str:
    """Give format, architecture, precision and state, or say why it is another model."""
    path = str(facts["path"])
    content = context.files.read(path, _LARGEST) or b""
    format_ = _FORMATS[posixpath.splitext(path)[1]]
    if format_ == "tflite" and content[4:8] != b"TFL3":
        return "not a TFLite file: it lacks the mark TFL3"
    arch = _arch(content)
    if arch is None or not any(mark in content for mark in (b"BoxPredictor", b"Postprocessor", b"BoxEncoding")):
        return "not an SSD-MobileNet: no layer of its feature extractor and box predictor is named in it"
    told: dict[str, Value] = {"format": format_, "arch": arch, "state": "complete"}
    release = _RELEASE.search(path)
    if release is not None:
        told["version"] = ".".join(release.groups())
    if format_ == "tfjs":
        missing = _missing_shards(context, content, posixpath.dirname(path))
        if missing:
            return f"partial: {', '.join(missing)} not there"
    precision = re.search(r"(?:^|[_.-])(f32|fp32|f16|fp16|int8|quant)(?:[_.-]|$)", posixpath.basename(path))
    if precision is not None:
        told["precision"] = {"fp32": "f32", "fp16": "f16", "quant": "int8"}.get(precision[1], precision[1])
    elif format_ in ("tf", "tfjs"):
        told["precision"] = "f32"
    return told


def _arch(content: bytes) -> str | None:
    if b"FeatureExtractor/MobilenetV2" in content:
        return "v2-lite" if b"BoxEncodingPredictor_depthwise" in content else "v2"
    return "v1" if b"FeatureExtractor/MobilenetV1" in content else None


def _missing_shards(context: HookContext, content: bytes, folder: str) -> list[str]:
    """Name the weight files that the manifest lists and that are not beside it."""
    try:
        manifest = json.loads(content)["weightsManifest"]
        names = [str(name) for group in manifest for name in group["paths"]]
    except (ValueError, KeyError, TypeError):
        return ["its list of weights"]
    return [name for name in names if context.files.stat(posixpath.join(folder, name)) is None]
