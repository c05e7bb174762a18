"""PyTorch's files, which are pickles: read as lists of opcodes, never unpickled. Pure, but for the source."""

from __future__ import annotations

import io
import re

import msgspec

from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN, ModelFacts, dominant, shaped
from pkgmgr.detect.models.source import UNREADABLE_ZIP, Source, SourceFile

_LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The number that files of PyTorch before 1.6 begin with, pickled."""
_STORAGES = {
    "FloatStorage": "f32",
    "HalfStorage": "f16",
    "BFloat16Storage": "bf16",
    "DoubleStorage": "f64",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "QInt8Storage": "int8",
    "IntStorage": "int32",
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3, "TUPLE": 0}
"""Opcodes that close a tuple, and how many values they take; 0: all since the mark."""
_MOST_PICKLE = 8 << 20
_MOST_MEMBERS = 20_000
_LAYER = re.compile(r"[A-Za-z_][\w.\-/]*\.(?:weight|bias|[\w\-]+)$|[a-z][a-z0-9]*(?:_[a-z0-9]+)+$")
"""``layer1.0.conv1.weight``; or, at the top of a network, ``cls_token``."""


def read_torch(source: Source) -> ModelFacts | None:
    """Read what a PyTorch file lists; None for a file of another format."""
    head = source.head(16)
    if head[:4] == b"PK\x03\x04":
        return _read_zip(source)
    if head.startswith(_LEGACY):
        return _facts("torch-legacy", UNKNOWN, _look_through(source.head(_MOST_PICKLE)))
    return None


def _read_zip(source: Source) -> ModelFacts | None:
    import zipfile  # 8 ms, where there is such a file

    try:
        with zipfile.ZipFile(io.BufferedReader(SourceFile(source))) as archive:
            members = archive.namelist()[:_MOST_MEMBERS]
            pickle = next((name for name in members if name.endswith("/data.pkl")), None)
            if pickle is None:
                return None
            root = pickle.removesuffix("data.pkl")
            with archive.open(pickle) as stream:
                seen = _look_through(stream.read(_MOST_PICKLE))
            is_script = any(name.startswith(f"{root}code/") for name in members)
    except (zipfile.BadZipFile, *UNREADABLE_ZIP):
        # The table of a zip archive lies at its end: one that begins so and has none was cut.
        return ModelFacts(format="torch", state=PARTIAL, can_run_code=True)
    return _facts("torchscript" if is_script else "torch", COMPLETE, seen)


class _Seen(msgspec.Struct):
    """What is met on the way through a pickle."""

    strings: list[str] = []
    classes: list[str] = []
    shapes: dict[str, tuple[int, ...]] = {}
    """A tensor's name → its sizes."""
    _name: str = ""
    _numbers: list[int] | None = None
    """The numbers since the last mark, from where a tensor's storage was named until its sizes are closed."""

    def step(self, opcode: str, argument: object) -> None:
        """Take one opcode. A tensor is written as its name, its storage, an offset, then its sizes as a tuple."""
        if opcode in ("BINUNICODE", "SHORT_BINUNICODE", "UNICODE") and isinstance(argument, str):
            self.strings.append(argument)
            self._name = argument if _LAYER.match(argument) else self._name
        elif opcode == "GLOBAL" and isinstance(argument, str):
            self.classes.append(argument)
        elif opcode == "STACK_GLOBAL" and len(self.strings) > 1:
            self.classes.append(f"{self.strings[-2]} {self.strings[-1]}")
        elif opcode == "BINPERSID":
            self._numbers = []
        elif self._numbers is not None:
            self._size(opcode, argument)

    def _size(self, opcode: str, argument: object) -> None:
        numbers = self._numbers or []
        if opcode in ("BININT", "BININT1", "BININT2", "LONG1") and isinstance(argument, int):
            self._numbers = [*numbers, argument]
        elif opcode == "MARK":
            self._numbers = []
        elif opcode in _TUPLES:
            count = _TUPLES[opcode] or len(numbers)
            if self._name and count <= len(numbers):
                self.shapes.setdefault(self._name, tuple(numbers[-count:]))
            self._name, self._numbers = "", None


def _facts(format_: str, state: str, seen: _Seen) -> ModelFacts:
    counts: dict[str, int] = {}
    for name in seen.classes:
        type_ = _STORAGES.get(name.rpartition(" ")[2])
        if type_ is not None:
            counts[type_] = counts.get(type_, 0) + 1
    own = [
        name.replace(" ", ".") for name in dict.fromkeys(seen.classes) if not name.startswith(("torch", "collections"))
    ]
    return ModelFacts(
        format=format_,
        state=state,
        precision=dominant(counts),
        layers=tuple(dict.fromkeys([*(text for text in seen.strings if _LAYER.match(text)), *own])),
        shapes=tuple(shaped(name, sizes) for name, sizes in seen.shapes.items() if len(sizes) > 1),
        can_run_code=True,
        details={"classes": list(own[:40])} if own else {},
    )


def _look_through(content: bytes) -> _Seen:
    """Walk through one pickle after the other. `pickletools` only reads opcodes."""
    import pickletools  # 10 ms, where there is a pickle

    seen = _Seen()
    stream = io.BytesIO(content)
    try:
        while stream.tell() < len(content) and len(seen.strings) < 200_000:
            for opcode, argument, _ in pickletools.genops(stream):
                seen.step(opcode.name, argument)
    except Exception:  # noqa: BLE001 - pickletools raises whatever its opcodes' readers do; the rest is not looked at
        pass
    return seen
