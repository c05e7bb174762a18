"""TFLite (LiteRT): a FlatBuffer with the mark ``TFL3``. Pure, but for the source."""

from __future__ import annotations

from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, ModelFacts, Weights, shown
from pkgmgr.detect.models.source import Source, UnreadableError

_TYPES = {
    0: "f32",
    1: "f16",
    2: "int32",
    3: "uint8",
    4: "int64",
    5: "string",
    6: "bool",
    7: "int16",
    8: "complex64",
    9: "int8",
    10: "f64",
    11: "complex128",
    12: "uint64",
    15: "uint32",
    16: "uint16",
    17: "int4",
    18: "bf16",
}
_MOST_TENSORS = 50_000


class _Table:
    """A FlatBuffer table: fields by number, each of which may be missing."""

    def __init__(self, source: Source, position: int) -> None:
        self._source = source
        self._position = position
        (back,) = source.unpack("i", position)
        self._fields = position - back
        (self._size,) = source.unpack("H", self._fields)

    def place(self, number: int) -> int | None:
        """Give where a field lies; None when it has its default."""
        slot = 4 + 2 * number
        if slot + 2 > self._size:
            return None
        (offset,) = self._source.unpack("H", self._fields + slot)
        return self._position + offset if offset else None

    def number(self, number: int, format_: str = "I") -> int:
        place = self.place(number)
        return self._source.unpack(format_, place)[0] if place is not None else 0

    def vector(self, number: int) -> tuple[int, int]:
        """Give start and length of a vector."""
        place = self.place(number)
        if place is None:
            return 0, 0
        start = place + self._source.unpack("I", place)[0]
        return start + 4, self._source.unpack("I", start)[0]

    def numbers(self, number: int) -> list[int]:
        start, count = self.vector(number)
        return list(self._source.unpack(f"{min(count, 64)}i", start)) if count else []

    def tables(self, number: int) -> list[_Table]:
        start, count = self.vector(number)
        if count > _MOST_TENSORS:
            raise UnreadableError("a table longer than is looked at")
        places = [start + 4 * index for index in range(count)]
        return [_Table(self._source, place + self._source.unpack("I", place)[0]) for place in places]

    def text(self, number: int) -> str:
        start, size = self.vector(number)
        return self._source.read(start, min(size, 4096)).decode("utf-8", "replace") if size else ""


def read_tflite(source: Source) -> ModelFacts | None:
    """Read the first graph; None for a file of another format."""
    if source.size < 16 or source.read(4, 4) != b"TFL3":
        return None
    try:
        return _read(source)
    except UnreadableError:
        return ModelFacts(format="tflite", state=PARTIAL)


def _read(source: Source) -> ModelFacts:
    model = _Table(source, source.unpack("I", 0)[0])
    buffers = [_content(table) for table in model.tables(4)]
    graphs = model.tables(2)
    for table in (*model.tables(1), *(row for graph in graphs for row in graph.tables(3))):
        table.numbers(1)  # the code and the inputs of each operation are within the file
    weights, layers = Weights(), []
    inputs: list[str] = []
    outputs: list[str] = []
    for graph in graphs[:1]:
        tensors = graph.tables(0)
        for tensor in tensors:
            layers.append(tensor.text(3))
            buffer = tensor.number(2)
            if 0 < buffer < len(buffers) and buffers[buffer][1]:
                weights.add(_TYPES.get(tensor.number(1, "b"), "?"), tensor.numbers(0))
        inputs = [_shown(tensors[place]) for place in graph.numbers(1) if 0 <= place < len(tensors)]
        outputs = [_shown(tensors[place]) for place in graph.numbers(2) if 0 <= place < len(tensors)]
    end = max((start + size for start, size in buffers), default=0)
    description = model.text(3)
    return ModelFacts(
        format="tflite",
        state=COMPLETE if end <= source.size else PARTIAL,
        precision=weights.precision,
        parameters=weights.total,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        layers=tuple(layers),
        details={"description": description} if description and len(description) < 200 else {},
    )


def _content(buffer: _Table) -> tuple[int, int]:
    """Give where the bytes of a buffer lie: in the FlatBuffer, or behind it in a file of more than 2 GiB."""
    start, size = buffer.vector(0)
    return (start, size) if size else (buffer.number(1, "Q"), buffer.number(2, "Q"))


def _shown(tensor: _Table) -> str:
    signature = tensor.numbers(7)
    shape = ["?" if size < 0 else str(size) for size in (signature or tensor.numbers(0))]
    return shown(tensor.text(3), _TYPES.get(tensor.number(1, "b"), "?"), shape)
