"""Files of two engines that call theirs ``.bin``: whisper.cpp's GGML and CTranslate2. Pure, but for the source."""

from __future__ import annotations

import re

from pkgmgr.detect.models.facts import ModelFacts
from pkgmgr.detect.models.source import Source
from pkgmgr.model.entry import Value

_GGML = b"lmgg"
_WHISPER_WORDS = range(51864, 51867)
_WHISPER_CONTEXT = 1500
_FILE_TYPES = {0: "f32", 1: "f16", 2: "q4_0", 3: "q4_1", 7: "q8_0", 8: "q5_0", 9: "q5_1", 10: "q2_k", 12: "q4_k"}
_SIZES = {384: "tiny", 512: "base", 768: "small", 1024: "medium", 1280: "large"}
"""Width of the encoder → what OpenAI calls it."""
_SPEC = re.compile(rb"(?P<name>[A-Z][A-Za-z0-9]{2,60})\x00")
_NEWEST_CTRANSLATE2 = 20


def read_ggml(source: Source) -> ModelFacts | None:
    """Read the header of whisper.cpp's files; None for any other, and for GGML of other programs."""
    if source.size < 48 or source.head(4) != _GGML:
        return None
    words, context, width, *_, mels, type_ = source.unpack("11i", 4)
    if words not in _WHISPER_WORDS or context != _WHISPER_CONTEXT:
        return None
    details: dict[str, Value] = {"mels": mels, "is_multilingual": words != _WHISPER_WORDS[0]}
    return ModelFacts(
        format="ggml",
        architecture="whisper",
        precision=_FILE_TYPES.get(type_ % 1000),
        name=f"whisper-{_SIZES[width]}" if width in _SIZES else None,
        details=details,
    )


def read_ctranslate2(source: Source) -> ModelFacts | None:
    """Read the head of ``model.bin``: a version, and the name of what it describes. Its weights lie between names."""
    if source.size < 16:
        return None
    version, size = source.unpack("IH", 0)
    if not 2 <= version <= _NEWEST_CTRANSLATE2 or not 4 <= size <= 64 or source.size < 14 + size:
        return None
    found = _SPEC.fullmatch(source.read(6, size))
    if found is None:
        return None
    name = found["name"].decode("ascii").removesuffix("Spec")
    revision, variables = source.unpack("II", 6 + size)
    if not 0 < variables < 1 << 20 or revision > 1 << 10:
        return None
    details: dict[str, Value] = {"revision_of_layout": revision, "variables": variables}
    return ModelFacts(format="ctranslate2", architecture=name.lower(), details=details)
