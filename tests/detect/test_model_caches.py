"""The caches of other tools, laid out as these tools do: what is found, under which name, and whether it is whole."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from pkgmgr.detect.caches.dvc import Output, parse_outputs
from pkgmgr.detect.caches.named import WHISPER
from pkgmgr.detect.python_sites import Site
from tests.detect.looking import GGUF, ONNX, WEIGHTS, found_below, look, only

ME = "/home/me"
CACHE = f"{ME}/.cache"
Files = dict[str, str | bytes]


def packed(**members: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


STANZA = {"en": {"tokenize": {"combined": {"md5": "0f" * 16}}}, "default": "x"}
GENSIM = {
    "corpora": {"text8": {"file_name": "text8.gz", "file_size": 3, "checksum": "aa"}},
    "models": {"glove-twitter-25": {"file_name": "glove-twitter-25.gz", "file_size": 2, "license": "PDDL"}},
}
KAGGLE = f"{CACHE}/kagglehub"
SCOPE = f"{CACHE}/modelscope"


@pytest.mark.parametrize(
    ("files", "kind", "name", "ecosystem", "state"),
    [
        pytest.param(
            {f"{CACHE}/torch/hub/checkpoints/x-0676ba61.safetensors": WEIGHTS},
            *("model", "x-0676ba61.safetensors", "torch-hub", "complete"),
            id="torch-hub",
        ),
        pytest.param(
            {f"{CACHE}/llama.cpp/org_repo_file.gguf": GGUF},
            *("model", "org_repo_file.gguf", "llama.cpp", "complete"),
            id="llama.cpp",
        ),
        pytest.param(
            {f"{ME}/.lmstudio/models/pub/model/x.gguf": GGUF},
            *("model", "pub/model/x.gguf", "lm-studio", "complete"),
            id="lm-studio",
        ),
        pytest.param(
            {f"{CACHE}/gpt4all/x.gguf.part": GGUF},
            *("model", "x.gguf.part", "gpt4all", "partial"),
            id="gpt4all-python-fetching",
        ),
        pytest.param(
            {f"{ME}/.local/share/nomic.ai/GPT4All/x.gguf": GGUF, f"{CACHE}/gpt4all/incomplete-y.gguf": GGUF},
            *("model", "x.gguf", "gpt4all", "complete"),
            id="gpt4all-application",
        ),
        pytest.param({f"{ME}/.EasyOCR/model/x.onnx": ONNX}, *("model", "x.onnx", "easyocr", "complete"), id="easyocr"),
        pytest.param(
            {
                f"{CACHE}/stanza/1.10.0/resources/resources.json": json.dumps(STANZA),
                f"{CACHE}/stanza/1.10.0/resources/en/tokenize/combined.pt": b"",
            },
            *("model", "1.10.0/resources/en/tokenize/combined.pt", "stanza", "broken"),
            id="stanza",
        ),
        pytest.param(
            {
                "/tmp/tfhub_modules/ab12/model.tflite": b"x",
                "/tmp/tfhub_modules/ab12.descriptor.txt": "Module: https://tfhub.dev/google/x/1\nDownload Time: now\n",
            },
            *("model", "https://tfhub.dev/google/x/1", "tfhub", "broken"),
            id="tfhub",
        ),
        pytest.param(
            {
                f"{KAGGLE}/models/o/m/pyTorch/v/3/m.safetensors": WEIGHTS,
                f"{KAGGLE}/models/o/m/pyTorch/v/3.complete": "",
            },
            *("model", "o/m/pyTorch/v", "kaggle", "complete"),
            id="kaggle-model",
        ),
        pytest.param(
            {f"{KAGGLE}/models/o/m/pyTorch/v/3/m.safetensors": WEIGHTS},
            *("model", "o/m/pyTorch/v", "kaggle", "partial"),
            id="kaggle-model-without-mark",
        ),
        pytest.param(
            {f"{KAGGLE}/datasets/o/d/versions/4/a.csv": "1", f"{KAGGLE}/datasets/o/d/4.complete": ""},
            *("dataset", "o/d", "kaggle", "complete"),
            id="kaggle-data",
        ),
        pytest.param(
            {f"{KAGGLE}/competitions/titanic/train.csv": "1", f"{KAGGLE}/competitions/titanic.complete": ""},
            *("dataset", "titanic", "kaggle", "complete"),
            id="kaggle-competition",
        ),
        pytest.param(
            {f"{SCOPE}/hub/Org/Thing-1___5/model.safetensors": WEIGHTS},
            *("model", "Org/Thing-1.5", "modelscope", "complete"),
            id="modelscope-first",
        ),
        pytest.param(
            {f"{SCOPE}/hub/models/Org/Thing-1___5/model.safetensors": WEIGHTS},
            *("model", "Org/Thing-1.5", "modelscope", "complete"),
            id="modelscope-second",
        ),
        pytest.param(
            {
                f"{SCOPE}/hub/models/Org/Thing/model.safetensors": WEIGHTS,
                f"{SCOPE}/hub/models/._____temp/Org/Thing/more.safetensors": b"x",
            },
            *("model", "Org/Thing", "modelscope", "partial"),
            id="modelscope-second-fetching",
        ),
        pytest.param(
            {f"{SCOPE}/models/Org--Thing.v1/snapshots/master/model.safetensors": WEIGHTS},
            *("model", "Org/Thing.v1", "modelscope", "complete"),
            id="modelscope-third",
        ),
        pytest.param(
            {f"{SCOPE}/datasets/Org--Rows/snapshots/master/a.csv": "1"},
            *("dataset", "Org/Rows", "modelscope", "unknown"),
            id="modelscope-data",
        ),
        pytest.param(
            {f"{ME}/gensim-data/information.json": json.dumps(GENSIM), f"{ME}/gensim-data/text8/text8.gz": "123"},
            *("dataset", "text8", "gensim", "complete"),
            id="gensim-corpus",
        ),
        pytest.param(
            {
                f"{ME}/gensim-data/information.json": json.dumps(GENSIM),
                f"{ME}/gensim-data/glove-twitter-25/glove-twitter-25.gz": "1",
            },
            *("model", "glove-twitter-25", "gensim", "partial"),
            id="gensim-vectors-cut",
        ),
        pytest.param(
            {f"{ME}/gensim-data/fake_tmp/fake.gz": "1"}, *("dataset", "fake", "gensim", "partial"), id="gensim-fetching"
        ),
        pytest.param(
            {f"{ME}/nltk_data/corpora/words.zip": packed(en="a")},
            *("dataset", "corpora/words", "nltk", "complete"),
            id="nltk-archive",
        ),
        pytest.param(
            {f"{ME}/nltk_data/taggers/x.zip": packed(en="a")[:-9]},
            *("dataset", "taggers/x", "nltk", "partial"),
            id="nltk-archive-cut",
        ),
        pytest.param(
            {f"{ME}/nltk_data/tokenizers/x.zip": "<html>"},
            *("dataset", "tokenizers/x", "nltk", "broken"),
            id="nltk-page",
        ),
        pytest.param(
            {f"{CACHE}/scikit-image/0.26.0/data/brain.tiff": "x", f"{CACHE}/scikit-image/0.26.0/tmpx1": "x"},
            *("dataset", "scikit-image", "pooch", "unknown"),
            id="pooch",
        ),
        pytest.param(
            {f"{ME}/scikit_learn_data/covertype/samples_py3": "x"},
            *("dataset", "covtype", "scikit-learn", "unknown"),
            id="sklearn",
        ),
        pytest.param(
            {f"{ME}/scikit_learn_data/olivetti_py3.pkz": ""},
            *("dataset", "olivetti_faces", "scikit-learn", "partial"),
            id="sklearn-empty",
        ),
        pytest.param(
            {
                f"{ME}/.config/Ultralytics/settings.json": '{"weights_dir": "/w", "datasets_dir": "datasets"}',
                "/w/yolo.onnx": ONNX,
            },
            *("model", "yolo.onnx", "ultralytics", "complete"),
            id="ultralytics",
        ),
        pytest.param(
            {f"{ME}/models/x.gguf": GGUF}, *("model", "x.gguf", "", "complete"), id="a-folder-that-people-use"
        ),
    ],
)
def test_what_lies_in_a_cache(files: Files, kind: str, name: str, ecosystem: str, state: str) -> None:
    found = only(look(files))
    assert (found.kind, found.name, found.ecosystem, found.state) == (kind, name, ecosystem, state)
    assert found.origin == (f"cache:{ecosystem}" if ecosystem else "system")
    assert (state in ("partial", "broken")) == bool(found.attributes.get("reason"))


@pytest.mark.parametrize(
    ("variables", "path", "name"),
    [
        ({"KAGGLEHUB_CACHE": "/k"}, "/k/models/o/m/f/v/1/x.gguf", "o/m/f/v"),
        ({"MODELSCOPE_CACHE": "/k"}, "/k/models/Org/X/x.gguf", "Org/X"),
        ({"MODELSCOPE_CACHE": "/k"}, "/k/Org/X/x.gguf", "Org/X"),
        ({"TORCH_HOME": "/k"}, "/k/hub/checkpoints/x.gguf", "x.gguf"),
        ({"XDG_CACHE_HOME": "/k"}, "/k/whisper/x.gguf", "x.gguf"),
        ({"TMPDIR": "/k"}, "/k/tfhub_modules/ab/x.gguf", "ab/x.gguf"),
        ({"MODULE_PATH": "/k"}, "/k/model/x.gguf", "x.gguf"),
        ({"CK_TOOLS": "/k"}, "/k/model-resnet/x.gguf", "x.gguf"),
        ({"MLC_REPOS": "/k"}, "/k/local/cache/get-ml-model_ab/x.gguf", "x.gguf"),
        ({"OLLAMA_MODELS": "/k"}, "/home/me/models/x.gguf", "x.gguf"),
    ],
)
def test_a_variable_moves_a_cache(variables: dict[str, str], path: str, name: str) -> None:
    assert only(look({path: GGUF}, variables=variables)).name == name
    elsewhere = dict.fromkeys(variables, "/elsewhere")
    moved = look({path: GGUF}, variables=elsewhere).all()
    assert bool(moved) == path.startswith(("/home/me/models", "/tmp"))


def test_settings_of_ultralytics_where_a_variable_puts_them() -> None:
    for place in ("/y/Ultralytics/settings.json", "/y/settings.json"):
        files: Files = {place: '{"weights_dir": "/w"}', "/w/x.gguf": GGUF}
        assert only(look(files, variables={"YOLO_CONFIG_DIR": "/y"})).ecosystem == "ultralytics"
    assert look({f"{ME}/.config/Ultralytics/settings.json": "{", "/w/x.gguf": GGUF}).all() == []


@pytest.mark.parametrize(
    ("root", "files", "name"),
    [
        ("/s/kagglehub", {"models/o/m/f/v/1/x.gguf": GGUF}, "o/m/f/v"),
        ("/s/modelscope", {"models/Org--X/snapshots/master/x.gguf": GGUF}, "Org/X"),
        ("/s/nltk_data", {"corpora/words.zip": packed(en="a")}, "corpora/words"),
        ("/s/gensim-data", {"text8/text8.gz": "1"}, "text8"),
        ("/s/scikit_learn_data", {"olivetti_py3.pkz": "1"}, "olivetti_faces"),
        ("/s/any", {"manifests/r/library/m/1b": '{"layers": []}', "blobs/sha256-ab": GGUF}, "m:1b"),
    ],
)
def test_a_whole_cache_below_a_search_path_is_read_as_one(root: str, files: Files, name: str) -> None:
    placed = {f"{root}/{path}": text for path, text in files.items()}
    found = only(look(placed, searched=("/s",), system=False))
    assert (found.name, found.origin) == (name, "search-path")


def test_what_hf_download_wrote_down_of_a_file_in_a_local_folder() -> None:
    commit, digest = "a" * 40, "58e50230fd03f17be4863d8db48cf148e4d701dfe013253731b142d4b670e97b"
    place = ".cache/huggingface/download/m.safetensors.metadata"
    (found,) = found_below("/s", {"m.safetensors": WEIGHTS, place: f"{commit}\n{digest}\n1732443000.5\n"})
    assert (found.attributes["revision"], found.attributes["sha256"]) == (commit, digest)
    (small,) = found_below("/s", {"m.safetensors": WEIGHTS, place: f"{commit}\n{'b' * 40}\n1732443000.5\n"})
    assert "sha256" not in small.attributes
    (spoilt,) = found_below("/s", {"m.safetensors": WEIGHTS, place: "nothing"})
    assert "revision" not in spoilt.attributes


def test_whisper_states_a_hash_and_torch_hub_its_beginning() -> None:
    whisper = only(look({f"{CACHE}/whisper/tiny.pt": b""}))
    assert whisper.attributes["sha256"] == WHISPER["tiny.pt"]
    hub = only(look({f"{CACHE}/torch/hub/checkpoints/resnet50-0676ba61.pth": b"<html>"}))
    assert hub.attributes["sha256_begins"] == "0676ba61"


def test_nltk_looks_in_all_its_places() -> None:
    site = Site(path="/v/lib/python3.11/site-packages", prefix="/v")
    files: Files = {
        "/n1/corpora/a.zip": packed(a="a"),
        "/v/share/nltk_data/corpora/b.zip": packed(b="b"),
        "/usr/share/nltk_data/corpora/c.zip": packed(c="c"),
        f"{ME}/nltk_data/notes/d.zip": packed(d="d"),
    }
    found = look(files, variables={"NLTK_DATA": "/none:/n1"}, sites=(site,)).all()
    assert sorted(item.name for item in found) == ["corpora/a", "corpora/b", "corpora/c"]


SPACY = {"lang": "en", "name": "core_web_sm", "version": "3.7.1", "spacy_version": ">=3.7.2", "pipeline": ["tagger"]}


def test_a_pipeline_of_spacy_is_a_distribution_or_a_folder() -> None:
    place = "/v/lib/python3.11/site-packages"
    folder = f"{place}/en_core_web_sm/en_core_web_sm-3.7.1"
    files: Files = {
        f"{place}/en_core_web_sm-3.7.1.dist-info/METADATA": "",
        f"{place}/ml_dtypes-1.0.dist-info/METADATA": "",
    }
    files |= {f"{folder}/{name}": "x" for name in ("config.cfg", "tokenizer", "vocab/strings.json", "tagger/model")}
    files |= {f"{folder}/meta.json": json.dumps(SPACY)}
    found = only(look(files, sites=(Site(path=place, prefix="/v"),)))
    assert (found.name, found.version, found.origin) == ("en_core_web_sm", "3.7.1", "python:/v")
    assert found.state == "complete"
    again = only(look(files, searched=("/v",), system=False))
    assert again.path == found.path


TRACKED = """outs:
- md5: 3b26643f384809b54828e779bb5adf05.dir
  size: 4
  nfiles: 2
  hash: md5
  path: d
