"""Readers of model files, held against small files that the formats' own libraries wrote.

`onnx` 1.23, `safetensors` 0.8, `gguf`, `torch` 2.13, `tensorflow` 2.21 and `keras` 3.15 wrote what lies in `models/`.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from pkgmgr.detect.models.facts import COMPLETE, ModelFacts
from pkgmgr.detect.models.reading import read_model, reader_of
from pkgmgr.host.recorded import RecordedFiles

FOLDER = Path(__file__).parent / "models"
FILES = sorted(path.name for path in FOLDER.iterdir())

EXPECTED: dict[str, dict[str, object]] = {
    "frozen.pb": {"format": "tf-frozen", "inputs": ["image_tensor"]},
    "legacy.pth": {"format": "torch-legacy", "precision": "f16", "can_run_code": True},
    "network.pt": {"format": "torchscript", "precision": "f16", "parameters": 44, "can_run_code": True},
    "script.pt": {"format": "torchscript", "precision": "f32", "parameters": 6, "can_run_code": True},
    "tiny.gguf": {
        "format": "gguf",
        "architecture": "llama",
        "precision": "q8_0",
        "parameters": 96,
        "licence": "mit",
        "name": "Tiny",
        "context_length": 128,
        "block_count": 1,
    },
    "tiny.h5": {"format": "keras-h5", "name": "tiny", "holds": "model"},
    "tiny.keras": {"format": "keras", "name": "tiny", "keras_version": "3.15.1"},
    "tiny.onnx": {
        "format": "onnx",
        "precision": "f32",
        "parameters": 12,
        "opset": 17,
        "producer": "tests",
        "inputs": ["x f32[batch,3]"],
        "outputs": ["y f32[batch,4]"],
    },
    "tiny.pt": {"format": "torch", "precision": "f32", "can_run_code": True},
    "tiny.safetensors": {"format": "safetensors", "precision": "f16", "parameters": 8},
    "tiny.weights.h5": {"format": "keras-h5", "holds": "weights"},
    "top.pth": {"format": "torch", "precision": "f32", "can_run_code": True},
    "tiny.tflite": {"format": "tflite", "precision": "f32", "parameters": 6},
    "whole.pt": {"format": "torch", "precision": "f16", "parameters": 44, "can_run_code": True},
}
LAYERS = {
    "frozen.pb": "FeatureExtractor/MobilenetV1/weights",
    "network.pt": "layer1.0.bn1.running_mean",
    "tiny.gguf": "token_embd.weight",
    "tiny.h5": "block_1_expand",
    "tiny.keras": "block_1_expand",
    "tiny.onnx": "backbone.fc.weight",
    "tiny.pt": "layer1.0.conv1.weight",
    "legacy.pth": "layer1.0.conv1.weight",
    "tiny.safetensors": "encoder.layer.0.weight",
    "tiny.weights.h5": "block_1_expand",
    "top.pth": "cls_token",
    "whole.pt": "layer1.0.bn1.running_mean",
}
NETWORK = ("layer1.0.conv1.weight [3,2,1,1]", "layer1.1.weight [4,3,1,1]", "fc.weight [2,4]")
SHAPES = {
    "frozen.pb": ("FeatureExtractor/MobilenetV1/weights [2,2]",),
    "legacy.pth": ("layer1.0.conv1.weight [2,2]",),
    "network.pt": NETWORK,
    "script.pt": ("weight [2,2]",),
    "tiny.onnx": ("backbone.fc.weight [4,3]", "fc/Gemm [4,3]"),
    "tiny.pt": ("layer1.0.conv1.weight [2,2]",),
    "tiny.safetensors": ("encoder.layer.0.weight [2,3]",),
    "top.pth": ("cls_token [1,1,2]",),
    "whole.pt": NETWORK,
}


def read(name: str, content: bytes) -> ModelFacts | None:
    reader = reader_of(name)
    assert reader is not None
    return read_model(RecordedFiles(files={f"/m/{name}": content}), f"/m/{name}", reader)


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_says(name: str) -> None:
    facts = read(name, (FOLDER / name).read_bytes())
    assert facts is not None
    told = facts.attributes()
    assert {key: told.get(key) for key in EXPECTED[name]} == EXPECTED[name]
    assert name not in LAYERS or LAYERS[name] in facts.layers
    assert facts.shapes == SHAPES.get(name, ())
    assert facts.state == ("unknown" if name == "legacy.pth" else COMPLETE)


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("legacy.pth", "tiny.tflite")])
def test_a_file_that_is_cut_is_not_complete(name: str) -> None:
    whole = (FOLDER / name).read_bytes()
    for end in range(1, len(whole), max(1, len(whole) // 97)):
        facts = read(name, whole[:end])
        assert facts is None or facts.state != COMPLETE, end


@pytest.mark.parametrize("name", FILES)
def test_garbage_is_no_model_and_raises_nothing(name: str) -> None:
    whole = (FOLDER / name).read_bytes()
    chance = random.Random(name)
    for _ in range(60):
        spoilt = bytearray(whole)
        for _ in range(chance.randint(1, 40)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        read(name, bytes(spoilt))
    assert read(name, chance.randbytes(4096)) is None
    assert read(name, b"") is None


def test_a_name_proves_nothing() -> None:
    assert read("tiny.onnx", (FOLDER / "tiny.gguf").read_bytes()) is None
    assert read("model.json", b'{"name": "person"}') is None
    assert read("a.xml", b"<note>net</note>") is None
    assert reader_of("notes.txt") is None


def test_a_header_that_claims_to_be_huge_is_not_believed() -> None:
    assert read("a.safetensors", (1 << 60).to_bytes(8, "little") + b"{}") is None
    facts = read("a.gguf", b"GGUF" + (3).to_bytes(4, "little") + (1 << 60).to_bytes(8, "little") * 2)
    assert facts is not None
    assert facts.state == "unknown"


CTRANSLATE2 = (
    b"\x06\x00\x00\x00\x0c\x00WhisperSpec\x00\x03\x00\x00\x00\x01\x00\x00\x00\x07\x00weight\x00\x02\x02\x00\x00\x00"
    b"\x02\x00\x00\x00\x04\x08\x00\x00\x00\x00<\x00<\x00<\x00<\x00\x00\x00\x00"
)
"""What the serializer of ctranslate2 wrote for one weight of float16."""


def ggml(words: int = 51865, context: int = 1500, width: int = 384) -> bytes:
    """Give the head of a file as whisper.cpp's converter writes it, by its documentation."""
    return b"lmgg" + struct.pack("<11i", words, context, width, 6, 4, 448, 384, 6, 4, 80, 1) + bytes(64)


