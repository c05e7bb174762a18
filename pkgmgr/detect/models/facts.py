"""What a model file says of itself. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from pkgmgr.model.entry import Value

COMPLETE, PARTIAL, BROKEN, UNKNOWN = "complete", "partial", "broken", "unknown"
"""The states of a model or a data set. `broken`: what is there can't be used, and no more of it is to come. `unknown`:
nothing there tells how much belongs to it."""
CUT = "it ends before what its own tables name"


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the header of a model file tells; what it does not tell is None or empty."""

    format: str
    state: str = UNKNOWN
    reason: str = ""
    """Why it is partial or broken, for a person."""
    architecture: str | None = None
    precision: str | None = None
    """The type of most weights: ``f32``, ``bf16``, ``int8``, ``q4_k_m``."""
    parameters: int | None = None
    opset: int | None = None
    inputs: tuple[str, ...] = ()
    """``name type[shape]``."""
    outputs: tuple[str, ...] = ()
    licence: str | None = None
    name: str | None = None
    layers: tuple[str, ...] = ()
    """Names of tensors, nodes or layers: what softs recognise an architecture by."""
    shapes: tuple[str, ...] = ()
    """``NAME [64,64,3,3]`` of tensors with two sizes or more, and of nodes that take such weights: what tells apart
    networks that call their layers the same."""
    can_run_code: bool = False
    """True for pickles: to load one is to run what its author wrote."""
    details: Mapping[str, Value] = {}
    """Whatever else the format tells, under its own names."""

    def attributes(self) -> dict[str, Value]:
        """Give what is established, as attributes of an entry."""
        table: dict[str, Value] = {
            "format": self.format,
            "reason": self.reason or (CUT if self.state == PARTIAL else None),
            "architecture": self.architecture,
            "precision": self.precision,
            "parameters": self.parameters,
            "opset": self.opset,
            "inputs": list(self.inputs) or None,
            "outputs": list(self.outputs) or None,
            "licence": self.licence,
            "name": self.name,
            "can_run_code": True if self.can_run_code else None,
            **self.details,
        }
        return {key: value for key, value in table.items() if value is not None}


def dominant(counts: Mapping[str, int]) -> str | None:
    """Give the type that most weights have; None without weights."""
    return max(sorted(counts), key=lambda name: counts[name]) if counts else None


class Weights:
    """Counts weights by their type."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, type_: str, shape: list[int] | tuple[int, ...]) -> None:
        """Count one tensor; a dimension that is not known makes it count for nothing."""
        count = 1
        for size in shape:
            count *= max(size, 0)
        self._counts[type_] += count

    @property
    def total(self) -> int | None:
        """How many weights there are; None when none was seen."""
        return self._counts.total() or None

    @property
    def precision(self) -> str | None:
        """The type that most of them have."""
        return dominant(self._counts)


def shaped(name: str, sizes: Iterable[int | str]) -> str:
    """Write one tensor and its shape: ``layer1.0.conv2.weight [64,64,3,3]``."""
    return f"{name} [{','.join(map(str, sizes))}]"


def shown(name: str, type_: str, shape: list[str] | list[int] | None) -> str:
    """Write one input or output: ``images f32[1,3,640,640]``."""
    dimensions = "" if shape is None else "[" + ",".join(str(size) for size in shape) + "]"
    return f"{name} {type_}{dimensions}"
