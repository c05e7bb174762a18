"""What a pickle would build, as plain values: what it names is noted, and nothing is called. Pure."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import NamedTuple

_MOST_OPCODES = 1_000_000
"""A network of ten thousand tensors has half of them; this many take two seconds."""
_MOST_TENSORS = 50_000
_LONGEST_NAME = 500
_LARGEST = 1 << 48
"""Weights of one tensor, more than which nobody has; what states more is garbage."""
_REBUILT = tuple(f"torch._utils _rebuild_{kind}" for kind in ("tensor", "tensor_v2", "tensor_v3", "qtensor"))
_PARAMETERS = ("torch._utils _rebuild_parameter", "torch._utils _rebuild_parameter_with_state")
_HELD = ("_parameters", "_buffers", "_modules")
"""Where a network that was pickled whole keeps what is in it. One of TorchScript has it all side by side."""
_NUMBERS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
_TEXTS = {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
_BYTES = {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
_CONSTANTS: Mapping[str, object] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_PUTS, _GETS = {"PUT", "BINPUT", "LONG_BINPUT"}, {"GET", "BINGET", "LONG_BINGET"}
_IGNORED = {"PROTO", "FRAME", "STOP", "NEXT_BUFFER", "READONLY_BUFFER"}


class Named:
    """A class or a function, which is not looked up: ``torch FloatStorage``."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Made:
    """What a call would give: what would be called, with what, and what would be put into it."""

    __slots__ = ("arguments", "by", "items", "state")

    def __init__(self, by: object, arguments: object) -> None:
        self.by = by.text if isinstance(by, Named) else ""
        self.arguments: Sequence[object] = arguments if isinstance(arguments, list) else ()
        self.state: object = None
        self.items: dict[object, object] = {}


class Tensor(NamedTuple):
    """One tensor, and where it was met."""

    name: str
    storage: str
    sizes: tuple[int, ...]
    is_inside: bool
    """In a network that was pickled with its classes, not in a table of weights."""


class Pickles:
    """What is met on the way through the pickles of a file."""

    __slots__ = ("classes", "roots", "strings")

    def __init__(self) -> None:
        self.strings: list[str] = []
        self.classes: list[str] = []
        self.roots: list[object] = []
        """What each pickle would build: lists, tables, texts, numbers and `Made`; not of one that is cut or spoilt."""

    def note(self, opcode: str, argument: object) -> None:
        """Take one opcode."""
        if opcode in _TEXTS and isinstance(argument, str):
            self.strings.append(argument)
        elif opcode == "GLOBAL":
            self.classes.append(str(argument))
        elif opcode == "STACK_GLOBAL" and len(self.strings) > 1:
            self.classes.append(f"{self.strings[-2]} {self.strings[-1]}")


def read_pickles(content: bytes) -> Pickles:
    """Walk through one pickle after the other. `pickletools` only reads opcodes."""
    import pickletools  # 10 ms, where there is a pickle

    found, left = Pickles(), _MOST_OPCODES
    stream = io.BytesIO(content)
    try:
        while stream.tell() < len(content):
            builder: _Builder | None = _Builder()
            for opcode, argument, _ in pickletools.genops(stream):
                left -= 1
                if not left:
                    return found
                found.note(opcode.name, argument)
                builder = builder and builder.after(opcode.name, argument)
            if builder is not None and builder.stack:
                found.roots.append(builder.stack[-1])
    except Exception:  # noqa: BLE001 - pickletools raises whatever its opcodes' readers do; the rest is not looked at
        pass
    return found


