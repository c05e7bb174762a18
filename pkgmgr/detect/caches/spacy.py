"""spaCy's pipelines, which are Python distributions: ``en_core_web_sm/en_core_web_sm-3.7.1`` in ``site-packages``.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.folders import walk_folders
from pkgmgr.detect.models.facts import COMPLETE, PARTIAL
from pkgmgr.detect.models.source import NO_JSON
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value


class _Meta(msgspec.Struct):
    lang: str
    name: str
    version: str
    spacy_version: str
    license: str = ""
    pipeline: list[str] = []


def pipeline_in(listing: Listing, origin: str) -> Iterator[Artifact]:
    """Give the pipeline whose folder this is, as `nlp.to_disk` writes it."""
    if "meta.json" not in listing or "config.cfg" not in listing:
        return
    files, folder = listing.files, listing.folder
    try:
        meta = msgspec.json.decode(files.read(listing.path("meta.json")) or b"", type=_Meta)
    except NO_JSON:
        return
    # A component without weights has no folder; the tokenizer and the words are there of each pipeline.
    lacks: list[Value] = [part for part in ("tokenizer", "vocab") if part not in listing]
    name = f"{meta.lang}_{meta.name}"
    told: dict[str, Value] = {"format": "spacy", "architecture": "spacy", "components": list(meta.pipeline)}
    told |= {"needs_spacy": meta.spacy_version, **({"licence": meta.license} if meta.license else {})}
    if lacks:
        told |= {"lacks": lacks, "reason": f"{len(lacks)} of its parts are not there"}
    yield Artifact(
        kind="model",
        name=name,
        path=folder,
        root=folder,
        evidence=f"{folder}/meta.json",
        ecosystem="spacy",
        origin=origin,
        version=meta.version,
        state=PARTIAL if lacks else COMPLETE,
        size=_size(files, folder),
        files={"model": folder, "meta": listing.path("meta.json")},
        attributes=told,
    )


def _size(files: Files, folder: str) -> int:
    found = {}
    for below in walk_folders(files, folder, depth=3):
        for name in files.names(below):
            state = files.stat(f"{below}/{name}")
            if state is not None and not state.is_folder:
                found[state.device, state.inode] = state.size
    return sum(found.values())
