"""The caches of other tools: who reads the layout of each. Only read.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.caches.corpora import corpora_in, gensim_data, pooch_files, sklearn_data
from pkgmgr.detect.caches.data_sets import data_sets_in
from pkgmgr.detect.caches.hub import hub_artifacts, is_hub
from pkgmgr.detect.caches.kaggle import kaggle_artifacts
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.caches.modelscope import modelscope_artifacts
from pkgmgr.detect.caches.named import named_in_cache
from pkgmgr.detect.caches.ollama import ollama_models
from pkgmgr.detect.caches.places import Place
from pkgmgr.detect.caches.plain import models_in
from pkgmgr.detect.caches.spacy import pipeline_in
from pkgmgr.detect.folders import walk_folders
from pkgmgr.host.ports import Files

_INCOMPLETE_MODEL = re.compile(r"incomplete-")
"""GPT4All's application puts it before the name of what it is fetching."""

_READERS: dict[str, Callable[[Files, Place], Iterator[Artifact]]] = {
    "huggingface": lambda files, place: hub_artifacts(files, place.root, "cache:huggingface"),
    "ollama": lambda files, place: ollama_models(files, place.root),
    "kagglehub": lambda files, place: kaggle_artifacts(files, place.root),
    "modelscope": lambda files, place: modelscope_artifacts(files, place.root),
    "gensim-data": lambda files, place: gensim_data(files, place.root),
    "scikit_learn_data": lambda files, place: sklearn_data(files, place.root),
    "nltk_data": lambda files, place: corpora_in(files, place.root),
    "pooch": lambda files, place: pooch_files(files, place.root, place.ecosystem),
    "spacy": lambda files, place: pipeline_in(Listing(files, place.root), place.origin),
    "models": lambda files, place: _models(files, place),
    "data sets": lambda files, place: _data_sets(files, place),
}
"""Layout → who reads it."""
_BY_NAME = ("kagglehub", "modelscope", "gensim-data", "scikit_learn_data", "nltk_data")
"""Layouts that are known by the name of their folder, below a search path."""


def artifacts_in(files: Files, places: Iterable[Place]) -> Iterator[Artifact]:
    """Give the models and data sets in the caches that are here."""
    for place in places:
        yield from _READERS[place.layout](files, place)


def artifacts_of_cache(listing: Listing, origin: str) -> list[Artifact] | None:
    """Give what lies in a folder that is a whole cache of another tool, wherever somebody has put it.

    :return: None for any other folder.
    """
    files, folder = listing.files, listing.folder
    if is_hub(listing):
        return list(hub_artifacts(files, folder, origin))
    name = posixpath.basename(folder)
    layout = "ollama" if "manifests" in listing and "blobs" in listing else name if name in _BY_NAME else None
    if layout is None:
        return None
    return [replace(found, origin=origin) for found in artifacts_in(files, [Place(root=folder, layout=layout)])]


def _models(files: Files, place: Place) -> Iterator[Artifact]:
    for folder in walk_folders(files, place.root, depth=place.depth):
        for model in models_in(Listing(files, folder), f"cache:{place.ecosystem}"):
            if not _INCOMPLETE_MODEL.match(model.name):
                yield named_in_cache(files, model, place.ecosystem, place.root)


def _data_sets(files: Files, place: Place) -> Iterator[Artifact]:
    for folder in walk_folders(files, place.root, depth=place.depth):
        for found in data_sets_in(Listing(files, folder), f"cache:{place.ecosystem}"):
            yield replace(found, ecosystem=place.ecosystem)
