"""Which reader a model file is for. Names only choose the reader; it tells whether the file is what its name says.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

from collections.abc import Callable

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
from pkgmgr.host.ports import Files

Reader = Callable[[Source], ModelFacts | None]

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
    ".bin": read_torch,
    ".ckpt": read_torch,
    ".mlmodel": read_coreml,
    ".xml": read_openvino,
}


def reader_of(name: str) -> Reader | None:
    """Choose a reader by a file's name; None for a name that no model has."""
    known = BY_NAME.get(name)
    if known is not None:
        return known
    dot = name.rfind(".")
    return BY_SUFFIX.get(name[dot:].lower()) if dot >= 0 else None


def read_model(files: Files, path: str, reader: Reader) -> ModelFacts | None:
    """Read a file's header; None when it is no model of this format, whatever is in it."""
    source = Source(files, path)
    if source.size == 0:
        return None
    try:
        return reader(source)
    except (UnreadableError, ValueError, OverflowError, RecursionError):
        return None
