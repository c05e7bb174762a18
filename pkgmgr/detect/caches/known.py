"""The caches of other tools: where each one is, which variable moves it, and who reads its layout. Only read.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections import ChainMap
from collections.abc import Callable, Iterator, Sequence

import msgspec
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
from pkgmgr.detect.caches.plain import models_in
from pkgmgr.detect.caches.spacy import spacy_models
from pkgmgr.detect.caches.ultralytics import ultralytics_folders
from pkgmgr.detect.folders import expand_folders, expand_variables, walk_folders
from pkgmgr.detect.python_sites import Site
from pkgmgr.host.ports import Files, Host

_INCOMPLETE_MODEL = re.compile(r"incomplete-")
"""GPT4All's application puts it before the name of what it is fetching."""


class _Flat(msgspec.Struct, frozen=True, kw_only=True):
    """A cache whose files are models, or whose folders are data sets, under their own names."""

    ecosystem: str
    roots: tuple[str, ...]
    """The first that can be expanded counts: variables before defaults."""
    depth: int = 0


MODELS = (
    _Flat(ecosystem="torch-hub", roots=("$TORCH_HOME/hub/checkpoints", "$CACHE/torch/hub/checkpoints"), depth=1),
    _Flat(ecosystem="keras", roots=("$KERAS_HOME/models", "~/.keras/models"), depth=1),
    _Flat(ecosystem="llama.cpp", roots=("$LLAMA_CACHE", "$CACHE/llama.cpp")),
    _Flat(ecosystem="lm-studio", roots=("~/.lmstudio/models",), depth=2),
    _Flat(ecosystem="lm-studio", roots=("~/.cache/lm-studio/models",), depth=2),
    _Flat(ecosystem="gpt4all", roots=("~/.cache/gpt4all",)),
    _Flat(ecosystem="gpt4all", roots=("~/.local/share/nomic.ai/GPT4All",)),
    _Flat(ecosystem="whisper", roots=("$CACHE/whisper",)),
    _Flat(ecosystem="easyocr", roots=("$EASYOCR_MODULE_PATH/model", "$MODULE_PATH/model", "~/.EasyOCR/model")),
    _Flat(ecosystem="tfhub", roots=("$TFHUB_CACHE_DIR", "$TMPDIR/tfhub_modules", "/tmp/tfhub_modules"), depth=2),
    _Flat(ecosystem="stanza", roots=("$STANZA_RESOURCES_DIR", "$OWN_CACHE/stanza"), depth=4),
    _Flat(ecosystem="fiftyone", roots=("$FIFTYONE_MODEL_ZOO_DIR", "~/fiftyone/__models__"), depth=1),
)
DATA_SETS = (
    _Flat(ecosystem="tfds", roots=("$TFDS_DATA_DIR", "~/tensorflow_datasets"), depth=4),
    _Flat(
        ecosystem="huggingface-datasets",
        roots=("$HF_DATASETS_CACHE", "$HF_HOME/datasets", "$CACHE/huggingface/datasets"),
        depth=4,
    ),
    _Flat(ecosystem="keras", roots=("$KERAS_HOME/datasets", "~/.keras/datasets"), depth=3),
    _Flat(ecosystem="fiftyone", roots=("$FIFTYONE_DATASET_ZOO_DIR", "~/fiftyone"), depth=3),
)
Reader = Callable[[Files, str], Iterator[Artifact]]
LAYOUTS: tuple[tuple[tuple[str, ...], Reader], ...] = (
    (
        ("$HF_HUB_CACHE", "$HUGGINGFACE_HUB_CACHE", "$HF_HOME/hub", "$CACHE/huggingface/hub"),
        lambda files, root: hub_artifacts(files, root, "cache:huggingface"),
    ),
    (("$OLLAMA_MODELS", "~/.ollama/models"), ollama_models),
    (("$KAGGLEHUB_CACHE", "~/.cache/kagglehub"), kaggle_artifacts),
    (("$MODELSCOPE_CACHE", "~/.cache/modelscope"), modelscope_artifacts),
    (("$GENSIM_DATA_DIR", "~/gensim-data"), gensim_data),
    (("$SCIKIT_LEARN_DATA", "~/scikit_learn_data"), sklearn_data),
)
"""Caches with a layout of their own: where, and who reads it."""
_BY_NAME: dict[str, Reader] = {
    "kagglehub": kaggle_artifacts,
    "modelscope": modelscope_artifacts,
    "gensim-data": gensim_data,
    "scikit_learn_data": sklearn_data,
    "nltk_data": corpora_in,
}
"""Caches that are known by the name of their folder, below a search path."""
POOCH = (
    ("scipy", ("$OWN_CACHE/scipy-data",)),
    ("scikit-image", ("$SKIMAGE_DATADIR", "$OWN_CACHE/scikit-image")),
    ("librosa", ("$LIBROSA_DATA_DIR", "$OWN_CACHE/librosa")),
    ("geodatasets", ("$OWN_CACHE/geodatasets",)),
    ("ensaio", ("$OWN_CACHE/ensaio",)),
    ("xarray", ("$OWN_CACHE/xarray_tutorial_data",)),
)
"""Projects that fetch their examples with pooch, which checks the hash of each file before it gives it its name."""
NLTK = ("/usr/share/nltk_data", "/usr/local/share/nltk_data", "/usr/lib/nltk_data", "/usr/local/lib/nltk_data")
_BELOW_PREFIX = ("nltk_data", "share/nltk_data", "lib/nltk_data")


