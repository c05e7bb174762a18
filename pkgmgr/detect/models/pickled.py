"""PyTorch's files, which are pickles: read as lists of opcodes, never unpickled. Pure, but for the source."""

from __future__ import annotations

import io
import re

from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN, ModelFacts, Weights, shaped
from pkgmgr.detect.models.pickle_tree import Pickles, read_pickles, tensors
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
        return _facts("torch-legacy", UNKNOWN, read_pickles(source.head(_MOST_PICKLE)))
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
                seen = read_pickles(stream.read(_MOST_PICKLE))
            is_script = any(name.startswith(f"{root}code/") for name in members)
    except (zipfile.BadZipFile, *UNREADABLE_ZIP):
        # The table of a zip archive lies at its end: one that begins so and has none was cut.
        return ModelFacts(format="torch", state=PARTIAL, can_run_code=True)
    return _facts("torchscript" if is_script else "torch", COMPLETE, seen)


def _facts(format_: str, state: str, seen: Pickles) -> ModelFacts:
    found = [tensor for root in seen.roots for tensor in tensors(root)]
    network = [tensor for tensor in found if tensor.is_inside]
    # A table of weights may hold those of an optimizer, too, and other things by names that are none of layers.
    named = network or [tensor for tensor in found if _LAYER.match(tensor.name)]
    weights, mentioned = Weights(), Weights()
    shapes: dict[str, tuple[int, ...]] = {}
    for tensor in named:
        shapes.setdefault(tensor.name, tensor.sizes)
        if tensor.storage in _STORAGES:
            weights.add(_STORAGES[tensor.storage], tensor.sizes)
    for name in seen.classes:
        type_ = _STORAGES.get(name.rpartition(" ")[2])
        if type_ is not None:
            mentioned.add(type_, ())
    own = [
        name.replace(" ", ".")
        for name in dict.fromkeys(seen.classes)
        if not name.startswith(("torch", "collections", "__torch__.torch."))
    ]
    layers = [tensor.name for tensor in network] or [text for text in seen.strings if _LAYER.match(text)]
    return ModelFacts(
        format=format_,
        state=state,
        precision=weights.precision or mentioned.precision,
        parameters=weights.total if network else None,
        layers=tuple(dict.fromkeys([*layers, *own])),
        shapes=tuple(shaped(name, sizes) for name, sizes in shapes.items() if len(sizes) > 1),
        can_run_code=True,
        details={"classes": list(own[:40])} if own else {},
    )
