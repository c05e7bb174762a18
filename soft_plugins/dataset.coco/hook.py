"""Tell COCO by its annotations, and how much of it is there by the photos that they name."""

from __future__ import annotations

import posixpath
import re

from pkgmgr.detect.hooks import HookContext
from pkgmgr.model.entry import Value

_LARGEST = 64 << 20
"""Bytes read: the list of photos lies in front, and that of train2017 ends before. The boxes behind it are not read."""
_STEP = 1 << 20
_SPLITS = {"train": "train", "validation": "val", "test": "test"}
"""FiftyOne's names of folders."""
_FILE_NAME = re.compile(rb'"file_name"\s*:\s*"([^"\\]+)"')


_WHOLE = {
    ("2014", "train"): 82783,
    ("2014", "val"): 40504,
    ("2014", "test"): 40775,
    ("2017", "train"): 118287,
    ("2017", "val"): 5000,
    ("2017", "test"): 40670,
}
"""How many photos each part has: annotations of fewer are those of a subset."""


def examine(context: HookContext, facts: dict[str, Value]) -> dict[str, Value] | str:
    """Give year, split, the folder of photos, and how many of the annotated ones are there."""
    path = str(facts["path"])
    if "given_attributes" in facts:  # known by its layout already: an archive, or labels as texts
        return _known(facts)
    content = _front(context, path)
    year = re.search(rb"COCO (20\d\d) Dataset", content[:4096])
    if year is None:
        return "not COCO: its info does not say so"
    folder = posixpath.dirname(path)
    root = posixpath.dirname(folder) if posixpath.basename(folder) == "annotations" else folder
    wanted = {name.decode("utf-8", "replace") for name in _FILE_NAME.findall(content)}
    split = _split(path, content)
    told: dict[str, Value] = {"year": year[1].decode(), "root": root, "annotated": len(wanted), "state": "partial"}
    if split:
        told["split"] = split
    present = 0
    for name in (f"{split}{told['year']}", f"images/{split}{told['year']}", "images", "data", "."):
        images = posixpath.normpath(posixpath.join(root, name))
        count = len(wanted.intersection(context.files.names(images)))
        if count > present:
            present, told["images"] = count, images
    if wanted and present == len(wanted):
        told["state"] = "complete"
    else:
        told["reason"] = f"{len(wanted) - present} of {len(wanted)} annotated photos are not there"
    whole = _WHOLE.get((str(told["year"]), split))
    if whole is not None and "test-dev" not in path:
        told["of"] = whole
    return {**told, "present": present}


def _known(facts: dict[str, Value]) -> dict[str, Value]:
    given = facts["given_attributes"]
    told = dict(given) if isinstance(given, dict) else {}
    return {**told, "root": facts["prefix"], **({"year": facts["version"]} if "version" in facts else {})}


def _front(context: HookContext, path: str) -> bytes:
    """Read up to the annotations, which are most of the file, where they come behind the photos."""
    parts: list[bytes] = []
    while sum(map(len, parts)) < _LARGEST and (part := context.files.read(path, _STEP, len(parts) * _STEP)):
        parts.append(part)
        tail = b"".join(parts[-2:])
        if -1 < tail.find(b'"file_name"') < tail.rfind(b'"annotations"'):
            break
    return b"".join(parts)


def _split(path: str, content: bytes) -> str:
    named = re.search(r"(?:instances|image_info)_(val|train|test)(?:-dev)?20\d\d", path)
    if named is not None:
        return named[1]
    address = re.search(rb"images\.cocodataset\.org/(val|train|test)20\d\d", content)
    if address is not None:
        return address[1].decode()
    return _SPLITS.get(posixpath.basename(posixpath.dirname(path)), "")
