"""Data sets in one folder, by their layout and content.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import msgspec

from pkgmgr.detect.caches.artifact import Artifact
from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN
from pkgmgr.detect.models.source import NO_JSON
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value

_IDX = re.compile(r"(?P<split>train|t10k)-labels[-.]idx1-ubyte(?P<packed>\.gz)?$")
_FIRST_LABELS = {
    bytes([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]): "mnist",
    bytes([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]): "mnist",
    bytes([9, 0, 0, 3, 0, 2, 7, 2, 5, 5]): "fashion-mnist",
    bytes([9, 2, 1, 1, 6, 1, 4, 6, 5, 7]): "fashion-mnist",
}
"""The first ten labels of the training and the test part: names and sizes are the same."""
# Compiled once: a folder of ImageNet has 50,000 names.
_WNID = re.compile(r"n\d{8}$")
_VALIDATION_IMAGE = re.compile(r"ILSVRC2012_val_\d{8}\.JPEG$")
_IMAGENET_ARCHIVE = re.compile(r"ILSVRC2012_img_(?:train|val|test\w*)\.tar$")
_KITTI_LABEL = re.compile(r"\d{6}\.txt$")
_KITTI_IMAGE = re.compile(r"\d{6}\.png$")
_SPEECH_PART = re.compile(r"(?:train|dev|test)-(?:clean|other)(?:-\d+)?$")
_BOX_TABLE = re.compile(r"(?:annotations-bbox|oidv6-.*bbox)[\w-]*\.csv$")
_CIFAR = {
    "cifar10": (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta"),
    "cifar100": ("train", "test", "meta"),
    "cifar10-binary": (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"),
    "cifar100-binary": ("train.bin", "test.bin", "fine_label_names.txt"),
}
_CIFAR_SIZES = {"cifar10-binary": 30_730_000, "cifar100-binary": 30_740_000}

_Detector = Callable[[Files, str, Sequence[str], str], Iterator[Artifact]]


def data_sets_in(files: Files, folder: str, origin: str) -> Iterator[Artifact]:
    """Give the data sets whose root is this folder."""
    names = files.names(folder)
    for find in _FINDERS:
        yield from find(files, folder, names, origin)


def _made(
    name: str, format_: str, folder: str, origin: str, state: str, *, version: str | None = None, **told: Value
) -> Artifact:
    attributes: dict[str, Value] = {key: value for key, value in told.items() if value is not None}
    return Artifact(
        kind="dataset",
        name=name,
        path=folder,
        root=folder,
        evidence=f"the layout of {folder}",
        origin=origin,
        version=version,
        state=state,
        files={"data": folder},
        attributes={"format": format_, "dataset": name, **attributes},
    )


def _idx(files: Files, folder: str, names: Sequence[str], origin: str) -> Iterator[Artifact]:
    """MNIST and Fashion-MNIST, told apart by their first labels."""
    labels = {found["split"]: (name, bool(found["packed"])) for name in names if (found := _IDX.match(name))}
    known = None
    for name, packed in labels.values():
        known = known or _FIRST_LABELS.get(_first_labels(files.read(f"{folder}/{name}", 4096) or b"", packed))
    if known is None:
        return
    images = [name for name in names if re.match(r"(?:train|t10k)-images[-.]idx3-ubyte", name)]
    splits = {name.partition("-")[0] for name in images} & set(labels)
    state = COMPLETE if splits == {"train", "t10k"} else PARTIAL
    yield _made(known, "idx", folder, origin, state, splits=[*sorted(splits)])


def _first_labels(content: bytes, packed: bool) -> bytes:
    if packed:
        try:
            content = zlib.decompressobj(wbits=31).decompress(content, 64)
        except zlib.error:
            return b""
    return content[8:18]


def _cifar(files: Files, folder: str, names: Sequence[str], origin: str) -> Iterator[Artifact]:
    """CIFAR: pickled batches are only looked at from outside."""
    present = set(names)
    for name, wanted in _CIFAR.items():
        there = [item for item in wanted if item in present]
        base = name.removesuffix("-binary")
        if len(there) * 2 <= len(wanted):
            continue
        if name == "cifar100" and b"fine_label" not in (files.read(f"{folder}/meta", 4096) or b""):
            continue
        if (
            name == "cifar10"
            and "batches.meta" in there
            and b"label_names" not in (files.read(f"{folder}/batches.meta", 4096) or b"")
        ):
            continue
        expected = _CIFAR_SIZES.get(name)
        cut = [
            item
            for item in there
            if expected and item == "test_batch.bin" and (s := files.stat(f"{folder}/{item}")) and s.size != expected
        ]
        state = COMPLETE if len(there) == len(wanted) and not cut else PARTIAL
        is_pickled = name == base
        yield _made(
            base,
            "pickle" if is_pickled else "binary",
            folder,
            origin,
            state,
            can_run_code=True if is_pickled else None,
        )


def _imagenet(files: Files, folder: str, names: Sequence[str], origin: str) -> Iterator[Artifact]:
    """ILSVRC 2012: folders of classes (``n01440764``), the flat validation part, or its archives."""
    classes = [name for name in names if _WNID.match(name)]
    if len(classes) >= 5:
        split = posixpath.basename(folder)
        state = UNKNOWN if len(classes) == 1000 else PARTIAL
        yield _made("imagenet", "folders", folder, origin, state, classes=len(classes), split=split)
    flat = sum(1 for name in names if _VALIDATION_IMAGE.match(name))
    if flat:
        state = COMPLETE if flat == 50_000 else PARTIAL
        yield _made("imagenet", "images", folder, origin, state, split="val", present=flat, annotated=50_000)
    tars = [name for name in names if _IMAGENET_ARCHIVE.match(name)]
    if tars:
        archives: list[Value] = list(tars)
        yield _made("imagenet", "tar", folder, origin, UNKNOWN, archives=archives)


def _voc(files: Files, folder: str, names: Sequence[str], origin: str) -> Iterator[Artifact]:
    """Pascal VOC: ``VOC2007`` with annotations, lists and images."""
    found = re.match(r"VOC(20\d\d)$", posixpath.basename(folder))
    if found is None or not {"Annotations", "JPEGImages"} <= set(names):
        return
    annotated = {name[:-4] for name in files.names(f"{folder}/Annotations") if name.endswith(".xml")}
    images = {name[:-4] for name in files.names(f"{folder}/JPEGImages") if name.endswith(".jpg")}
    state = COMPLETE if annotated and annotated <= images else PARTIAL
    counts: dict[str, Value] = {"annotated": len(annotated), "present": len(annotated & images)}
    yield _made("voc", "voc", folder, origin, state, version=found[1], **counts)


def _kitti(files: Files, folder: str, names: Sequence[str], origin: str) -> Iterator[Artifact]:
    """KITTI's object detection: numbered images and labels of the same names."""
    if not {"image_2", "label_2"} <= set(names):
        return
    labels = {name[:-4] for name in files.names(f"{folder}/label_2") if _KITTI_LABEL.match(name)}
    images = {name[:-4] for name in files.names(f"{folder}/image_2") if _KITTI_IMAGE.match(name)}
    if labels:
        state = COMPLETE if labels <= images else PARTIAL
        yield _made("kitti", "kitti", folder, origin, state, annotated=len(labels), present=len(labels & images))


