"""A data set in COCO's format: its photos, their true boxes, and whether both belong together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from images import DataError, Pixels, read_image


@dataclass(frozen=True, kw_only=True)
class Photo:
    """One annotated photo."""

    id: int
    path: Path
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Photos, and the annotations that they come from."""

    annotations: Path
    photos: tuple[Photo, ...]
    categories: Mapping[int, str]
    missing: int
    """Annotated photos that are not in the folder."""


def read_dataset(annotations: Path, folder: Path, count: int) -> Dataset:
    """Read the annotations and choose the first photos by file name.

    :param count: how many; 0: all.
    :raises DataError: when they are not COCO's format, or don't belong to the photos of the folder.
    """
    try:
        content = json.loads(annotations.read_text(encoding="utf-8"))
        rows = sorted(content["images"], key=lambda row: str(row["file_name"]))
        photos = [_photo(row, folder) for row in rows]
        categories = {int(row["id"]): str(row["name"]) for row in content["categories"]}
        boxes = content["annotations"]
        strays = sorted({int(row["image_id"]) for row in boxes} - {photo.id for photo in photos})
    except OSError as error:
        raise DataError(f"{annotations}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{annotations}: not annotations in COCO's format: {error!r}") from error
    if strays:
        raise DataError(f"{annotations}: has boxes on images that it does not list: {_few(strays)}")
    present = [photo for photo in photos if photo.path.is_file()]
    if not present:
        raise DataError(f"{annotations} does not belong to {folder}: none of its {len(photos)} photos is there")
    chosen = present[:count] if count else present
    return Dataset(
        annotations=annotations,
        photos=tuple(chosen),
        categories=categories,
        missing=len(photos) - len(present),
    )


def read_photo(photo: Photo) -> Pixels:
    """Decode a photo.

    :raises DataError: also when its size is not the one that its boxes were drawn for.
    """
    pixels = read_image(photo.path)
    height, width = pixels.shape[:2]
    if (width, height) != (photo.width, photo.height):
        raise DataError(
            f"{photo.path} is {width}x{height}, and its boxes were drawn on {photo.width}x{photo.height}: "
            f"these annotations belong to another file"
        )
    return pixels


def _photo(row: Mapping[str, Any], folder: Path) -> Photo:
    name = str(row["file_name"])
    # COCO's names have no folders; one that leaves the folder is not COCO's.
    if Path(name).name != name:
        raise ValueError(f"file_name {name!r}")
    return Photo(id=int(row["id"]), path=folder / name, width=int(row["width"]), height=int(row["height"]))


def _few(ids: list[int]) -> str:
    return ", ".join(str(number) for number in ids[:5]) + (" …" if len(ids) > 5 else "")
