"""Tell which SSD-MobileNet it is, and whose classes it knows; name its form as the package does.

The network is told by the names of its layers. The classes are those of a data set: by the names in the file of labels
beside it, else by how many its last layers tell apart. A detector that neither proves says nothing of its data set.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from pkgmgr.detect.hooks import HookContext
from pkgmgr.model.entry import Value

_FORMATS = {"tf-frozen": "tf", "tf-saved-model": "tf"}
_PRECISIONS = {"fp32": "f32", "fp16": "f16", "quant": "int8", "uint8": "int8"}
_RELEASE = re.compile(r"(20\d\d)[_-](\d\d)[_-](\d\d)")
_LABEL = re.compile(r"\s*(?:\d+\s*[:,]?\s+)?[\"']?(?P<name>[^\"'\s][^\"']*?)[\"']?\s*")
_NO_CLASS = frozenset({"???", "background", "n/a", "unlabeled"})
_OF_COCO = frozenset({"baseball glove", "fire hydrant", "hair drier", "potted plant", "sports ball"})
_COCO_CLASSES = 80
_OF_OPEN_IMAGES = frozenset({"computer monitor", "footwear", "high heels", "stationary bicycle"})
_BY_WIDTH = {90: "coco", 91: "coco", 601: "open-images", 602: "open-images"}
"""How many scores each box has, with or without one for the background. COCO's 80 classes are numbered up to 90."""
_WEIGHTS = re.compile(
    r"^(?P<head>\S*BoxPredictor_\d+/)(?P<kind>Class|BoxEncoding)Predictor/weights\S* \[(?:\d+,)*(?P<width>\d+)\]$",
    re.MULTILINE,
)
_SCORES = re.compile(r"f32\[(?:1|\?),(?P<boxes>\d+),(?P<width>\d+)\]$")
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
    return told | _classes(context, facts)


def _classes(context: HookContext, facts: dict[str, Value]) -> dict[str, Value]:
    """Give the data set whose classes a detector knows, and how many, as far as its files prove it."""
    beside, given = facts.get("given_files"), facts.get("given_attributes")
    labels = beside.get("labels") if isinstance(beside, dict) else None
    names = label_names(context.read_text(str(labels)) or "") if labels is not None else frozenset()
    if names:
        told = data_set_of(names)
        return {"classes": len(names)} | ({"dataset": told} if told is not None else {})
    outputs = given.get("outputs") if isinstance(given, dict) else None
    width = class_width(str(facts.get("shapes", "")), outputs if isinstance(outputs, list) else ())
    return {"dataset": _BY_WIDTH[width]} if width in _BY_WIDTH else {}


def label_names(text: str) -> frozenset[str]:
    """Read one name a line, which its number may precede; in small letters, without what stands for no class."""
    found = (_LABEL.fullmatch(line) for line in text.splitlines())
    return frozenset(match["name"].lower() for match in found if match is not None) - _NO_CLASS


def data_set_of(names: frozenset[str]) -> str | None:
    """Tell whose classes some names are; detectors of Open Images often know a few of its 601."""
    if len(names) == _COCO_CLASSES and names >= _OF_COCO:
        return "coco"
    return "open-images" if names >= _OF_OPEN_IMAGES else None


def class_width(shapes: str, outputs: Iterable[Value]) -> int | None:
    """Give how many scores each box has: by the weights of the last layers, else by what comes out.

    Both layers of a head judge the same boxes, and a box takes four numbers.
    """
    found = {(match["head"], match["kind"]): int(match["width"]) for match in _WEIGHTS.finditer(shapes)}
    widths = {
        4 * width / found[head, "BoxEncoding"]
        for (head, kind), width in found.items()
        if kind == "Class" and found.get((head, "BoxEncoding"))
    }
    if len(widths) == 1:
        return round(widths.pop())
    scores = [match for match in (_SCORES.search(str(text)) for text in outputs) if match is not None]
    boxes = {match["boxes"] for match in scores}
    wide = [int(match["width"]) for match in scores if match["width"] != "4"]
    return wide[0] if len(wide) == len(boxes) == 1 else None