def _squad(files: Files, folder: str, names: Sequence[str], origin: str) -> Iterator[Artifact]:
    """SQuAD by what its JSON says: version and questions."""
    for name in names:
        if not (name.endswith(".json") and re.match(r"(?i)(train|dev|squad)", name)):
            continue
        path = f"{folder}/{name}"
        head = files.read(path, 1 << 16) or b""
        if not (b'"qas"' in head and b'"context"' in head and b'"paragraphs"' in head):
            continue
        state = files.stat(path)
        size = state.size if state is not None else 0
        tail = (files.read(path, 512, max(0, size - 512)) or b"").rstrip()
        stated = re.search(rb'"version": ?"(v?)([\d.]+)"', head[:512] + tail)
        whole = COMPLETE if tail.endswith(b"}") and (tail.count(b"]") >= 1) else PARTIAL
        made = _made("squad", "json", path, origin, whole, version=stated[2].decode() if stated else None)
        yield _single_file(made, folder, path, size)


def _single_file(made: Artifact, folder: str, path: str, size: int) -> Artifact:
    """Make a single file stand for a data set."""

    return replace(made, root=folder, size=size, files={"data": path}, evidence=f"the content of {path}")


def _librispeech(files: Files, folder: str, names: Sequence[str], origin: str) -> Iterator[Artifact]:
    """LibriSpeech: parts (``dev-clean``) of speakers and chapters."""
    parts = [name for name in names if _SPEECH_PART.match(name)]
    speakers = [f"{folder}/{part}" for part in parts]
    if parts and any(name.isdigit() for part in speakers for name in files.names(part)):
        splits: list[Value] = list(parts)
        yield _made("librispeech", "flac", folder, origin, UNKNOWN, splits=splits)


