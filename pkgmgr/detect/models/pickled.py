"""PyTorch's files, which are pickles: read as lists of opcodes, never unpickled. Pure, but for the source."""

from __future__ import annotations

import io
import re
import zipfile

from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN, ModelFacts, dominant
from pkgmgr.detect.models.source import Source, SourceFile, UnreadableError

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
        strings, classes = _look_through(source.head(_MOST_PICKLE))
        return _facts("torch-legacy", UNKNOWN, strings, classes)
    return None


def _read_zip(source: Source) -> ModelFacts | None:
    try:
        with zipfile.ZipFile(io.BufferedReader(SourceFile(source))) as archive:
            members = archive.namelist()[:_MOST_MEMBERS]
            pickle = next((name for name in members if name.endswith("/data.pkl")), None)
            if pickle is None:
                return None
            root = pickle.removesuffix("data.pkl")
            with archive.open(pickle) as stream:
                strings, classes = _look_through(stream.read(_MOST_PICKLE))
            is_script = any(name.startswith(f"{root}code/") for name in members)
    except (zipfile.BadZipFile, UnreadableError, OSError, NotImplementedError, RuntimeError, ValueError, EOFError):
        # The table of a zip archive lies at its end: one that begins so and has none was cut.
        return ModelFacts(format="torch", state=PARTIAL, can_run_code=True)
    return _facts("torchscript" if is_script else "torch", COMPLETE, strings, classes)


def _facts(format_: str, state: str, strings: list[str], classes: list[str]) -> ModelFacts:
    counts: dict[str, int] = {}
    for name in classes:
        type_ = _STORAGES.get(name.rpartition(" ")[2])
        if type_ is not None:
            counts[type_] = counts.get(type_, 0) + 1
    own = [name.replace(" ", ".") for name in dict.fromkeys(classes) if not name.startswith(("torch", "collections"))]
    return ModelFacts(
        format=format_,
        state=state,
        precision=dominant(counts),
        layers=tuple(dict.fromkeys([*(text for text in strings if _LAYER.match(text)), *own])),
        can_run_code=True,
        details={"classes": list(own[:40])} if own else {},
    )


def _look_through(content: bytes) -> tuple[list[str], list[str]]:
    """Give the texts and the names of classes in one pickle after the other. `pickletools` only reads opcodes."""
    import pickletools  # 10 ms, where there is a pickle

    strings: list[str] = []
    classes: list[str] = []
    stream = io.BytesIO(content)
    try:
        while stream.tell() < len(content) and len(strings) < 200_000:
            for opcode, argument, _ in pickletools.genops(stream):
                if opcode.name in ("BINUNICODE", "SHORT_BINUNICODE", "UNICODE") and isinstance(argument, str):
                    strings.append(argument)
                elif opcode.name == "GLOBAL" and isinstance(argument, str):
                    classes.append(argument)
                elif opcode.name == "STACK_GLOBAL" and len(strings) > 1:
                    classes.append(f"{strings[-2]} {strings[-1]}")
    except Exception:  # noqa: BLE001 - pickletools raises whatever its opcodes' readers do; the rest is not looked at
        pass
    return strings, classes
