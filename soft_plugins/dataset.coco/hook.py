"""Tell COCO by its annotations, and how much of it is there by the photos that they name."""

from __future__ import annotations

import posixpath
import re

from pkgmgr.detect.hooks import HookContext
from pkgmgr.model.entry import Value

_LARGEST = 64 << 20
"""Bytes read: the list of photos lies in front, and that of train2017 ends before. The boxes behind it are not read."""
_STEP = 1 << 20
_FILE_NAME = re.compile(rb'"file_name"\s*:\s*"([^"\\]+)"')


def examine(context: HookContext, facts: dict[str, Value]) -> dict[str, Value] | str:
    """Give year, split, the folder of photos, and how many of the annotated ones are there."""
    path = str(facts["path"])
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
    for name in (f"{split}{told['year']}", "images", "."):
        images = posixpath.normpath(posixpath.join(root, name))
        count = len(wanted.intersection(context.files.names(images)))
        if count > present:
            present, told["images"] = count, images
    if wanted and present == len(wanted):
        told["state"] = "complete"
    return {**told, "present": present}


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
    return address[1].decode() if address is not None else ""