def test_engines_that_call_their_files_bin() -> None:
    told = read("model.bin", CTRANSLATE2)
    assert told is not None
    assert (told.format, told.architecture, told.details["revision_of_layout"]) == ("ctranslate2", "whisper", 3)
    whisper = read("ggml-tiny.bin", ggml())
    assert whisper is not None
    assert (whisper.architecture, whisper.precision, whisper.name) == ("whisper", "f16", "whisper-tiny")
    english = read("ggml-x.bin", ggml(words=51864, width=999))
    assert english is not None
    assert (english.name, english.details["is_multilingual"]) == (None, False)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(ggml(words=50257), id="ggml-of-gpt-2"),
        pytest.param(ggml()[:20], id="ggml-cut"),
        pytest.param(CTRANSLATE2[:16], id="ctranslate2-cut"),
        pytest.param(b"\x06\x00\x00\x00\x0c\x00no specific\x00" + bytes(20), id="another-text"),
        pytest.param(b"\x06\x00\x00\x00\x0c\x00WhisperSpec\x00" + bytes(20), id="no-weights"),
        pytest.param(b"\x7fELF" + bytes(60), id="a-firmware"),
    ],
)
def test_other_files_called_bin_are_none(content: bytes) -> None:
    assert read("model.bin", content) is None
