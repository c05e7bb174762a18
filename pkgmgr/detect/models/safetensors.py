"""safetensors: a JSON table of tensors, then their data. Pure, but for the source."""

from __future__ import annotations

import msgspec

from pkgmgr.detect.models.facts import BROKEN, COMPLETE, PARTIAL, ModelFacts, Weights, shaped
from pkgmgr.detect.models.source import NO_JSON, Source, UnreadableError

_LARGEST_HEADER = 32 << 20


class _Tensor(msgspec.Struct):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def read_safetensors(source: Source) -> ModelFacts | None:
    """Read the table; None for a file of another format."""
    if source.size < 10:
        return None
    (size,) = source.unpack("Q", 0)
    if not 2 <= size <= _LARGEST_HEADER or source.read(8, 1) != b"{":
        return None
    try:
        raw = msgspec.json.decode(source.read(8, size), type=dict[str, msgspec.Raw])
        about = msgspec.json.decode(raw.pop("__metadata__", msgspec.Raw(b"{}")), type=dict[str, str])
        tensors = {name: msgspec.json.decode(row, type=_Tensor) for name, row in raw.items()}
    except UnreadableError:
        return ModelFacts(format="safetensors", state=PARTIAL)
    except NO_JSON:
        return None
    weights = Weights()
    for tensor in tensors.values():
        weights.add(_type(tensor.dtype), tensor.shape)
    end = 8 + size + max((tensor.data_offsets[1] for tensor in tensors.values()), default=0)
    # The format allows no byte behind the last tensor, and its library refuses such a file.
    state = COMPLETE if end == source.size else PARTIAL if end > source.size else BROKEN
    return ModelFacts(
        format="safetensors",
        state=state,
        reason=f"it is {source.size - end} bytes longer than its table says" if state == BROKEN else "",
        precision=weights.precision,
        parameters=weights.total,
        layers=tuple(tensors),
        shapes=tuple(shaped(name, tensor.shape) for name, tensor in tensors.items() if len(tensor.shape) > 1),
        licence=about.get("license") or about.get("modelspec.license"),
        architecture=about.get("modelspec.architecture"),
        name=about.get("modelspec.title"),
        details={"written_for": about["format"]} if about.get("format") else {},
    )


def _type(name: str) -> str:
    """Write ``F8_E4M3`` and ``I8`` as the other formats do."""
    lower = name.lower()
    return f"int{lower[1:]}" if lower[:1] == "i" else f"uint{lower[1:]}" if lower[:1] == "u" else lower