"""
LOCK = """schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps:
    - path: train.py
      hash: md5
      md5: 00000000000000000000000000000000
      size: 9
    outs:
    - path: out/m.onnx
      hash: md5
      md5: 2d10ce22f14bbb5312ad6032f3410d96
      size: 212
  report:
    cmd: x
"""


def test_outputs_of_dvc_are_read_from_its_yaml() -> None:
    assert parse_outputs(TRACKED) == [Output(path="d", md5="3b26643f384809b54828e779bb5adf05.dir", size=4, is_new=True)]
    (locked,) = parse_outputs(LOCK)
    assert (locked.path, locked.size) == ("out/m.onnx", 212)
    assert parse_outputs("outs:\n- md5: ../../etc/passwd\n  path: x\n") == []
    assert parse_outputs("") == parse_outputs("- - -\n:") == []


LISTING = json.dumps(
    [
        {"md5": "b026324c6904b2a9cb4b88d6d61c81d1", "relpath": "a.csv"},
        {"md5": "26ab0db90d72e28ad0ba1e22ee510510", "relpath": "b.csv"},
    ]
)
OBJECTS = ".dvc/cache/files/md5"


@pytest.mark.parametrize(
    ("files", "state", "said"),
    [
        pytest.param({"d/a.csv": "1", "d/b.csv": "2"}, "complete", None, id="in-the-tree"),
        pytest.param(
            {f"{OBJECTS}/b0/26324c6904b2a9cb4b88d6d61c81d1": "1", "d/b.csv": "2"}, "complete", None, id="here-and-there"
        ),
        pytest.param({"d/a.csv": "1"}, "partial", "1 of 2 files are in neither", id="one-gone"),
    ],
)
def test_a_folder_that_dvc_tracks(files: Files, state: str, said: str | None) -> None:
    own: Files = {"d.dvc": TRACKED, ".dvc/config": "", f"{OBJECTS}/3b/26643f384809b54828e779bb5adf05.dir": LISTING}
    (found,) = found_below("/p", own | files)
    assert (found.kind, found.name, found.state) == ("dataset", "d", state)
    assert said is None or said in str(found.attributes["reason"])


def test_a_model_of_dvc_lies_in_its_cache_or_in_the_tree() -> None:
    own: Files = {"dvc.lock": LOCK, ".dvc/config": "[cache]\n    dir = ../../shared\n"}
    stored: Files = {"/shared/files/md5/2d/10ce22f14bbb5312ad6032f3410d96": ONNX}
    files = {f"/p/{name}": text for name, text in own.items()}
    kept = only(look(files | stored, searched=("/p",), system=False))
    assert (kept.name, kept.ecosystem, kept.state) == ("m.onnx", "dvc", "complete")
    tree = only(look(files | stored | {"/p/out/m.onnx": ONNX}, searched=("/p",), system=False))
    assert tree.path == "/p/out/m.onnx"
    (lost,) = found_below("/p", own)
    assert (lost.state, "dvc pull" in str(lost.attributes["reason"])) == ("partial", True)


def test_one_stated_hash_is_one_blob_and_says_where_else_it_lies() -> None:
    digest = "58e50230fd03f17be4863d8db48cf148e4d701dfe013253731b142d4b670e97b"
    files: Files = {}
    links = {}
    for root in ("/one", "/two"):
        files |= {f"{root}/models--o--n/blobs/{digest}": WEIGHTS, f"{root}/models--o--n/refs/main": "c1"}
        links[f"{root}/models--o--n/snapshots/c1/model.safetensors"] = f"../../blobs/{digest}"
    found = only(look(files, links=links, searched=("/one", "/two"), system=False))
    assert found.attributes["sha256"] == digest
    assert found.attributes["also_at"] == ["/two/models--o--n/snapshots/c1/model.safetensors"]
