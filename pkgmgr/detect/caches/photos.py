"""ImageNet, Pascal VOC, KITTI, Open Images and what Ultralytics trains on: photos in folders, and what tells of them.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pkgmgr.detect.caches.artifact import Artifact, data_set
from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Value

# Compiled once: a folder of ImageNet has 50,000 names.
_CLASS = re.compile(r"n\d{8}(?P<archive>\.tar)?$")
_VALIDATION_IMAGE = re.compile(r"ILSVRC2012_(?P<split>val|test)_\d{8}\.JPEG$")
_RECORD = re.compile(r"(?P<split>train|validation)-\d{5}-of-(?P<count>01024|00128)$")
_SPLITS = {"val": 50_000, "test": 100_000}
_FEWEST_CLASSES = 5
IMAGENETTE = frozenset(
    [
        "n01440764",
        "n02102040",
        "n02979186",
        "n03000684",
        "n03028079",
        "n03394916",
        "n03417042",
        "n03425413",
        "n03445777",
        "n03888257",
    ]
)
_KITTI_LABEL = re.compile(r"\d{6}\.txt$")
_KITTI_IMAGE = re.compile(r"\d{6}\.png$")
_KITTI_DRIVE = re.compile(r"(?P<day>20\d\d_\d\d_\d\d)_drive_\d{4}_(?:sync|extract)$")
_BOX_TABLE = re.compile(r"(?P<split>train|validation|test)?-?(?:annotations-bbox|.*bbox)[\w-]*\.csv$")
_OPEN_IMAGE = re.compile(r"[0-9a-f]{16}\.jpg$")
_OPEN_IMAGE_ROW = re.compile(rb"^([0-9a-f]{16}),", re.MULTILINE)
_LARGEST_TABLE = 64 << 20
_VOC_YEAR = re.compile(rb"<folder>VOC(?P<year>20\d\d)</folder>|<database>The VOC(?P<other>20\d\d) Database")
_COCO_PHOTO = re.compile(r"(?:COCO_(?:train|val|test)(?P<year>20\d\d)_)?\d{12}\.(?:jpg|txt)$")
_PHOTOS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
_MOST_SPLITS = 12
_BOX = re.compile(rb"\s*\d+(?:\s+(?:0?\.\d+|[01](?:\.0*)?|\d\.\d+e-\d+)){4,}\s*(?:\n|$)")


def imagenet(listing: Listing, origin: str) -> Iterator[Artifact]:
    """ILSVRC 2012: folders of classes (``n01440764``) or their archives, a flat part, or records of TensorFlow."""
    folder = listing.folder
    classes = [found for name in listing.beginning("n0", "n1") if (found := _CLASS.match(name))]
    archives = [found for found in classes if found["archive"]]
    folders = {found[0] for found in classes if not found["archive"]}
    if len(folders) >= _FEWEST_CLASSES:
        yield _class_folders(listing, folders, origin)
    if len(archives) >= _FEWEST_CLASSES:
        state = COMPLETE if len(archives) == 1000 else PARTIAL
        yield data_set(
            "imagenet",
            "tar",
            folder,
            origin,
            state,
            reason=f"{len(archives)} of 1000 classes" if state == PARTIAL else "",
            told={"classes": len(archives), "split": "train"},
        )
    for split, whole in _SPLITS.items():
        flat = sum(1 for name in listing.beginning(f"ILSVRC2012_{split}_") if _VALIDATION_IMAGE.match(name))
        if flat:
            reason = "" if flat == whole else f"{flat} of {whole} photos are there"
            told: dict[str, Value] = {"split": split, "present": flat, "annotated": whole}
            state = PARTIAL if reason else COMPLETE
            yield data_set("imagenet", "images", folder, origin, state, reason=reason, told=told)
    records = [found for name in listing.beginning("train-0", "validation-0") if (found := _RECORD.match(name))]
    for split, count in sorted({(found["split"], found["count"]) for found in records}):
        present = sum(1 for found in records if found["split"] == split)
        reason = "" if present == int(count) else f"{present} of {int(count)} records are there"
        state = PARTIAL if reason else COMPLETE
        yield data_set("imagenet", "tfrecord", folder, origin, state, reason=reason, told={"split": split})


def _class_folders(listing: Listing, classes: set[str], origin: str) -> Artifact:
    if "wnids.txt" in listing or (len(classes) == 200 and "words.txt" in _above(listing)):
        return data_set("tiny-imagenet", "folders", listing.folder, origin, UNKNOWN, told={"classes": len(classes)})
    split = posixpath.basename(listing.folder)
    if classes == IMAGENETTE:
        return data_set("imagenette", "folders", listing.folder, origin, UNKNOWN, told={"classes": 10, "split": split})
    # How many photos a class has is not told anywhere near them.
    is_whole = len(classes) == 1000
    return data_set(
        "imagenet",
        "folders",
        listing.folder,
        origin,
        UNKNOWN if is_whole else PARTIAL,
        reason="" if is_whole else f"{len(classes)} of 1000 classes",
        told={"classes": len(classes), "split": split},
    )


def _above(listing: Listing) -> Listing:
    return Listing(listing.files, posixpath.dirname(listing.folder))


def voc(listing: Listing, origin: str) -> Iterator[Artifact]:
    """Pascal VOC: annotations and photos of the same names; an annotation says the year, or the folder's name does."""
    if "Annotations" not in listing or "JPEGImages" not in listing:
        return
    files, folder = listing.files, listing.folder
    names = Listing(files, f"{folder}/Annotations").ending(".xml")
    annotated = {name[:-4] for name in names}
    images = {name[:-4] for name in Listing(files, f"{folder}/JPEGImages").ending(".jpg")}
    content = files.read(f"{folder}/Annotations/{names[0]}", 4096) or b"" if names else b""
    stated = _VOC_YEAR.search(content)
    named = re.match(r"VOC(20\d\d)$", posixpath.basename(folder))
    if stated is None and named is None:
        return
    year = (stated["year"] or stated["other"]).decode() if stated is not None else named[1] if named else None
    missing = len(annotated - images)
    reason = f"{missing} of {len(annotated)} annotated photos are not there" if missing else ""
    reason = reason or ("" if annotated else "no annotation is there")
    counts: dict[str, Value] = {"annotated": len(annotated), "present": len(annotated & images)}
    state = PARTIAL if reason else COMPLETE
    yield data_set("voc", "voc", folder, origin, state, version=year, reason=reason, told=counts)


