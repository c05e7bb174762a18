"""MNIST, Fashion-MNIST and CIFAR: small pictures in files of their own.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from pkgmgr.detect.caches.archive import unpacked, zip_beginning, zip_names
from pkgmgr.detect.caches.artifact import Artifact, data_set
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.models.facts import COMPLETE, PARTIAL
from pkgmgr.detect.models.source import Source

_LABELS = re.compile(r"(?P<split>train|t10k)-labels[-.]idx1-ubyte(?:\.gz)?$")
_IMAGES = re.compile(r"(?P<split>train|t10k)-images[-.]idx3-ubyte(?:\.gz)?$")
_FIRST_LABELS = {
    bytes([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]): "mnist",
    bytes([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]): "mnist",
    bytes([9, 0, 0, 3, 0, 2, 7, 2, 5, 5]): "fashion-mnist",
    bytes([9, 2, 1, 1, 6, 1, 4, 6, 5, 7]): "fashion-mnist",
}
"""The first ten labels of the training and the test part: names and sizes are the same."""
_PARTS_OF_KERAS = frozenset({"x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"})
_CIFAR = {
    "cifar10": (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta"),
    "cifar100": ("train", "test", "meta"),
    "cifar10-binary": (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"),
    "cifar100-binary": ("train.bin", "test.bin", "fine_label_names.txt"),
}
_BATCH, _TRAIN, _TEST = 30_730_000, 153_700_000, 30_740_000
_CIFAR_SIZES = {
    "cifar10-binary": dict.fromkeys(_CIFAR["cifar10-binary"], _BATCH),
    "cifar100-binary": {"train.bin": _TRAIN, "test.bin": _TEST},
}
_PICTURE = 3072
_PICKLED = {"train": 50_000 * _PICTURE, "meta": 0, "batches.meta": 0}
"""Bytes that a pickle has at the least; those that are not named here hold 10,000 pictures."""
_MARKS = {"cifar10": ("batches.meta", b"label_names"), "cifar100": ("meta", b"fine_label")}


def mnist(listing: Listing, origin: str) -> Iterator[Artifact]:
    """MNIST and Fashion-MNIST, told apart by their first labels; the header says how long each file must be."""
    names = listing.beginning("train-", "t10k-")
    labels = {found["split"]: name for name in names if (found := _LABELS.match(name))}
    known = None
    for name in labels.values():
        head = unpacked(listing.files.read(listing.path(name), 4096) or b"", 64)
        known = known or _FIRST_LABELS.get(head[8:18])
    if known is None:
        return
    images = {found["split"]: name for name in names if (found := _IMAGES.match(name))}
    splits = sorted({*images} & {*labels})
    cut = [name for name in (*labels.values(), *images.values()) if _is_cut(listing, name)]
    missing = {"train", "t10k"} - {*splits}
    reason = f"{cut[0]} is cut" if cut else f"{' and '.join(sorted(missing))} not there" if missing else ""
    yield data_set(
        known,
        "idx",
        listing.folder,
        origin,
        PARTIAL if reason else COMPLETE,
        size=_size(listing, [*labels.values(), *images.values()]),
        reason=reason,
        told={"splits": [*splits]},
    )


def _is_cut(listing: Listing, name: str) -> bool:
    """Hold a file of IDX against its header; gzip states the size of what it packed in its last four bytes."""
    path = listing.path(name)
    there = listing.files.stat(path)
    head = unpacked(listing.files.read(path, 4096) or b"", 64)
    if there is None or len(head) < 8 or head[:2] != b"\0\0" or len(head) < 4 + 4 * head[3]:
        return there is not None and there.size < 8
    wanted = 4 + 4 * head[3]
    count = 1
    for dimension in struct.unpack(f">{head[3]}I", head[4:wanted]):
        count *= dimension
    size = there.size
    if name.endswith(".gz"):
        size = int.from_bytes(listing.files.read(path, 4, max(0, size - 4)) or b"", "little")
    return size != wanted + count


def keras_mnist(listing: Listing, origin: str) -> Iterator[Artifact]:
    """MNIST as Keras keeps it: four arrays in one archive of numpy."""
    for name in listing.beginning("mnist", "fashion"):
        if not name.endswith(".npz"):
            continue
        path = listing.path(name)
        source = Source(listing.files, path)
        if not source.size or source.head(4) != b"PK\x03\x04":
            continue
        members = zip_names(source)
        if members is None:
            reason = "its table is not there: it was cut"
            yield data_set(
                name[:-4], "npz", path, origin, PARTIAL, root=listing.folder, size=source.size, reason=reason
            )
            continue
        content = zip_beginning(source, "y_train.npy", 512) or b""
        start = 10 + int.from_bytes(content[8:10], "little")
        known = _FIRST_LABELS.get(content[start : start + 10])
        if known is not None and set(members) >= _PARTS_OF_KERAS:
            yield data_set(known, "npz", path, origin, COMPLETE, root=listing.folder, size=source.size)


def cifar(listing: Listing, origin: str) -> Iterator[Artifact]:
    """CIFAR: pickled batches are only looked at from outside."""
    if not any(name in listing for name in ("data_batch_2", "data_batch_2.bin", "meta", "fine_label_names.txt")):
        return
    for name, wanted in _CIFAR.items():
        there = [item for item in wanted if item in listing]
        base = name.removesuffix("-binary")
        if len(there) * 2 <= len(wanted):
            continue
        meta, mark = _MARKS.get(name, ("", b""))
        if meta in there and mark not in (listing.files.read(listing.path(meta), 4096) or b""):
            continue
        is_pickled = name == base
        cut = [item for item in there if _is_short(listing, name, item)]
        missing = [item for item in wanted if item not in there]
        reason = f"{missing[0]} is not there" if missing else f"{cut[0]} is cut" if cut else ""
        yield data_set(
            base,
            "pickle" if is_pickled else "binary",
            listing.folder,
            origin,
            PARTIAL if reason else COMPLETE,
            size=_size(listing, there),
            reason=reason,
            told={"can_run_code": True} if is_pickled else None,
        )


def _is_short(listing: Listing, name: str, item: str) -> bool:
    there = listing.files.stat(listing.path(item))
    size = there.size if there is not None else 0
    exact = _CIFAR_SIZES.get(name, {}).get(item)
    if exact is not None:
        return size != exact
    return name in _MARKS and size < _PICKLED.get(item, 10_000 * _PICTURE)


def _size(listing: Listing, names: list[str]) -> int:
    states = [listing.files.stat(listing.path(name)) for name in names]
    return sum(state.size for state in states if state is not None)
