"""Data sets by layout and content: whole, in part, spoilt, and what only looks like one."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zipfile

import pytest

from pkgmgr.detect.caches.photos import IMAGENETTE
from pkgmgr.detect.caches.published import PUBLISHED
from tests.detect.looking import found_below

Files = dict[str, str | bytes]
FIRST = {"mnist": bytes([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]), "fashion-mnist": bytes([9, 0, 0, 3, 0, 2, 7, 2, 5, 5])}


def idx(kind: int, sizes: tuple[int, ...], content: bytes) -> bytes:
    return bytes([0, 0, 8, kind]) + struct.pack(f">{len(sizes)}I", *sizes) + content


def digits(name: str, *, splits: tuple[str, ...] = ("train", "t10k")) -> Files:
    labels = idx(1, (10,), FIRST[name])
    images = idx(3, (10, 2, 2), bytes(40))
    files: Files = {f"{split}-labels-idx1-ubyte": labels for split in splits}
    return files | {f"{split}-images-idx3-ubyte": images for split in splits}


def arrays(labels: bytes, names: tuple[str, ...] = ("x_train", "y_train", "x_test", "y_test")) -> bytes:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (10,), }".ljust(117) + b"\n"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + labels)
    return content.getvalue()


def tar(name: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return content.getvalue()


CIFAR10 = {f"data_batch_{number}.bin": "" for number in range(1, 6)} | {"test_batch.bin": ""}
CLASSES = [f"n{number:08d}" for number in range(1440764, 1440764 + 1000)]
VOC = "<annotation><folder>VOC2007</folder><filename>000005.jpg</filename></annotation>"
BOXES = "ImageID,Source,LabelName,Confidence\n{0},xclick,/m/01,1\n{1},xclick,/m/02,1\n"
A, B = "0001eeaf4aed83f9", "000595fe6fee6369"
SQUAD = '{"version": "1.1", "data": [{"title": "T", "paragraphs": [{"context": "c", "qas": []}]}]}'
SPEAKERS = (
    "; the ids\n14   | F | train-clean-360  | 25.03 | A\n84   | F | dev-clean | 8.0 | B\n174 | M | dev-clean | 8 | C\n"
)
TASKS = ("CoLA", "SST-2", "MRPC", "QQP", "STS-B", "MNLI", "QNLI", "RTE", "WNLI")
TFDS = {
    "name": "things",
    "version": "1.0.2",
    "configName": "big",
    "splits": [{"name": "train", "shardLengths": ["3", "3"]}],
}
ARROW = {
    "builder_name": "parquet",
    "dataset_name": "rows",
    "version": {"version_str": "0.0.0"},
    "splits": {"train": {}},
}
SAVED = {"_data_files": [{"filename": "data-00000-of-00002.arrow"}, {"filename": "data-00001-of-00002.arrow"}]}


@pytest.mark.parametrize(
    ("files", "name", "format_", "state", "said"),
    [
        pytest.param(digits("mnist"), "mnist", "idx", "complete", None, id="mnist"),
        pytest.param(digits("fashion-mnist"), "fashion-mnist", "idx", "complete", None, id="fashion"),
        pytest.param(digits("mnist", splits=("train",)), "mnist", "idx", "partial", "t10k not there", id="mnist-half"),
        pytest.param(
            digits("mnist") | {"train-images-idx3-ubyte": idx(3, (10, 2, 2), bytes(39))},
            *("mnist", "idx", "partial", "train-images-idx3-ubyte is cut"),
            id="mnist-cut",
        ),
        pytest.param(
            {
                f"{name}.gz": gzip.compress(bytes(text))
                for name, text in digits("mnist").items()
                if isinstance(text, bytes)
            },
            *("mnist", "idx", "complete", None),
            id="mnist-packed",
        ),
        pytest.param({"mnist.npz": arrays(FIRST["mnist"])}, *("mnist", "npz", "complete", None), id="mnist-of-keras"),
        pytest.param(
            {"mnist.npz": arrays(FIRST["mnist"])[:-20]}, *("mnist", "npz", "partial", "it was cut"), id="npz-cut"
        ),
        pytest.param(dict(CIFAR10), "cifar10", "binary", "partial", "data_batch_1.bin is cut", id="cifar-empty"),
        pytest.param(
            {"cifar-10-python.tar.gz": tar("cifar-10-batches-py/")},
            *("cifar10", "archive", "partial", "of 170498071 bytes are there"),
            id="cifar-archive-cut",
        ),
        pytest.param({"val2017.zip": ""}, "coco", "archive", "broken", "it is empty", id="archive-empty"),
        pytest.param(
            {"RTE.zip": b"<html>" + bytes(700_000)}, *("glue", "archive", "broken", "no zip"), id="archive-longer-page"
        ),
        pytest.param(
            {f"train/{name}/a.JPEG": "x" for name in CLASSES[:6]},
            *("imagenet", "folders", "partial", "6 of 1000 classes"),
            id="imagenet-some",
        ),
        pytest.param(
            {f"train/{name}/a.JPEG": "x" for name in CLASSES}, *("imagenet", "folders", "unknown", None), id="imagenet"
        ),
        pytest.param(
            {f"train/{name}.tar": "x" for name in CLASSES[:7]},
            *("imagenet", "tar", "partial", "7 of 1000 classes"),
            id="imagenet-tars",
        ),
        pytest.param(
            {f"validation-{number:05d}-of-00128": "x" for number in range(127)},
            *("imagenet", "tfrecord", "partial", "127 of 128 records"),
            id="imagenet-records",
        ),
        pytest.param(
            {f"ILSVRC/Data/CLS-LOC/test/ILSVRC2012_test_{number:08d}.JPEG": "x" for number in range(1, 4)},
            *("imagenet", "images", "partial", "3 of 100000 photos"),
            id="imagenet-of-kaggle",
        ),
        pytest.param(
            {f"imagenette2/train/{name}/a.JPEG": "x" for name in IMAGENETTE},
            *("imagenette", "folders", "unknown", None),
            id="imagenette",
        ),
        pytest.param(
            {f"t/train/{name}/images/a.JPEG": "x" for name in CLASSES[:200]} | {"t/words.txt": "", "t/wnids.txt": ""},
            *("tiny-imagenet", "folders", "unknown", None),
            id="tiny-imagenet",
        ),
        pytest.param(
            {"v/Annotations/000005.xml": VOC, "v/JPEGImages/000005.jpg": "x"},
            *("voc", "voc", "complete", None),
            id="voc-by-content",
        ),
        pytest.param(
            {"VOC2012/Annotations/a.xml": "", "VOC2012/JPEGImages/b.jpg": "x"},
            *("voc", "voc", "partial", "1 of 1 annotated photos"),
            id="voc-by-name",
        ),
        pytest.param(
            {"training/label_2/000000.txt": "", "training/image_2/000000.png": "x"},
            *("kitti", "kitti", "complete", None),
            id="kitti",
        ),
        pytest.param(
            {"2011_09_26/2011_09_26_drive_0001_sync/oxts/dataformat.txt": ""},
            *("kitti", "raw", "unknown", None),
            id="kitti-drives",
        ),
        pytest.param(
            {"dataset/sequences/00/calib.txt": "P0:"}, *("kitti", "odometry", "unknown", None), id="kitti-odometry"
        ),
        pytest.param(
            {
                "validation-annotations-bbox.csv": BOXES.format(A, B),
                f"validation/{A}.jpg": "x",
                f"validation/{B}.jpg": "x",
            },
            *("openimages", "csv", "complete", None),
            id="openimages",
        ),
        pytest.param(
            {"validation-annotations-bbox.csv": BOXES.format(A, B), f"images/{A}.jpg": "x"},
            *("openimages", "csv", "partial", "1 of 2 photos"),
            id="openimages-some",
        ),
        pytest.param(
            {"coco8/images/val/000000000036.jpg": "x", "coco8/labels/val/000000000036.txt": "0 0.5 0.5 0.25 0.125\n"},
            *("coco", "yolo", "complete", None),
            id="coco8",
        ),
        pytest.param(
            {"screws/images/a.png": "x", "screws/labels/a.txt": "0 0.5 0.5 0.25 0.125\n"},
            *("screws", "yolo", "complete", None),
            id="yolo-without-splits",
        ),
        pytest.param({"train-v1.1.json": SQUAD}, "squad", "json", "complete", None, id="squad"),
        pytest.param({"dev-v2.0.json": SQUAD[:-3]}, "squad", "json", "partial", "in the middle", id="squad-cut"),
        pytest.param(
            {f"glue_data/{task}/train.tsv": "x" for task in TASKS}, *("glue", "tsv", "complete", None), id="glue"
        ),
        pytest.param(
            {
                "LibriSpeech/SPEAKERS.TXT": SPEAKERS,
                "LibriSpeech/dev-clean/84/1/a.flac": "x",
                "LibriSpeech/dev-clean/174/1/a": "",
            },
            *("librispeech", "flac", "complete", None),
            id="librispeech",
        ),
        pytest.param(
            {"LibriSpeech/SPEAKERS.TXT": SPEAKERS, "LibriSpeech/dev-clean/84/1/a.flac": "x"},
            *("librispeech", "flac", "partial", "1 speakers of dev-clean"),
            id="librispeech-some",
        ),
        pytest.param(
            {
                "things/big/1.0.2/dataset_info.json": json.dumps(TFDS),
                "things/big/1.0.2/things-train.tfrecord-00000-of-00002": "x",
                "things/big/1.0.2/things-train.tfrecord-00001-of-00002": "x",
            },
            *("things", "tfds", "complete", None),
            id="tfds",
        ),
        pytest.param(
            {
                "things/big/1.0.2/dataset_info.json": json.dumps(TFDS),
                "things/big/1.0.2/things-train.array_record-00001-of-00002": "x",
            },
            *("things", "tfds", "partial", "1 of 2 shards of train"),
            id="tfds-shard-gone",
        ),
        pytest.param(
            {"rows/dataset_info.json": json.dumps(ARROW), "rows/rows-train-00000-of-00002.arrow": "x"},
            *("rows", "arrow", "partial", "1 of 2 shards of train"),
            id="arrow-shard-gone",
        ),
        pytest.param(
            {
                "mine/train/dataset_info.json": "{}",
                "mine/train/state.json": json.dumps(SAVED | {"_split": "train"}),
                "mine/train/data-00000-of-00002.arrow": "x",
            },
            *("mine", "arrow", "partial", "1 of 2 files"),
            id="saved-to-disk",
        ),
    ],
)
def test_what_a_folder_holds(files: Files, name: str, format_: str, state: str, said: str | None) -> None:
    (found,) = found_below("/s", files)
    assert (found.kind, found.name, found.attributes["format"], found.state) == ("dataset", name, format_, state)
    assert (state in ("partial", "broken")) == ("reason" in found.attributes)
    assert said is None or said in str(found.attributes["reason"])


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"train-labels-idx1-ubyte": idx(1, (10,), bytes(10))}, id="labels-of-something-else"),
        pytest.param({"mnist.npz": arrays(FIRST["mnist"], ("a", "b"))}, id="arrays-of-something-else"),
        pytest.param({"mnist.npz": b"\x93NUMPY"}, id="no-archive"),
        pytest.param({"train": "x", "test": "x", "meta": "x"}, id="not-cifar100"),
        pytest.param({f"n{number}/a": "" for number in range(9)}, id="folders-of-letters-and-digits"),
        pytest.param({"Annotations/a.xml": "<annotation/>", "JPEGImages/a.jpg": ""}, id="annotations-without-a-year"),
        pytest.param({"images/a.png": "", "labels/a.txt": "a cat\n"}, id="captions-beside-images"),
        pytest.param({"x-bbox.csv": "a,b\n1,2\n"}, id="another-table-of-boxes"),
        pytest.param({"train.json": '{"data": []}', "dev-x.json": "["}, id="other-json"),
        pytest.param({"CoLA/notes": "", "RTE/notes": "", "MRPC/notes": ""}, id="folders-named-like-tasks"),
        pytest.param({"dev-clean/README": ""}, id="a-branch-named-like-a-part"),
        pytest.param({"dataset_info.json": "["}, id="no-info"),
        pytest.param({"things/incomplete.AB_1.0/dataset_info.json": json.dumps(TFDS)}, id="being-prepared"),
        pytest.param({"2011_holiday/a": "", "sequences/00/frame.png": ""}, id="not-kitti"),
    ],
)
def test_what_only_looks_like_one_is_none(files: Files) -> None:
    assert found_below("/s", files) == []


def test_a_version_and_what_is_there_are_told() -> None:
    (voc,) = found_below("/s", {"v/Annotations/000005.xml": VOC, "v/JPEGImages/000005.jpg": "x"})
    assert (voc.version, voc.attributes["annotated"], voc.attributes["present"]) == ("2007", 1, 1)
    (tfds,) = found_below("/s", {"t/dataset_info.json": json.dumps(TFDS)})
    assert (tfds.version, tfds.attributes["config"], tfds.attributes["splits"]) == ("1.0.2", "big", ["train"])
    archive = PUBLISHED["VOC2012test.tar"]
    assert (archive.dataset, archive.version) == ("voc", "2012")


def test_an_archive_as_long_as_published_is_whole_and_states_its_hash() -> None:
    known = PUBLISHED["WNLI.zip"]
    (found,) = found_below("/s", {"WNLI.zip": bytes(known.size)})
    assert (found.state, found.attributes["sha256"]) == ("complete", known.sha256)
    (longer,) = found_below("/s", {"WNLI.zip": b"PK\x03\x04" + bytes(known.size)})
    assert longer.state == "unknown"
    assert "sha256" not in longer.attributes


def test_every_published_file_has_a_whole_hash() -> None:
    for name, known in PUBLISHED.items():
        assert known.size > 10_000, name
        assert len(bytes.fromhex(known.sha256)) == 32, name


def test_an_archive_beside_what_was_unpacked_from_it_is_another_thing() -> None:
    files: Files = dict(CIFAR10) | {"cifar-10-binary.tar.gz": tar("cifar-10-batches-bin/")}
    assert sorted(str(item.attributes["format"]) for item in found_below("/s", files)) == ["archive", "binary"]
