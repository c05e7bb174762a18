"""Average precision and recall as COCO defines them, and what is expected of them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from boxes import Detection
from dataset import Dataset
from images import DataError
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """COCO's figures over all areas."""

    ap: float
    """Mean over IoU 0.50 to 0.95."""
    ap50: float
    recall: float
    """AR with at most 100 detections an image."""


def coco_rows(dataset: Dataset, detections: Mapping[int, Sequence[Detection]]) -> list[dict[str, object]]:
    """Write detections as COCO's result format wants them: in pixels, left, top, width, height."""
    rows: list[dict[str, object]] = []
    for photo in dataset.photos:
        for item in detections.get(photo.id, ()):
            left, top, right, bottom = item.box
            box = [left * photo.width, top * photo.height, (right - left) * photo.width, (bottom - top) * photo.height]
            rows.append(
                {
                    "image_id": photo.id,
                    "category_id": item.category,
                    "bbox": [round(edge, 3) for edge in box],
                    "score": item.score,
                }
            )
    return rows


def evaluate(dataset: Dataset, rows: Sequence[Mapping[str, object]]) -> Accuracy:
    """Hold detections against the true boxes with pycocotools."""
    if not rows:
        return Accuracy(ap=0.0, ap50=0.0, recall=0.0)
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            truth = COCO(str(dataset.annotations))
            found = truth.loadRes([dict(row) for row in rows])  # it writes into them
        except (AssertionError, KeyError) as error:
            raise DataError(f"{dataset.annotations}: pycocotools can't use it: {error!r}") from error
        judge = COCOeval(truth, found, "bbox")
        judge.params.imgIds = [photo.id for photo in dataset.photos]
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return Accuracy(ap=float(judge.stats[0]), ap50=float(judge.stats[1]), recall=float(judge.stats[8]))


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a model is known to reach on a data set."""

    ap: float
    least: float
    """What still passes."""
    source: str


def expected_accuracy(table: Path, dataset: Dataset, *, arch: str, precision: str) -> Expected | None:
    """Find the reference of these photos; None where nobody has established one.

    A row names the annotations by their hash or by their file's name, and the number of photos: a part has another
    figure than the whole.
    """
    digest = hashlib.sha256(dataset.annotations.read_bytes()).hexdigest()
    for row in json.loads(table.read_text(encoding="utf-8")):
        same = digest == row["annotations"] if "annotations" in row else dataset.annotations.name == row["file"]
        if same and row["photos"] == len(dataset.photos) and row["arch"] == arch and precision in row["precisions"]:
            return Expected(ap=row["ap"], least=row["least"], source=row["source"])
    return None
