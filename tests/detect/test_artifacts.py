"""Models and data sets on recorded machines: caches, states, one blob once, the closest soft."""

from __future__ import annotations

import json

import pytest

from pkgmgr.detect.candidates import Candidate
from pkgmgr.model.soft import ArtifactFind, Find, Recognition, Soft
from tests.detect.looking import GGUF, WEIGHTS, look, only

HUB = "/home/me/.cache/huggingface/hub"
BERT = '{"model_type": "bert", "architectures": ["BertModel"]}'


def repository(root: str, *, commit: str = "c1", blob: str = "feed") -> dict[str, str | bytes]:
    place = f"{root}/models--org--thing"
    return {
        f"{place}/refs/main": commit,
        f"{place}/blobs/{blob}": WEIGHTS,
        f"{place}/snapshots/{commit}/config.json": BERT,
    }


def link(root: str, *, commit: str = "c1", blob: str = "feed") -> dict[str, str]:
    return {f"{root}/models--org--thing/snapshots/{commit}/model.safetensors": f"../../blobs/{blob}"}


def test_a_snapshot_of_the_hub() -> None:
    found = only(look(repository(HUB), links=link(HUB)))
    assert (found.name, found.ecosystem, found.origin) == ("org/thing", "huggingface", "cache:huggingface")
    assert (found.state, found.size) == ("complete", len(WEIGHTS))
    assert found.attributes["architecture"] == "bert"
    assert (found.attributes["revision"], found.attributes["ref"]) == ("c1", "main")


