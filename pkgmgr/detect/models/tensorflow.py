"""TensorFlow's graphs: frozen (``GraphDef``) and saved (``SavedModel``); weights are passed over. Pure, but for the
source."""

from __future__ import annotations

from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN, ModelFacts, shaped, shown
from pkgmgr.detect.models.source import Message, Source, UnreadableError
from pkgmgr.model.entry import Value

_TYPES = {1: "f32", 2: "f64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 9: "int64", 10: "bool"}
_TYPES |= {14: "bf16", 19: "f16", 17: "uint16", 22: "uint32", 23: "uint64"}
_MOST_NODES = 50_000


class _Nodes:
    """Names and operators of nodes, as they are met."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.shapes: list[str] = []
        self.operators: set[str] = set()
        self.inputs: list[str] = []

    def add(self, message: Message) -> None:
        name = operator = ""
        shape: list[str] = []
        for number, start, end in message.fields():
            if number == 1 and end != -1:
                name = message.text(start, end)
            elif number == 2 and end != -1:
                operator = message.text(start, end)
            elif number == 5 and operator == "Const" and end != -1:
                shape = shape or _constant_shape(message.message(start, end))
            elif number > 4 and operator != "Const":
                break  # attributes hold the weights
        if not name or not operator:
            raise UnreadableError("a node without a name")
        if len(shape) > 1:
            self.shapes.append(shaped(name, shape))
        if len(self.names) < _MOST_NODES:
            self.names[name] = None
            self.operators.add(operator)
        if operator == "Placeholder":
            self.inputs.append(name)


def read_frozen_graph(source: Source) -> ModelFacts | None:
    """Read a frozen graph; None for a file of another format: there is no mark, so it must begin with nodes."""
    nodes, state = _Nodes(), UNKNOWN
    graph = Message(source)
    try:
        for number, start, end in graph.fields():
            if end != -1 and number == 1:
                nodes.add(graph.message(start, end))
            elif number == 4:
                state = COMPLETE  # the versions come behind all nodes
            elif number > 5:
                return None
    except UnreadableError:
        state = PARTIAL
    if len(nodes.names) < 2 or "Const" not in nodes.operators:
        return None
    return ModelFacts(
        format="tf-frozen",
        state=state,
        inputs=tuple(nodes.inputs),
        layers=tuple(nodes.names),
        shapes=tuple(nodes.shapes),
    )


def read_saved_model(source: Source) -> ModelFacts | None:
    """Read ``saved_model.pb``; None for another file. Its variables lie beside it."""
    nodes, state = _Nodes(), UNKNOWN
    details: dict[str, Value] = {}
    inputs: list[str] = []
    outputs: list[str] = []
    model = Message(source)
    is_model = False
    try:
        for number, start, end in model.fields():
            if number == 2 and end != -1:
                is_model = True
                _read_meta_graph(model.message(start, end), nodes, details, inputs, outputs)
            elif number > 2:
                return None
    except UnreadableError:
        state = PARTIAL
    if not is_model or not nodes.names:
        return None
    return ModelFacts(
        format="tf-saved-model",
        state=state,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        layers=tuple(nodes.names),
        details=details,
    )


def _read_meta_graph(
    message: Message, nodes: _Nodes, details: dict[str, Value], inputs: list[str], outputs: list[str]
) -> None:
    for number, start, end in message.fields():
        if end == -1:
            continue
        part = message.message(start, end)
        if number == 1:
            tags = [part.text(a, b) for n, a, b in part.fields() if n == 4 and b != -1]
            version = [part.text(a, b) for n, a, b in part.fields() if n == 5 and b != -1]
            details |= {"tags": list(tags)} if tags else {}
            details |= {"tensorflow_version": version[0]} if version else {}
        elif number == 2:
            _read_graph(part, nodes)
        elif number == 5:
            _read_signature(part, inputs, outputs)


def _read_graph(message: Message, nodes: _Nodes) -> None:
    for number, start, end in message.fields():
        if number == 1 and end != -1:
            nodes.add(message.message(start, end))
        elif number == 2 and end != -1:
            library = message.message(start, end)
            for kind, a, b in library.fields():
                if kind == 1 and b != -1:
                    function = library.message(a, b)
                    for field, first, last in function.fields():
                        if field == 3 and last != -1:
                            nodes.add(function.message(first, last))


def _read_signature(message: Message, inputs: list[str], outputs: list[str]) -> None:
    """Read one signature; only the one that is served by default counts."""
    key, value = "", None
    for number, start, end in message.fields():
        if number == 1 and end != -1:
            key = message.text(start, end)
        elif number == 2 and end != -1:
            value = message.message(start, end)
    if key != "serving_default" or value is None:
        return
    for number, start, end in value.fields():
        if number in (1, 2) and end != -1:
            (inputs if number == 1 else outputs).append(_read_tensor(value.message(start, end)))


def _read_tensor(message: Message) -> str:
    name, type_, shape = "", "?", None
    for number, start, end in message.fields():
        if number == 1 and end != -1:
            name = message.text(start, end)
        elif number == 2 and end != -1:
            info = message.message(start, end)
            for field, a, b in info.fields():
                if field == 2 and b == -1:
                    type_ = _TYPES.get(a, f"type {a}")
                elif field == 3 and b != -1:
                    shape = _shape(info.message(a, b))
    return shown(name, type_, shape)


def _constant_shape(message: Message) -> list[str]:
    """Read the shape in an attribute of a constant; empty for its other attributes."""
    for number, start, end in message.fields():
        if number == 2 and end != -1:
            for field, first, last in message.message(start, end).fields():
                if field != 8 or last == -1:
                    return []
                tensor = message.message(first, last)
                return next((_shape(tensor.message(a, b)) for n, a, b in tensor.fields() if n == 2 and b != -1), [])
    return []


def _shape(message: Message) -> list[str]:
    sizes = []
    for number, start, end in message.fields():
        if number == 2 and end != -1:
            value = next((a for n, a, b in message.message(start, end).fields() if n == 1 and b == -1), 0)
            sizes.append("?" if value >= 1 << 63 else str(value))
    return sizes
