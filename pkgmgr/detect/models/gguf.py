"""GGUF, the format of llama.cpp: metadata, then a table of tensors, then their data. Pure, but for the source."""

from __future__ import annotations

from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN, ModelFacts, Weights
from pkgmgr.detect.models.source import Source, UnreadableError
from pkgmgr.model.entry import Value

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_MOST_KEYS, _MOST_TENSORS, _MOST_ITEMS = 4096, 100_000, 1 << 21

_FILE_TYPES = {
    0: "f32",
    1: "f16",
    2: "q4_0",
    3: "q4_1",
    7: "q8_0",
    8: "q5_0",
    9: "q5_1",
    10: "q2_k",
    11: "q3_k_s",
    12: "q3_k_m",
    13: "q3_k_l",
    14: "q4_k_s",
    15: "q4_k_m",
    16: "q5_k_s",
    17: "q5_k_m",
    18: "q6_k",
    19: "iq2_xxs",
    20: "iq2_xs",
    21: "q2_k_s",
    22: "iq3_xs",
    23: "iq3_xxs",
    24: "iq1_s",
    25: "iq4_nl",
    26: "iq3_s",
    27: "iq3_m",
    28: "iq2_s",
    29: "iq2_m",
    30: "iq4_xs",
    31: "iq1_m",
    32: "bf16",
    36: "tq1_0",
    37: "tq2_0",
    38: "mxfp4",
}
"""``general.file_type``: what most weights were quantised to."""

_TENSOR_TYPES = {
    0: ("f32", 1, 4),
    1: ("f16", 1, 2),
    2: ("q4_0", 32, 18),
    3: ("q4_1", 32, 20),
    6: ("q5_0", 32, 22),
    7: ("q5_1", 32, 24),
    8: ("q8_0", 32, 34),
    9: ("q8_1", 32, 36),
    10: ("q2_k", 256, 84),
    11: ("q3_k", 256, 110),
    12: ("q4_k", 256, 144),
    13: ("q5_k", 256, 176),
    14: ("q6_k", 256, 210),
    15: ("q8_k", 256, 292),
    16: ("iq2_xxs", 256, 66),
    17: ("iq2_xs", 256, 74),
    18: ("iq3_xxs", 256, 98),
    19: ("iq1_s", 256, 50),
    20: ("iq4_nl", 32, 18),
    21: ("iq3_s", 256, 110),
    22: ("iq2_s", 256, 82),
    23: ("iq4_xs", 256, 136),
    24: ("i8", 1, 1),
    25: ("i16", 1, 2),
    26: ("i32", 1, 4),
    27: ("i64", 1, 8),
    28: ("f64", 1, 8),
    29: ("iq1_m", 256, 56),
    30: ("bf16", 1, 2),
    34: ("tq1_0", 256, 54),
    35: ("tq2_0", 256, 66),
    39: ("mxfp4", 32, 17),
}
"""Number → name, weights in a block, bytes of a block."""


def read_gguf(source: Source) -> ModelFacts | None:
    """Read the header; None for a file of another format. A cut file is one whose tensors end behind it."""
    if source.size < 24 or source.head(4) != b"GGUF":
        return None
    version, tensors, keys = source.unpack("IQQ", 4)
    if version not in (2, 3) or keys > _MOST_KEYS or tensors > _MOST_TENSORS:
        return ModelFacts(format="gguf", details={"gguf_version": version})
    cursor = _Cursor(source, 24)
    told: dict[str, Value] = {}
    weights, layers, state = Weights(), [], COMPLETE
    try:
        for _ in range(keys):
            key = cursor.string()
            told[key] = cursor.value(*cursor.take("I"))
        end = 0
        for _ in range(tensors):
            name, type_, shape, offset = cursor.string(), 0, [], 0
            (count,) = cursor.take("I")
            shape = list(cursor.take(f"{min(count, 8)}Q"))
            type_, offset = cursor.take("IQ")
            layers.append(name)
            known = _TENSOR_TYPES.get(type_)
            if known is None:
                state = UNKNOWN
                continue
            weights.add(known[0], shape)
            end = max(end, offset + _product(shape) // known[1] * known[2])
        alignment = told.get("general.alignment")
        step = alignment if isinstance(alignment, int) and alignment > 0 else 32
        start = -(-cursor.position // step) * step
        if start + end > source.size:
            state = PARTIAL
    except UnreadableError:
        state = PARTIAL
    return _facts(told, weights, layers, state, version)


def _facts(told: dict[str, Value], weights: Weights, layers: list[str], state: str, version: int) -> ModelFacts:
    architecture = _text(told.get("general.architecture"))
    file_type = told.get("general.file_type")
    details: dict[str, Value] = {"gguf_version": version}
    for key in ("context_length", "block_count", "embedding_length"):
        value = told.get(f"{architecture}.{key}")
        if isinstance(value, int):
            details[key] = value
    split = told.get("split.count")
    if isinstance(split, int) and split > 1:
        details["split_count"] = split
    return ModelFacts(
        format="gguf",
        state=state,
        architecture=architecture,
        precision=(_FILE_TYPES.get(file_type) if isinstance(file_type, int) else None) or weights.precision,
        parameters=weights.total,
        licence=_text(told.get("general.license")),
        name=_text(told.get("general.name")),
        layers=tuple(layers),
        details=details,
    )


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None


def _product(shape: list[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


class _Cursor:
    """Reads one value after the other."""

    def __init__(self, source: Source, position: int) -> None:
        self._source = source
        self.position = position

    def take(self, format_: str) -> tuple[int, ...]:
        found = self._source.unpack(format_, self.position)
        self.position += {"I": 4, "Q": 8, "IQ": 12}.get(format_, 0) or 8 * len(found)
        return found

    def string(self) -> str:
        (size,) = self.take("Q")
        if size > 1 << 20:
            self.position += size
            return ""
        text = self._source.read(self.position, size)
        self.position += size
        return text.decode("utf-8", "replace")

    def value(self, type_: int) -> Value:
        if type_ == _STRING:
            return self.string()
        if type_ == _ARRAY:
            self._skip_array()
            return None
        if type_ not in _SCALARS:
            raise UnreadableError("a value of a type that is not known")
        (value,) = self._source.unpack(_SCALARS[type_], self.position)
        self.position += _SIZES[type_]
        return value

    def _skip_array(self) -> None:
        """Pass over an array: the words of a tokenizer, mostly."""
        type_, count = self.take("IQ")
        if count > _MOST_ITEMS:
            raise UnreadableError("an array longer than is looked at")
        if type_ in _SIZES:
            self.position += _SIZES[type_] * count
        elif type_ == _STRING:
            for _ in range(count):
                (size,) = self.take("Q")
                self.position += size
        else:
            raise UnreadableError("an array of a type that is not known")