def cached_artifacts(host: Host, sites: Sequence[Site] = ()) -> Iterator[Artifact]:
    """Give the models and data sets in every cache that is here.

    :param sites: of Python: some tools keep what they fetch below an interpreter's prefix, or as a distribution.
    """
    files = host.files
    for patterns, read in LAYOUTS:
        for root in _root(host, patterns):
            yield from read(files, root)
    for cache in MODELS:
        for root in _root(host, cache.roots):
            yield from _models(files, root, cache)
    for cache in DATA_SETS:
        for root in _root(host, cache.roots):
            yield from _data_sets(files, root, cache)
    for project, patterns in POOCH:
        for root in _root(host, patterns):
            yield from pooch_files(files, root, project)
    for root in _nltk_roots(host, sites):
        yield from corpora_in(files, root)
    for site in sites:
        yield from spacy_models(files, site)
    for weights, data in ultralytics_folders(host):
        if weights:
            yield from _models(files, weights, _Flat(ecosystem="ultralytics", roots=()))
        if data:
            yield from _data_sets(files, data, _Flat(ecosystem="ultralytics", roots=(), depth=3))


def artifacts_of_cache(listing: Listing, origin: str) -> list[Artifact] | None:
    """Give what lies in a folder that is a whole cache of another tool, wherever somebody has put it.

    :return: None for any other folder.
    """
    files, folder = listing.files, listing.folder
    if is_hub(listing):
        return list(hub_artifacts(files, folder, origin))
    read = _BY_NAME.get(posixpath.basename(folder))
    if "manifests" in listing and "blobs" in listing:
        read = ollama_models
    return [replace(found, origin=origin) for found in read(files, folder)] if read is not None else None


def _models(files: Files, root: str, cache: _Flat) -> Iterator[Artifact]:
    for folder in walk_folders(files, root, depth=cache.depth):
        for model in models_in(Listing(files, folder), f"cache:{cache.ecosystem}"):
            if not _INCOMPLETE_MODEL.match(model.name):
                yield named_in_cache(files, model, cache.ecosystem, root)


def _data_sets(files: Files, root: str, cache: _Flat) -> Iterator[Artifact]:
    for folder in walk_folders(files, root, depth=cache.depth):
        for found in data_sets_in(Listing(files, folder), f"cache:{cache.ecosystem}"):
            yield replace(found, ecosystem=cache.ecosystem)


def _root(host: Host, patterns: tuple[str, ...]) -> list[str]:
    """Give a cache's folder: the first variable that is set decides, whether the folder is there or not."""
    cache = host.variables.get("XDG_CACHE_HOME") or f"{host.home}/.cache"
    own = f"{host.home}/Library/Caches" if host.target.startswith("macos") else cache
    # No copy: what is looked at is remembered with its value, and here that is what the patterns name.
    variables = ChainMap({"CACHE": cache, "OWN_CACHE": own}, host.variables)  # type: ignore[arg-type]  # only read
    for pattern in patterns:
        text = expand_variables(pattern, variables, host.home)
        if text is not None:
            return expand_folders(host.files, text)
    return []


def _nltk_roots(host: Host, sites: Sequence[Site]) -> list[str]:
    """Give all places where NLTK looks, not the first alone, as it does itself."""
    listed = [path for path in host.variables.get("NLTK_DATA", "").split(":") if path.startswith("/")]
    prefixes = dict.fromkeys(site.prefix for site in sites)
    own = [posixpath.join(prefix, below) for prefix in prefixes for below in _BELOW_PREFIX]
    places = dict.fromkeys([*listed, f"{host.home}/nltk_data", *own, *NLTK])
    return [place for place in places if host.files.names(place)]