def _openimages(files: Files, folder: str, names: Sequence[str], origin: str) -> Iterator[Artifact]:
    """Open Images by its tables of boxes."""
    tables = [name for name in names if name.endswith(".csv") and _BOX_TABLE.search(name)]
    if tables and b"LabelName" in (files.read(f"{folder}/{tables[0]}", 4096) or b""):
        listed: list[Value] = list(tables)
        yield _made("openimages", "csv", folder, origin, UNKNOWN, tables=listed)


class _Split(msgspec.Struct):
    name: str = ""


class _Info(msgspec.Struct):
    name: str = ""
    version: str | dict[str, object] = ""
    splits: list[_Split] | dict[str, dict[str, object]] = []
    builder_name: str | None = None
    dataset_name: str | None = None


def _described(files: Files, folder: str, names: Sequence[str], origin: str) -> Iterator[Artifact]:
    """TFDS and Hugging Face Datasets: a prepared folder with ``dataset_info.json``."""
    if "dataset_info.json" not in names or "incomplete." in folder or folder.endswith(".incomplete"):
        return
    content = files.read(f"{folder}/dataset_info.json", 4 << 20) or b""
    try:
        info = msgspec.json.decode(content, type=_Info)
    except NO_JSON:
        return
    version = info.version if isinstance(info.version, str) else str(info.version.get("version_str", ""))
    arrow = [name for name in names if name.endswith(".arrow")]
    splits = [row.name for row in info.splits] if isinstance(info.splits, list) else list(info.splits)
    data = [name for name in names if name not in ("dataset_info.json", "features.json")]
    missing = [
        split for split in splits if not any(re.search(rf"(?:^|-){re.escape(split)}[.-]", name) for name in data)
    ]
    name = info.name or info.dataset_name or info.builder_name or posixpath.basename(folder)
    state = (PARTIAL if missing else COMPLETE) if splits else UNKNOWN
    listed: list[Value] = list(splits)
    format_ = "arrow" if arrow else "tfds"
    yield _made(name, format_, folder, origin, state, version=version or None, splits=listed)


def _kaggle(files: Files, folder: str, names: Sequence[str], origin: str) -> Iterator[Artifact]:
    """Kaggle's cache: ``datasets/OWNER/NAME/versions/N``, with ``N.complete`` beside it when it is whole."""
    found = re.search(r"/datasets/(?P<name>[^/]+/[^/]+)/versions/(?P<version>\d+)$", folder)
    if found is not None and origin == "cache:kaggle":
        mark = f"{posixpath.dirname(posixpath.dirname(folder))}/{found['version']}.complete"
        beside = f"{folder}.complete"
        state = COMPLETE if files.stat(mark) or files.stat(beside) else PARTIAL
        yield _made(found["name"], "kaggle", folder, origin, state, version=found["version"])


_FINDERS: tuple[_Detector, ...] = (
    *(_idx, _cifar, _imagenet, _voc, _kitti, _squad, _librispeech, _openimages, _described, _kaggle),
)
