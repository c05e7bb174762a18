"""Which reader a model file is for. Names only choose the reader; it tells whether the file is what its name says.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

from collections.abc import Callable

from pkgmgr.detect.models.engines import read_ctranslate2, read_ggml
from pkgmgr.detect.models.facts import ModelFacts
from pkgmgr.detect.models.gguf import read_gguf
from pkgmgr.detect.models.keras import read_keras, read_keras_hdf5
from pkgmgr.detect.models.onnx import read_onnx
from pkgmgr.detect.models.other import read_coreml, read_openvino, read_tfjs
from pkgmgr.detect.models.pickled import read_torch
from pkgmgr.detect.models.safetensors import read_safetensors
from pkgmgr.detect.models.source import Source, UnreadableError
from pkgmgr.detect.models.tensorflow import read_frozen_graph, read_saved_model
from pkgmgr.detect.models.tflite import read_tflite
from pkgmgr.detect.models.unusable import ending_of, explain
from pkgmgr.host.ports import Files

Reader = Callable[[Source], ModelFacts | None]


def _read_bin(source: Source) -> ModelFacts | None:
    """Read a ``.bin``: PyTorch's, mostly; llama.cpp takes a GGUF under any name."""
    return read_gguf(source) or read_torch(source) or read_ggml(source) or read_ctranslate2(source)


BY_NAME: dict[str, Reader] = {"saved_model.pb": read_saved_model, "model.json": read_tfjs}
BY_SUFFIX: dict[str, Reader] = {
    ".gguf": read_gguf,
    ".safetensors": read_safetensors,
    ".onnx": read_onnx,
    ".tflite": read_tflite,
    ".pb": read_frozen_graph,
    ".keras": read_keras,
    ".h5": read_keras_hdf5,
    ".hdf5": read_keras_hdf5,
    ".pt": read_torch,
    ".pth": read_torch,
    ".bin": _read_bin,
    ".ckpt": read_torch,
    ".mlmodel": read_coreml,
    ".xml": read_openvino,
}


def reader_of(name: str) -> Reader | None:
    """Choose a reader by a file's name; None for a name that no model has."""
    return BY_NAME.get(name) or BY_SUFFIX.get(ending_of(name))


def read_model(files: Files, path: str, reader: Reader) -> ModelFacts | None:
    """Read a file's header; None when it is no model of this format, whatever is in it."""
    return _read(Source(files, path), reader)


def look_at(files: Files, path: str, name: str) -> ModelFacts | None:
    """Say what a file of this name is, a broken model among them; None when it is no model and should be none.

    :param name: what it is called, or will be when it has been fetched.
    """
    reader = reader_of(name)
    source = Source(files, path)
    found = _read(source, reader) if reader is not None else None
    return found or explain(source, name)


def _read(source: Source, reader: Reader) -> ModelFacts | None:
    if source.size == 0:
        return None
    try:
        return reader(source)
    except (UnreadableError, ValueError, OverflowError, RecursionError):
        return None
