"""Models and data sets that lie in a folder under their own names, or in a cache that somebody has put elsewhere.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.caches.data_sets import data_sets_in
from pkgmgr.detect.caches.dvc import dvc_outputs
from pkgmgr.detect.caches.known import artifacts_of_cache
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.caches.plain import models_in
from pkgmgr.detect.caches.spacy import pipeline_in
from pkgmgr.host.ports import Files

_ORIGIN = "search-path"


def found_below(files: Files, searched: Sequence[str]) -> Iterator[Artifact]:
    """Give what lies in the folders of a search.

    :param searched: a folder comes before those that it holds.
    """
    caches: list[str] = []
    for folder in searched:
        if folder.startswith(tuple(f"{cache}/" for cache in caches)):
            continue
        listing = Listing(files, folder)
        found = artifacts_of_cache(listing, _ORIGIN)
        if found is None:
            yield from lying_in(listing, _ORIGIN)
        else:
            caches.append(folder)
            yield from found


def lying_in(listing: Listing, origin: str) -> Iterator[Artifact]:
    """Give what lies in one folder under its own name."""
    yield from models_in(listing, origin)
    yield from pipeline_in(listing, origin)
    yield from data_sets_in(listing, origin)
    yield from dvc_outputs(listing, origin)
