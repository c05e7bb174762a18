"""Readers of model files, held against small files that the formats' own libraries wrote.

`onnx` 1.23, `safetensors` 0.8, `gguf`, `torch` 2.13, `tensorflow` 2.21 and `keras` 3.15 wrote what lies in `models/`.
"""

from __future__ import annotations

import random
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
    "script.pt": {"format": "torchscript", "can_run_code": True},
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
}
LAYERS = {
    "frozen.pb": "FeatureExtractor/MobilenetV1/weights",
    "tiny.gguf": "token_embd.weight",
    "tiny.h5": "block_1_expand",
    "tiny.keras": "block_1_expand",
    "tiny.onnx": "backbone.fc.weight",
    "tiny.pt": "layer1.0.conv1.weight",
    "legacy.pth": "layer1.0.conv1.weight",
    "tiny.safetensors": "encoder.layer.0.weight",
    "tiny.weights.h5": "block_1_expand",
    "top.pth": "cls_token",
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