def kitti(listing: Listing, origin: str) -> Iterator[Artifact]:
    """KITTI: numbered photos and labels of the same names; or drives as they were recorded."""
    files, folder = listing.files, listing.folder
    if "image_2" in listing and ("label_2" in listing or posixpath.basename(folder) == "testing"):
        labels = {name[:-4] for name in files.names(f"{folder}/label_2") if _KITTI_LABEL.match(name)}
        images = {name[:-4] for name in files.names(f"{folder}/image_2") if _KITTI_IMAGE.match(name)}
        missing = len(labels - images)
        reason = f"{missing} of {len(labels)} labelled photos are not there" if missing else ""
        present = len(labels & images) if labels else len(images)
        counts: dict[str, Value] = {"annotated": len(labels), "present": present}
        state = PARTIAL if reason else COMPLETE if labels else UNKNOWN
        if labels or images:
            yield data_set("kitti", "kitti", folder, origin, state, reason=reason, told=counts)
    drives = [name for name in listing.beginning("20") if _KITTI_DRIVE.match(name)]
    if drives and any("oxts" in files.names(f"{folder}/{name}") for name in drives[:5]):
        yield data_set("kitti", "raw", folder, origin, UNKNOWN, told={"drives": len(drives)})
    if "sequences" in listing and {"00", "01"} & {*files.names(f"{folder}/sequences")}:
        sequences = [name for name in files.names(f"{folder}/sequences") if name.isdigit()]
        if any("calib.txt" in files.names(f"{folder}/sequences/{name}") for name in sequences[:3]):
            yield data_set("kitti", "odometry", folder, origin, UNKNOWN, told={"sequences": len(sequences)})


