"""What DVC keeps track of: ``*.dvc`` and ``dvc.lock`` name files by hash, in the work tree or in its cache.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import msgspec

from pkgmgr.detect.caches.artifact import Artifact, data_set
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.models.facts import COMPLETE, PARTIAL
from pkgmgr.detect.models.reading import look_at
from pkgmgr.detect.models.source import NO_JSON
from pkgmgr.detect.models.unusable import FORMATS, ending_of
from pkgmgr.host.ports import Files

_LARGEST = 1 << 20
_ROW = re.compile(r"(?P<indent> *)(?P<item>- )?(?P<key>[\w-]+):(?: (?P<value>.*))?$")
_CACHE_DIR = re.compile(r"^\s*\[cache\]\s*\n(?:(?!\s*\[).*\n)*?\s*dir\s*=\s*(?P<dir>.+?)\s*$", re.MULTILINE)
_NOT_HERE = "in neither the work tree nor the cache: `dvc pull` gets it"


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that DVC keeps track of."""

    path: str
    """As it is written: relative to the file that names it."""
    md5: str
    """With ``.dir`` behind it for a folder: then the object lists what is in it."""
    size: int = 0
    is_new: bool = False
    """Whether DVC 3 wrote it: its objects lie in ``files/md5``."""


def parse_outputs(text: str) -> list[Output]:
    """Read the ``outs`` of a ``.dvc`` file or of ``dvc.lock``, both YAML as DVC writes it. Pure."""
    found: list[dict[str, str]] = []
    level = -1
    for line in text.splitlines():
        row = _ROW.match(line)
        if row is None:
            continue
        indent = len(row["indent"])
        if row["key"] == "outs" and not row["value"]:
            level = indent
        elif level >= 0 and (indent < level or (indent == level and not row["item"])):
            level = -1
        elif level >= 0:
            if row["item"]:
                found.append({})
            if found:
                found[-1][row["key"]] = (row["value"] or "").strip("'\"")
    return [
        Output(
            path=item["path"],
            md5=item["md5"],
            size=int(item["size"]) if item.get("size", "").isdigit() else 0,
            is_new=item.get("hash") == "md5",
        )
        for item in found
        if re.fullmatch(r"[0-9a-f]{32}(?:\.dir)?", item.get("md5", "")) and item.get("path")
    ]


def dvc_outputs(listing: Listing, origin: str) -> Iterator[Artifact]:
    """Give what the files of DVC in this folder name."""
    names = [name for name in listing.ending(".dvc") if name != ".dvc"]
    names += ["dvc.lock"] if "dvc.lock" in listing else []
    cache = _cache_of(listing.files, listing.folder) if names else None
    if cache is None:
        return
    for name in names:
        content = listing.files.read(listing.path(name), _LARGEST) or b""
        for output in parse_outputs(content.decode("utf-8", "replace")):
            yield from _artifact(listing, output, cache, origin, name)


def _cache_of(files: Files, folder: str) -> str | None:
    """Give the cache of the project that a folder lies in; None outside of one."""
    place = folder
    while ".dvc" not in files.subfolders(place):
        if place in ("/", ""):
            return None
        place = posixpath.dirname(place)
    for config in ("config.local", "config"):
        found = _CACHE_DIR.search((files.read(f"{place}/.dvc/{config}", _LARGEST) or b"").decode("utf-8", "replace"))
        if found is not None:
            return posixpath.normpath(posixpath.join(place, ".dvc", found["dir"]))
    return f"{place}/.dvc/cache"


def _artifact(listing: Listing, output: Output, cache: str, origin: str, name: str) -> Iterator[Artifact]:
    files = listing.files
    path = posixpath.normpath(posixpath.join(listing.folder, output.path))
    there = files.stat(path)
    stored = _object(files, cache, output)
    kept = files.stat(stored)
    is_model = ending_of(output.path) in FORMATS
    if is_model and there is not None:
        return  # it lies in the work tree, and is found there
    place = path if there is not None or kept is None else stored
    if is_model and kept is not None:
        yield from _kept_model(listing, output, stored, origin)
        return
    reason = _lacking(files, cache, output, path, stored)
    yield data_set(
        posixpath.basename(path),
        "dvc",
        place if files.stat(place) is not None else listing.path(name),
        origin,
        PARTIAL if reason else COMPLETE,
        root=listing.folder,
        size=output.size,
        reason=reason,
        told={
            "md5": None if output.md5.endswith(".dir") else output.md5,
            "tracked_by": listing.path(name),
            "listed_by": stored if output.md5.endswith(".dir") and kept is not None else None,
        },
    )


def _object(files: Files, cache: str, output: Output, md5: str = "") -> str:
    """Give where an object lies: below ``files/md5``, or where DVC 2 put it."""
    digest = md5 or output.md5
    new = f"{cache}/files/md5/{digest[:2]}/{digest[2:]}"
    old = f"{cache}/{digest[:2]}/{digest[2:]}"
    return new if output.is_new or files.stat(old) is None else old


class _Member(msgspec.Struct):
    md5: str
    relpath: str


def _lacking(files: Files, cache: str, output: Output, path: str, stored: str) -> str:
    """Say what is missing; nothing when all of it is here, in the work tree or in the cache."""
    if not output.md5.endswith(".dir"):
        sizes = [state.size for place in (path, stored) if (state := files.stat(place)) is not None]
        if not sizes:
            return _NOT_HERE
        return "" if not output.size or output.size in sizes else f"{max(sizes)} of {output.size} bytes are here"
    try:
        members = msgspec.json.decode(files.read(stored, 64 << 20) or b"", type=list[_Member])
    except NO_JSON:
        return "" if files.stat(path) is not None else _NOT_HERE
    missing = [
        member
        for member in members
        if files.stat(f"{path}/{member.relpath}") is None
        and files.stat(_object(files, cache, output, member.md5)) is None
    ]
    return f"{len(missing)} of {len(members)} files are {_NOT_HERE}" if missing else ""


def _kept_model(listing: Listing, output: Output, stored: str, origin: str) -> Iterator[Artifact]:
    """Give a model that lies in the cache alone, under its hash."""
    facts = look_at(listing.files, stored, posixpath.basename(output.path))
    if facts is not None:
        yield Artifact(
            kind="model",
            name=posixpath.basename(output.path),
            path=stored,
            root=posixpath.dirname(stored),
            evidence=f"{output.path} in the cache of DVC",
            ecosystem="dvc",
            origin=origin,
            state=facts.state,
            size=output.size,
            files={"model": stored},
            attributes={**facts.attributes(), "md5": output.md5},
            layers=facts.layers,
            shapes=facts.shapes,
        )
