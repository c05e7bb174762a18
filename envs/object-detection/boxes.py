"""From raw scores and boxes of an SSD network to detections. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MOST = 100
"""Detections of one image that are kept, as COCO's evaluation does."""


@dataclass(frozen=True, kw_only=True)
class Detection:
    """One thing found on one image."""

    category: int
    """COCO's category id."""
    score: float
    box: tuple[float, float, float, float]
    """Left, top, right, bottom as parts of the image's width and height, 0 to 1."""


def select(scores: Floats, boxes: Floats, *, score_threshold: float, nms_threshold: float) -> list[Detection]:
    """Keep the best of overlapping boxes, class by class, then the `MOST` best of all.

    Column k of the scores is COCO's category k + 1: the graph has cut off the background class.

    :param scores: (anchors, classes).
    :param boxes: (anchors, 4): top, left, bottom, right.
    """
    boxes = np.clip(boxes, 0.0, 1.0)
    found: list[Detection] = []
    for column in range(scores.shape[1]):
        likely = np.flatnonzero(scores[:, column] >= score_threshold)
        # A stable order: equal scores stay in the order of the anchors, in C as here.
        order = likely[np.argsort(-scores[likely, column], kind="stable")][:MOST]
        for row in _suppress(boxes[order], nms_threshold):
            top, left, bottom, right = (float(edge) for edge in boxes[order[row]])
            score = float(scores[order[row], column])
            found.append(Detection(category=column + 1, score=score, box=(left, top, right, bottom)))
    return sorted(found, key=lambda item: -item.score)[:MOST]


def _suppress(boxes: Floats, threshold: float) -> list[int]:
    """Give the rows that no better one covers; the best first."""
    kept: list[int] = []
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for row in range(len(boxes)):
        if areas[row] <= 0:
            continue
        if all(_overlap(boxes, areas, row, other) <= threshold for other in kept):
            kept.append(row)
    return kept


def _overlap(boxes: Floats, areas: Floats, first: int, second: int) -> float:
    height = min(boxes[first, 2], boxes[second, 2]) - max(boxes[first, 0], boxes[second, 0])
    width = min(boxes[first, 3], boxes[second, 3]) - max(boxes[first, 1], boxes[second, 1])
    if height <= 0 or width <= 0:
        return 0.0
    common = float(height * width)
    return common / (float(areas[first] + areas[second]) - common)
