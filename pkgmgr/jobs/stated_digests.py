"""What is stated of the files in a folder: the names of a hub's blobs, lists of checksums, what DVC wrote down.

Touches: the folder, read only.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

LISTS = {
    "sha256": re.compile(r"(?:sha256sums?|checksums?[.]sha256)(?:[.]txt)?$", re.IGNORECASE),
    "md5": re.compile(r"(?:md5sums?|checksums?[.]md5)(?:[.]txt)?$", re.IGNORECASE),
}
"""Algorithm → what the lists are called that `sha256sum` and `md5sum` write, in the folder itself."""
_LINE = re.compile(
    r"(?P<digest>[0-9a-fA-F]{32}(?:[0-9a-fA-F]{32})?)[ \t]+[*]?(?:[.]/)?(?P<path>[^\r\n]+)$", re.MULTILINE
)
_LENGTHS = {"sha256": 64, "md5": 32}
_BLOB = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LONGEST_LIST = 64 << 20
_BLOCK = 1 << 20

Stated = Mapping[str, tuple[str, str]]
"""Path in the folder → algorithm and digest. ``git``: the SHA-1 that git gives a file."""


class _Member(msgspec.Struct):
    md5: str
    relpath: str


def stated_digests(folder: Path, listed_by: str = "") -> Stated:
    """Give what is stated of the files in a folder; empty where nothing is.

    :param listed_by: DVC's list of them.
    """
    return {**dict(_of_blobs(folder)), **dict(_of_lists(folder)), **dict(_of_dvc(listed_by))}


def read_digest(path: Path, algorithm: str) -> str | None:
    """Give the digest of a file; None where it can't be read."""
    try:
        with path.open("rb") as file:
            if algorithm != "git":
                return hashlib.file_digest(file, _hasher(algorithm)).hexdigest()
            size = os.fstat(file.fileno()).st_size
            made = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
            while block := file.read(_BLOCK):
                made.update(block)
            return made.hexdigest()
    except OSError:
        return None


def _hasher(algorithm: str) -> Callable[[], hashlib._Hash]:
    return lambda: hashlib.new(algorithm, usedforsecurity=False)


def _of_blobs(folder: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Give what the hub's cache states: a snapshot is links to blobs, called by their hash."""
    for place, _, names in os.walk(folder) if folder.parent.name == "snapshots" else ():
        for name in names:
            path = os.path.join(place, name)
            leads = os.readlink(path) if os.path.islink(path) else ""
            blob = os.path.basename(leads)
            if _BLOB.fullmatch(blob) and os.path.basename(os.path.dirname(leads)) == "blobs":
                yield os.path.relpath(path, folder), ("sha256" if len(blob) == _LENGTHS["sha256"] else "git", blob)


def _of_lists(folder: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    for name in sorted(os.listdir(folder)):
        for algorithm, expression in LISTS.items():
            path = folder / name
            if expression.match(name) is None or not path.is_file() or path.stat().st_size > _LONGEST_LIST:
                continue
            for line in _LINE.finditer(path.read_text(encoding="utf-8", errors="surrogateescape")):
                inside = os.path.normpath(line["path"])
                if _is_inside(inside) and len(line["digest"]) == _LENGTHS[algorithm]:
                    yield inside, (algorithm, line["digest"].lower())


def _is_inside(path: str) -> bool:
    """Tell whether a list speaks of the data set: what it says of files elsewhere is no reason to read them."""
    return not os.path.isabs(path) and path.split(os.sep)[0] != os.pardir


def _of_dvc(listed_by: str) -> Iterator[tuple[str, tuple[str, str]]]:
    try:
        members = msgspec.json.decode(Path(listed_by).read_bytes(), type=list[_Member]) if listed_by else []
    except (OSError, msgspec.MsgspecError):
        return
    stated = ((os.path.normpath(member.relpath), ("md5", member.md5)) for member in members)
    yield from ((path, digest) for path, digest in stated if _is_inside(path))
