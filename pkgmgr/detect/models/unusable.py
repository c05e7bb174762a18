"""What stands where a model should: nothing, a pointer, a web page, something else. Pure, but for the source."""

from __future__ import annotations

import re

from pkgmgr.detect.models.facts import BROKEN, PARTIAL, ModelFacts
from pkgmgr.detect.models.source import Source, UnreadableError

FORMATS = {
    ".gguf": "gguf",
    ".safetensors": "safetensors",
    ".onnx": "onnx",
    ".tflite": "tflite",
    ".keras": "keras",
    ".mlmodel": "coreml",
    ".pt": "torch",
    ".pth": "torch",
    ".ckpt": "torch",
    ".bin": "torch",
    ".h5": "keras-h5",
    ".hdf5": "keras-h5",
    ".pb": "tf-frozen",
}
"""What a name promises."""
_ONLY_MODELS = frozenset({".gguf", ".safetensors", ".onnx", ".tflite", ".keras", ".mlmodel"})
"""Endings that nothing but models has: what is none under such a name is a broken one."""
_MOSTLY_MODELS = frozenset({".pt", ".ckpt", ".h5"})
"""Endings whose empty files are broken models. Not ``.pth``: Python's path files end so, too."""
_ONLY_MODEL_NAMES = re.compile(
    r"(?:diffusion_|open_clip_)?pytorch_model(?:-\d{5}-of-\d{5})?\.bin|saved_model\.pb|frozen_inference_graph\.pb"
)
UNFINISHED = (".incomplete", ".part", ".partial", ".crdownload", ".opdownload", ".filepart", ".downloadinprogress")
"""Endings that programs give to a file which they are still fetching: Hugging Face and ModelScope, curl and GPT4All,
browsers, WinSCP, llama.cpp."""
CONTROL = ".aria2"
"""The ending of the file that aria2 keeps beside one which it is still fetching."""

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:(?P<hash>[0-9a-f]{64})\nsize (?P<size>\d+)"
)
_PAGE = re.compile(rb"(?is)\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body|error)\b")
_MARKS = (
    (b"GGUF", "GGUF"),
    (b"\x89HDF", "HDF5"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"\x80\x02", "a pickle"),
    (b"\x80\x04", "a pickle"),
)


def ending_of(name: str) -> str:
    """Give the last part of a name, from a dot on and in small letters."""
    dot = name.rfind(".")
    return name[dot:].lower() if dot >= 0 else ""


def finished_name(name: str) -> str | None:
    """Give the name that a file will have when it has been fetched; None for one that is not being fetched."""
    return name[: -len(ending_of(name))] if ending_of(name) in UNFINISHED else None


def explain(source: Source, name: str) -> ModelFacts | None:
    """Say why a file is not the model that its name promises; None when its name promises none."""
    ending = ending_of(name)
    format_ = FORMATS.get(ending)
    if format_ is None:
        return None
    is_model = ending in _ONLY_MODELS or _ONLY_MODEL_NAMES.fullmatch(name) is not None
    if source.size == 0:
        is_broken = is_model or ending in _MOSTLY_MODELS
        return ModelFacts(format=format_, state=BROKEN, reason="it is empty") if is_broken else None
    try:
        head = source.head(1024)
    except UnreadableError:
        return ModelFacts(format=format_, reason="it can't be read") if is_model else None
    pointer = _POINTER.match(head)
    if pointer is not None:
        reason = f"a pointer of Git LFS: `git lfs pull` gets the {int(pointer['size'])} bytes that it stands for"
        return ModelFacts(
            format=format_, state=PARTIAL, reason=reason, details={"sha256": pointer["hash"].decode("ascii")}
        )
    if _PAGE.match(head) and (is_model or ending in _MOSTLY_MODELS or ending == ".pth"):
        return ModelFacts(format=format_, state=BROKEN, reason="it is a web page: what a download got in its place")
    if is_model:
        return ModelFacts(format=format_, state=BROKEN, reason=f"it is no {format_}: {_content(head)}")
    return None


def _content(head: bytes) -> str:
    """Say what a file holds, for a person."""
    if head[4:8] == b"TFL3":
        return "it holds TFLite"
    known = next((what for mark, what in _MARKS if head.startswith(mark)), None)
    if known is not None:
        return f"it holds {known}"
    if not head.strip(b"\0"):
        return "it holds zeros"
    try:
        text = head[:40].decode("ascii")
    except UnicodeDecodeError:
        return f"it begins with the bytes {head[:8].hex(' ')}"
    return f"it begins with {text.split(chr(10))[0]!r}"
