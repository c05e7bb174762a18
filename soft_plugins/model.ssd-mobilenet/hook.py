"""Tell which SSD-MobileNet it is, by the names of its layers, and name its form as the package does."""

from __future__ import annotations

import posixpath
import re

from pkgmgr.detect.hooks import HookContext
from pkgmgr.model.entry import Value

_FORMATS = {"tf-frozen": "tf", "tf-saved-model": "tf"}
_PRECISIONS = {"fp32": "f32", "fp16": "f16", "quant": "int8", "uint8": "int8"}
_RELEASE = re.compile(r"(20\d\d)[_-](\d\d)[_-](\d\d)")
_STATED = re.compile(r"(?:^|[_.-])(f32|fp32|f16|fp16|int8|quant)(?:[_.-]|$)")


def examine(context: HookContext, facts: dict[str, Value]) -> dict[str, Value] | str:
    """Give format, architecture, precision and release, or say why the model can't be used."""
    path, layers = str(facts["path"]), str(facts.get("layers", ""))
    if facts.get("state") in ("partial", "broken"):
        given = facts.get("given_attributes")
        lacks = given.get("lacks") if isinstance(given, dict) else None
        missing = ", ".join(map(str, lacks)) if isinstance(lacks, list) else "a part of it"
        return f"{facts['state']}: {missing} not there"
    told: dict[str, Value] = {"arch": "v1"}
    if "FeatureExtractor/MobilenetV2" in layers:
        told["arch"] = "v2-lite" if "BoxEncodingPredictor_depthwise" in layers else "v2"
    release = _RELEASE.search(path)
    if release is not None:
        told["version"] = ".".join(release.groups())
    told["format"] = _FORMATS.get(str(facts["format"]), str(facts["format"]))
    stated = _STATED.search(posixpath.basename(path))
    precision = stated[1] if stated is not None else str(facts.get("precision", "f32"))
    told["precision"] = _PRECISIONS.get(precision, precision)
    return told