class _Builder:
    """The machine that a pickle is a program for, but for what calls something."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self._outer: list[list[object]] = []
        self._memory: dict[object, object] = {}

    def after(self, opcode: str, argument: object) -> _Builder | None:
        """Take one opcode; None when nothing can be built of what is no true pickle."""
        try:
            self._step(opcode, argument)
        except (LookupError, ValueError, TypeError):
            return None
        return self

    def _step(self, opcode: str, argument: object) -> None:
        stack = self.stack
        if opcode in _NUMBERS or opcode in _TEXTS or opcode in _BYTES:
            stack.append(argument)
        elif opcode in _GETS:
            stack.append(self._memory[argument])
        elif opcode in _PUTS:
            self._memory[argument] = stack[-1]
        elif opcode == "MEMOIZE":
            self._memory[len(self._memory)] = stack[-1]
        elif opcode in _CONSTANTS:
            stack.append(_CONSTANTS[opcode])
        elif opcode == "MARK":
            self._outer.append(stack)
            self.stack = []
        elif opcode in _TUPLES:
            count = _TUPLES[opcode]
            stack[-count:] = [stack[-count:]]
        elif opcode not in _IGNORED:
            self._container(opcode, argument)

    def _since_mark(self) -> list[object]:
        found, self.stack = self.stack, self._outer.pop()
        return found

    def _container(self, opcode: str, argument: object) -> None:
        if opcode in ("TUPLE", "LIST", "FROZENSET"):
            found = self._since_mark()
            self.stack.append(found)
        elif opcode in ("EMPTY_TUPLE", "EMPTY_LIST", "EMPTY_SET"):
            self.stack.append([])
        elif opcode in ("EMPTY_DICT", "DICT"):
            rows = self._since_mark() if opcode == "DICT" else []
            self.stack.append({})
            self._fill(rows)
        elif opcode == "SETITEM":
            self._fill([self.stack.pop(-2), self.stack.pop()])
        elif opcode == "SETITEMS":
            self._fill(self._since_mark())
        elif opcode in ("APPEND", "APPENDS", "ADDITEMS"):
            values = [self.stack.pop()] if opcode == "APPEND" else self._since_mark()
            if isinstance(self.stack[-1], list):
                self.stack[-1].extend(values)
        elif opcode == "POP" and not self.stack:
            self._since_mark()
        elif opcode in ("POP", "POP_MARK"):
            self.stack.pop() if opcode == "POP" else self._since_mark()
        elif opcode == "DUP":
            self.stack.append(self.stack[-1])
        else:
            self._call(opcode, argument)

    def _fill(self, rows: list[object]) -> None:
        target = self.stack[-1]
        table = target.items if isinstance(target, Made) else target
        if isinstance(table, dict):
            table.update((key, value) for key, value in zip(rows[::2], rows[1::2], strict=True) if _is_key(key))

    def _call(self, opcode: str, argument: object) -> None:
        stack = self.stack
        if opcode == "GLOBAL":
            stack.append(Named(str(argument)))
        elif opcode == "STACK_GLOBAL":
            stack.append(Named(f"{stack.pop(-2)} {stack.pop()}"))
        elif opcode in ("REDUCE", "NEWOBJ"):
            stack.append(Made(stack.pop(-2), stack.pop()))
        elif opcode == "NEWOBJ_EX":
            stack.pop()
            stack.append(Made(stack.pop(-2), stack.pop()))
        elif opcode in ("OBJ", "INST"):
            found = self._since_mark()
            self.stack.append(Made(Named(str(argument)), found) if opcode == "INST" else Made(found[0], found[1:]))
        elif opcode == "BUILD":
            state = stack.pop()
            if isinstance(stack[-1], Made):
                stack[-1].state = state
        elif opcode in ("PERSID", "BINPERSID"):
            stack.append(Made(Named("persistent"), stack.pop() if opcode == "BINPERSID" else []))
        else:
            raise ValueError(f"an opcode that no network has: {opcode}")


def _is_key(value: object) -> bool:
    return isinstance(value, str | int) or value is None


def tensors(root: object) -> Iterator[Tensor]:
    """Give each tensor of what a pickle would build, by the name that the network's own ``state_dict`` gives it.

    Each object is looked at once, whatever leads to it.
    """
    todo: list[tuple[str, bool, object]] = [("", False, root)]
    seen: set[int] = set()
    given = 0
    while todo and given < _MOST_TENSORS:
        name, is_inside, value = todo.pop()
        if len(name) > _LONGEST_NAME or id(value) in seen or not isinstance(value, Made | dict | list):
            continue
        seen.add(id(value))
        tensor = _tensor(name, value, is_inside=is_inside) if isinstance(value, Made) else None
        if tensor is not None:
            given += 1
            yield tensor
            continue
        parts, is_network = _parts(value)
        prefix = f"{name}." if name and is_inside else ""
        # The last is taken first: in the order of the file.
        todo += [(f"{prefix}{key}", is_inside or is_network, part) for key, part in reversed(parts)]


def _parts(value: Made | dict[object, object] | list[object]) -> tuple[list[tuple[object, object]], bool]:
    """Give what is in a value, and whether it is a part of a network."""
    if isinstance(value, list):
        return list(enumerate(value)), False
    if isinstance(value, dict):
        return list(value.items()), False
    state = value.state[0] if isinstance(value.state, list) and value.state else value.state
    if value.items or not isinstance(state, dict):
        return list(value.items.items()), False  # an OrderedDict, whose state tells of versions
    held = [state.get(part) for part in _HELD]
    tables = [part.items if isinstance(part, Made) else part for part in held]
    if any(isinstance(table, dict) for table in tables):
        return [row for table in tables if isinstance(table, dict) for row in table.items()], True
    return list(state.items()), True


def _tensor(name: str, value: Made, *, is_inside: bool) -> Tensor | None:
    if value.by in _PARAMETERS and value.arguments and isinstance(value.arguments[0], Made):
        value = value.arguments[0]
    if value.by not in _REBUILT or len(value.arguments) < 3:
        return None
    stored, _, sizes = value.arguments[:3]
    if not isinstance(sizes, list) or len(sizes) > 16 or not all(type(size) is int and size >= 0 for size in sizes):
        return None
    if prod(sizes) > _LARGEST:
        return None
    kinds = [part.text for part in stored.arguments if isinstance(part, Named)] if isinstance(stored, Made) else []
    return Tensor(name, kinds[0].rpartition(" ")[2] if kinds else "", tuple(sizes), is_inside)