@pytest.mark.parametrize(
    ("variables", "root"),
    [
        ({"HF_HUB_CACHE": "/h", "HF_HOME": "/other"}, "/h"),
        ({"HF_HOME": "/h"}, "/h/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({}, HUB),
    ],
)
def test_variables_move_a_cache(variables: dict[str, str], root: str) -> None:
    assert only(look(repository(root), links=link(root), variables=variables)).root.startswith(root)
    assert look(repository(root), links=link(root), variables={"HF_HUB_CACHE": "/empty"}).all() == []
    assert look(repository(root), links=link(root), system=False, variables=variables).all() == []


def test_states_of_the_hub() -> None:
    broken = repository(HUB)
    del broken[f"{HUB}/models--org--thing/blobs/feed"]
    assert only(look(broken, links=link(HUB))).state == "broken"
    assert only(look(repository(HUB))).state == "partial"
    unfinished = repository(HUB) | {f"{HUB}/models--org--thing/blobs/dead.incomplete": ""}
    assert only(look(unfinished, links=link(HUB))).state == "partial"
    cut = repository(HUB) | {f"{HUB}/models--org--thing/blobs/feed": WEIGHTS[:-1]}
    assert only(look(cut, links=link(HUB))).state == "partial"


def test_weights_of_a_format_that_is_not_read_are_weights_all_the_same() -> None:
    other = repository(HUB) | {f"{HUB}/models--org--thing/blobs/beef": bytes(1 << 20)}
    flax = {f"{HUB}/models--org--thing/snapshots/c1/flax_model.msgpack": "../../blobs/beef"}
    found = only(look(other, links=flax))
    assert (found.state, found.attributes["format"]) == ("unknown", "msgpack")
    words = {f"{HUB}/models--org--thing/snapshots/c1/tokenizer.json": "../../blobs/beef"}
    assert only(look(other, links=words)).attributes["reason"] == "no weights are there"


def test_one_blob_is_one_model() -> None:
    two = repository(HUB) | {f"{HUB}/models--org--thing/snapshots/a0/config.json": BERT}
    found = only(look(two, links=link(HUB) | link(HUB, commit="a0")))
    assert found.attributes["revision"] == "c1"
    again = look(
        repository(HUB),
        links=link(HUB) | {"/s/copy.safetensors": f"{HUB}/models--org--thing/blobs/feed"},
        searched=("/s",),
    )
    assert only(again).ecosystem == "huggingface"


def test_a_hub_below_a_search_path_is_a_hub() -> None:
    found = only(look(repository("/s/my hub"), links=link("/s/my hub"), searched=("/s",), system=False))
    assert (found.name, found.origin) == ("org/thing", "search-path")


def test_shards_and_external_parts() -> None:
    first = {"/s/m-00001-of-00002.safetensors": WEIGHTS}
    assert only(look(dict(first), searched=("/s",), system=False)).attributes["lacks"] == [
        "m-00002-of-00002.safetensors"
    ]
    both = first | {"/s/m-00002-of-00002.safetensors": WEIGHTS}
    found = only(look(dict(both), searched=("/s",), system=False))
    assert (found.state, found.size) == ("complete", 2 * len(WEIGHTS))
    page = json.dumps(
        {"weightsManifest": [{"paths": ["a.bin"], "weights": [{"name": "w", "shape": [2], "dtype": "float32"}]}]}
    )
    assert only(look({"/s/model.json": page}, searched=("/s",), system=False)).state == "partial"
    assert only(look({"/s/model.json": page, "/s/a.bin": "x"}, searched=("/s",), system=False)).state == "complete"


@pytest.mark.parametrize(("size", "state"), [(len(GGUF), "complete"), (len(GGUF) + 1, "partial")])
def test_ollama(size: int, state: str) -> None:
    root = "/home/me/.ollama/models"
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:ab", "size": size}
    files: dict[str, str | bytes] = {
        f"{root}/manifests/registry.ollama.ai/library/tiny/1b": json.dumps({"layers": [layer]}),
        f"{root}/manifests/registry.ollama.ai/library/tiny/spoilt": "{",
        f"{root}/blobs/sha256-ab": GGUF,
    }
    found = only(look(files))
    assert (found.name, found.state, found.attributes["precision"]) == ("tiny:1b", state, "q8_0")


def test_incomplete_downloads_are_passed_over() -> None:
    root = "/home/me/tensorflow_datasets/things"
    info = '{"name": "things", "version": "1.0.0", "splits": []}'
    assert look({f"{root}/incomplete.1X_1.0.0/dataset_info.json": info}).all() == []
    assert only(look({f"{root}/1.0.0/dataset_info.json": info})).version == "1.0.0"
    assert look({"/home/me/.cache/gpt4all/incomplete-a.gguf": GGUF}).all() == []


def soft(name: str, wanted: ArtifactFind) -> Soft:
    return Soft(name=name, summary="", find=Find(artifact=wanted))


def test_the_closest_soft_of_those_looked_for_gets_it() -> None:
    index = look(repository(HUB), links=link(HUB))
    close = soft("model.close", ArtifactFind(kind="model", recognise=(Recognition(architecture="^bert$"),)))
    cache = soft("model.cache", ArtifactFind(kind="model", ecosystems=("huggingface",)))
    form = soft("model.form", ArtifactFind(kind="model", formats=("safetensors",)))
    other = soft("model.other", ArtifactFind(kind="model", recognise=(Recognition(named="nothing"),)))

    def winners(*softs: Soft) -> list[str]:
        return [one.soft for asked in softs for one in index.find(asked, softs) if isinstance(one, Candidate)]

    assert winners(form, cache, close, other) == ["model.close"]
    assert winners(form, cache, other) == ["model.cache"]
    assert winners(form) == ["model.form"]


def test_recognition_needs_all_of_a_row_and_a_bare_name_proves_nothing() -> None:
    files: dict[str, str | bytes] = {"/s/bert.safetensors": WEIGHTS}
    index = look(files, searched=("/s",), system=False)

    def knows(**row: object) -> bool:
        wanted = ArtifactFind(kind="model", recognise=(Recognition(**row),))  # type: ignore[arg-type]
        asked = soft("model.x", wanted)
        return bool(list(index.find(asked, [asked])))

    assert knows(layers=(r"^encoder\.layer\.0",))
    assert not knows(layers=(r"^encoder\.layer\.0", "^missing"))
    assert not knows(layers=(r"^encoder\.layer\.0",), without=("^b$",))
    assert not knows(named="bert")
