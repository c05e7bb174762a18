"""ONNX: a protobuf message of nodes and weights; weights are passed over. Pure, but for the source."""

from __future__ import annotations

from collections.abc import Iterator

from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN, ModelFacts, Weights, shaped, shown
from pkgmgr.detect.models.source import Message, Source, UnreadableError
from pkgmgr.model.entry import Value

_TYPES = {
    1: "f32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "f16",
    11: "f64",
    12: "uint32",
    13: "uint64",
    16: "bf16",
    17: "f8_e4m3fn",
    19: "f8_e5m2",
    21: "uint4",
    22: "int4",
    23: "f4_e2m1",
}
_MOST_NAMES = 50_000


class _Graph:
    """What is gathered on the way through a graph."""

    def __init__(self) -> None:
        self.name = ""
        self.layers: dict[str, None] = {}
        self.operators: set[str] = set()
        self.weights = Weights()
        self.weight_shapes: dict[str, list[int]] = {}
        self.taken: dict[str, list[str]] = {}
        """Node → the names that it takes."""
        self.inputs: list[tuple[str, str]] = []
        self.outputs: list[tuple[str, str]] = []
        self.external: dict[str, None] = {}


def read_onnx(source: Source) -> ModelFacts | None:
    """Read the graph; None for another format: there is no mark, so version, graph and opset must be there."""
    if source.size < 8 or source.head(1) not in (b"\x08", b"\x12", b"\x3a"):
        return None
    graph = _Graph()
    ir_version, opset, producer, seen, state = 0, None, "", False, COMPLETE
    details: dict[str, Value] = {}
    model = Message(source)
    try:
        for number, start, end in model.fields():
            if number == 1 and end == -1:
                ir_version = start
            elif number == 2 and end != -1:
                producer = model.text(start, end)
            elif number == 7 and end != -1:
                seen = True
                _read_graph(model.message(start, end), graph)
            elif number == 8 and end != -1:
                domain, version = _opset(model.message(start, end))
                opset = version if domain in ("", "ai.onnx") else opset
            elif number == 14 and end != -1:
                _note_property(model.message(start, end), details)
            elif number > 30:
                return None
    except UnreadableError:
        state = PARTIAL if ir_version else UNKNOWN
    if not 1 <= ir_version <= 99 or (state == COMPLETE and not (seen and opset)) or state == UNKNOWN:
        return None
    details |= {"producer": producer} if producer else {}
    if graph.external:
        details["external_data"] = list(graph.external)
    quantised = graph.operators & {"QLinearConv", "QLinearMatMul", "DequantizeLinear", "ConvInteger", "MatMulInteger"}
    precision = graph.weights.precision
    return ModelFacts(
        format="onnx",
        state=state,
        precision=f"int8 ({precision})" if quantised and precision else precision,
        parameters=graph.weights.total,
        opset=opset,
        inputs=tuple(text for name, text in graph.inputs if name not in graph.weight_shapes),
        outputs=tuple(text for _, text in graph.outputs),
        name=graph.name or None,
        layers=tuple(graph.layers),
        shapes=tuple(_shapes(graph)),
        details=details,
    )


def _read_graph(message: Message, graph: _Graph) -> None:
    for number, start, end in message.fields():
        if end == -1:
            continue
        if number == 1:
            _read_node(message.message(start, end), graph)
        elif number == 2:
            graph.name = message.text(start, end)
        elif number == 5:
            _read_weight(message.message(start, end), graph)
        elif number in (11, 12):
            name, text = _read_value(message.message(start, end))
            (graph.inputs if number == 11 else graph.outputs).append((name, text))


def _read_node(message: Message, graph: _Graph) -> None:
    taken: list[str] = []
    for number, start, end in message.fields():
        if number == 1 and end != -1:
            taken.append(message.text(start, end))
        elif number == 3 and end != -1 and len(graph.layers) < _MOST_NAMES:
            name = message.text(start, end)
            graph.layers[name] = None
            graph.taken[name] = taken
        elif number == 4 and end != -1:
            graph.operators.add(message.text(start, end))
        elif number > 4:
            return  # attributes may hold whole tensors


def _shapes(graph: _Graph) -> Iterator[str]:
    """Give the shapes of weights under their own names, and under those of the nodes that take them: an exporter that
    folds weights together numbers them."""
    for name, shape in graph.weight_shapes.items():
        if len(shape) > 1:
            yield shaped(name, shape)
    for node, taken in graph.taken.items():
        shape = next((shape for name in taken if len(shape := graph.weight_shapes.get(name, [])) > 1), [])
        if node and shape:
            yield shaped(node, shape)


def _read_weight(message: Message, graph: _Graph) -> None:
    shape: list[int] = []
    type_, name, place = "", "", ""
    for number, start, end in message.fields():
        if number == 1:
            shape += [start] if end == -1 else message.packed(start, end)
        elif number == 2 and end == -1:
            type_ = _TYPES.get(start, f"type {start}")
        elif number == 8 and end != -1:
            name = message.text(start, end)
        elif number == 13 and end != -1:
            key, value = _pair(message.message(start, end))
            place = value if key == "location" else place
    graph.weights.add(type_, shape)
    graph.weight_shapes[name] = shape
    if len(graph.layers) < _MOST_NAMES:
        graph.layers[name] = None
    if place:
        graph.external[place] = None


def _read_value(message: Message) -> tuple[str, str]:
    name, type_, shape = "", "", None
    for number, start, end in message.fields():
        if number == 1 and end != -1:
            name = message.text(start, end)
        elif number == 2 and end != -1:
            kind = message.message(start, end)
            for kind_number, kind_start, kind_end in kind.fields():
                if kind_number == 1 and kind_end != -1:
                    type_, shape = _tensor_type(kind.message(kind_start, kind_end))
    return name, shown(name, type_ or "?", shape)


def _tensor_type(message: Message) -> tuple[str, list[str] | None]:
    type_, shape = "", None
    for number, start, end in message.fields():
        if number == 1 and end == -1:
            type_ = _TYPES.get(start, f"type {start}")
        elif number == 2 and end != -1:
            body = message.message(start, end)
            shape = [_dimension(body.message(a, b)) for n, a, b in body.fields() if n == 1 and b != -1]
    return type_, shape


def _dimension(message: Message) -> str:
    for number, start, end in message.fields():
        if number == 1 and end == -1:
            return str(start)
        if number == 2 and end != -1:
            return message.text(start, end)
    return "?"


def _opset(message: Message) -> tuple[str, int]:
    domain, version = "", 0
    for number, start, end in message.fields():
        if number == 1 and end != -1:
            domain = message.text(start, end)
        elif number == 2 and end == -1:
            version = start
    return domain, version


def _note_property(message: Message, details: dict[str, Value]) -> None:
    key, value = _pair(message)
    if key in ("task", "license", "author") and value and len(value) < 200:
        details["licence" if key == "license" else key] = value


def _pair(message: Message) -> tuple[str, str]:
    key = value = ""
    for number, start, end in message.fields():
        if end != -1 and number in (1, 2):
            text = message.text(start, end)
            key, value = (text, value) if number == 1 else (key, text)
    return key, value
