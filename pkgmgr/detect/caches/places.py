"""The caches of other tools: where each one is, and which variable moves it. What lies in them is for others to read.

A machine has few of these caches or none; who reads their layouts is not even imported for one that is not there.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections import ChainMap
from collections.abc import Iterator, Sequence

import msgspec

from pkgmgr.detect.caches.ultralytics import ultralytics_folders
from pkgmgr.detect.folders import expand_folders, expand_variables
from pkgmgr.detect.python_sites import Site
from pkgmgr.host.ports import Files, Host
from pkgmgr.host.search import is_folder


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of a cache that is there."""

    root: str
    layout: str
    """Of a tool that has its own, by its name; ``models`` and ``data sets`` lie there under their own names."""
    ecosystem: str = ""
    depth: int = 0
    """How far below `root` folders are looked at."""
    origin: str = ""
    """Where what lies there is from; empty: from the cache of `ecosystem`."""


class _Cache(msgspec.Struct, frozen=True, kw_only=True):
    roots: tuple[str, ...]
    """The first that can be expanded counts: variables before defaults."""
    layout: str
    ecosystem: str = ""
    depth: int = 0


def _models(ecosystem: str, *roots: str, depth: int = 0) -> _Cache:
    return _Cache(roots=roots, layout="models", ecosystem=ecosystem, depth=depth)


def _data_sets(ecosystem: str, *roots: str, depth: int) -> _Cache:
    return _Cache(roots=roots, layout="data sets", ecosystem=ecosystem, depth=depth)


def _fetched_with_pooch(project: str, *roots: str) -> _Cache:
    """Give the cache of a project whose examples pooch fetches: it checks a file's hash, then gives it its name."""
    return _Cache(roots=roots, layout="pooch", ecosystem=project)


_CACHES = (
    _Cache(
        roots=("$HF_HUB_CACHE", "$HUGGINGFACE_HUB_CACHE", "$HF_HOME/hub", "$CACHE/huggingface/hub"),
        layout="huggingface",
    ),
    _Cache(roots=("$OLLAMA_MODELS", "~/.ollama/models"), layout="ollama"),
    _Cache(roots=("$KAGGLEHUB_CACHE", "~/.cache/kagglehub"), layout="kagglehub"),
    _Cache(roots=("$MODELSCOPE_CACHE", "~/.cache/modelscope"), layout="modelscope"),
    _Cache(roots=("$GENSIM_DATA_DIR", "~/gensim-data"), layout="gensim-data"),
    _Cache(roots=("$SCIKIT_LEARN_DATA", "~/scikit_learn_data"), layout="scikit_learn_data"),
    _models("torch-hub", "$TORCH_HOME/hub/checkpoints", "$CACHE/torch/hub/checkpoints", depth=1),
    _models("keras", "$KERAS_HOME/models", "~/.keras/models", depth=1),
    _models("llama.cpp", "$LLAMA_CACHE", "$CACHE/llama.cpp"),
    _models("lm-studio", "~/.lmstudio/models", depth=2),
    _models("lm-studio", "~/.cache/lm-studio/models", depth=2),
    _models("gpt4all", "~/.cache/gpt4all"),
    _models("gpt4all", "~/.local/share/nomic.ai/GPT4All"),
    _models("whisper", "$CACHE/whisper"),
    _models("easyocr", "$EASYOCR_MODULE_PATH/model", "$MODULE_PATH/model", "~/.EasyOCR/model"),
    _models("tfhub", "$TFHUB_CACHE_DIR", "$TMPDIR/tfhub_modules", "/tmp/tfhub_modules", depth=2),
    _models("stanza", "$STANZA_RESOURCES_DIR", "$OWN_CACHE/stanza", depth=4),
    _models("fiftyone", "$FIFTYONE_MODEL_ZOO_DIR", "~/fiftyone/__models__", depth=1),
    _data_sets("tfds", "$TFDS_DATA_DIR", "~/tensorflow_datasets", depth=4),
    _data_sets(
        "huggingface-datasets", "$HF_DATASETS_CACHE", "$HF_HOME/datasets", "$CACHE/huggingface/datasets", depth=4
    ),
    _data_sets("keras", "$KERAS_HOME/datasets", "~/.keras/datasets", depth=3),
    _data_sets("fiftyone", "$FIFTYONE_DATASET_ZOO_DIR", "~/fiftyone", depth=3),
    _fetched_with_pooch("scipy", "$OWN_CACHE/scipy-data"),
    _fetched_with_pooch("scikit-image", "$SKIMAGE_DATADIR", "$OWN_CACHE/scikit-image"),
    _fetched_with_pooch("librosa", "$LIBROSA_DATA_DIR", "$OWN_CACHE/librosa"),
    _fetched_with_pooch("geodatasets", "$OWN_CACHE/geodatasets"),
    _fetched_with_pooch("ensaio", "$OWN_CACHE/ensaio"),
    _fetched_with_pooch("xarray", "$OWN_CACHE/xarray_tutorial_data"),
)
_NLTK = ("/usr/share/nltk_data", "/usr/local/share/nltk_data", "/usr/lib/nltk_data", "/usr/local/lib/nltk_data")
_BELOW_PREFIX = ("nltk_data", "share/nltk_data", "lib/nltk_data")
_PIPELINE = re.compile(r"(?P<name>[a-z]{2,3}_\w+)-(?P<version>\d[\w.]*)\.dist-info$")
"""spaCy names a package by its language first."""


def cache_places(host: Host, sites: Sequence[Site] = ()) -> list[Place]:
    """Give each folder of a cache that is here.

    :param sites: of Python: some tools keep what they fetch below an interpreter's prefix, or as a distribution.
    """
    found = [
        Place(root=root, layout=cache.layout, ecosystem=cache.ecosystem, depth=cache.depth)
        for cache in _CACHES
        for root in _roots(host, cache.roots)
    ]
    found += [Place(root=root, layout="nltk_data") for root in _nltk_roots(host, sites)]
    found += [
        Place(root=folder, layout="spacy", origin=f"python:{site.prefix}")
        for site in sites
        for folder in _pipelines(host.files, site.path)
    ]
    return [*found, *_ultralytics(host)]


def _ultralytics(host: Host) -> Iterator[Place]:
    for weights, data in ultralytics_folders(host):
        if weights:
            yield Place(root=weights, layout="models", ecosystem="ultralytics")
        if data:
            yield Place(root=data, layout="data sets", ecosystem="ultralytics", depth=3)


def _roots(host: Host, patterns: tuple[str, ...]) -> list[str]:
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
    places = dict.fromkeys([*listed, f"{host.home}/nltk_data", *own, *_NLTK])
    return [place for place in places if is_folder(host.files, place)]


def _pipelines(files: Files, site: str) -> list[str]:
    """Give the folders of spaCy's pipelines among the distributions of a site."""
    named = [found for name in files.names(site) if (found := _PIPELINE.match(name)) is not None]
    folders = [f"{site}/{found['name']}/{found['name']}-{found['version']}" for found in named]
    return [folder for folder in folders if is_folder(files, folder)]