def openimages(listing: Listing, origin: str) -> Iterator[Artifact]:
    """Open Images: tables of boxes, and the photos that they tell of, wherever those lie."""
    tables = [found for name in listing.ending(".csv") if (found := _BOX_TABLE.match(name))]
    if not tables or b"LabelName" not in (listing.files.read(listing.path(tables[0][0]), 4096) or b""):
        return
    files, folder = listing.files, listing.folder
    present: set[str] = set()
    above = posixpath.dirname(folder)
    for place in (folder, *(f"{folder}/{name}" for name in files.subfolders(folder)[:_MOST_SPLITS]), f"{above}/data"):
        present |= {name[:-4] for name in files.names(place) if _OPEN_IMAGE.match(name)}
    annotated = _told_of(files, [listing.path(table[0]) for table in tables])
    missing = len(annotated - present) if annotated is not None else 0
    reason = f"{missing} of {len(annotated or ())} photos with boxes are not there" if missing else ""
    listed: list[Value] = [table[0] for table in tables]
    told: dict[str, Value] = {"tables": listed, "present": len(present)}
    told |= {"annotated": len(annotated)} if annotated is not None else {}
    state = PARTIAL if reason else UNKNOWN if annotated is None else COMPLETE
    yield data_set("openimages", "csv", folder, origin, state, reason=reason, told=told)


def _told_of(files: Files, paths: list[str]) -> set[str] | None:
    """Give the photos that tables tell of; None where they are longer than is read."""
    found: set[str] = set()
    for path in paths:
        there = files.stat(path)
        if there is None or there.size > _LARGEST_TABLE:
            return None
        found |= {row.decode() for row in _OPEN_IMAGE_ROW.findall(files.read(path, _LARGEST_TABLE) or b"")}
    return found


def yolo(listing: Listing, origin: str) -> Iterator[Artifact]:
    """What Ultralytics trains on: ``images`` and ``labels``, or both below each split, with texts of the same names."""
    if "images" not in listing or "labels" not in listing:
        return
    files, folder = listing.files, listing.folder
    below = {*files.subfolders(f"{folder}/images"), *files.subfolders(f"{folder}/labels")}
    splits = sorted(below)[:_MOST_SPLITS]
    pairs = [(f"images/{split}", f"labels/{split}") for split in splits] or [("images", "labels")]
    images: set[str] = set()
    labels: set[str] = set()
    for photo_folder, label_folder in pairs:
        images |= _stems(Listing(files, f"{folder}/{photo_folder}"), _PHOTOS, photo_folder)
        labels |= _stems(Listing(files, f"{folder}/{label_folder}"), (".txt",), photo_folder)
    if not labels or not _is_boxes(files, folder, pairs):
        return
    missing = len(labels - images)
    reason = f"{missing} of {len(labels)} labelled photos are not there" if missing else ""
    is_coco = all(_COCO_PHOTO.match(f"{posixpath.basename(name)}.txt") for name in list(labels)[:20])
    told: dict[str, Value] = {"annotated": len(labels), "present": len(labels & images), "splits": [*splits]}
    name = posixpath.basename(folder)
    state = PARTIAL if reason else COMPLETE
    if is_coco:
        yield data_set("coco", "yolo", folder, origin, state, reason=reason, told={**told, "subset": name})
    else:
        yield data_set(name, "yolo", folder, origin, state, reason=reason, told=told)


def _stems(listing: Listing, endings: tuple[str, ...], split: str) -> set[str]:
    return {f"{split}/{posixpath.splitext(name)[0]}" for name in listing.ending(*endings)}


def _is_boxes(files: Files, folder: str, pairs: list[tuple[str, str]]) -> bool:
    """Tell whether a label holds rows of a class and coordinates between 0 and 1."""
    for _, labels in pairs:
        for name in Listing(files, f"{folder}/{labels}").ending(".txt")[:5]:
            content = files.read(f"{folder}/{labels}/{name}", 4096) or b""
            if content.strip():
                return _BOX.match(content) is not None
    return False
