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
    for column in np.flatnonzero((scores >= score_threshold).any(axis=0)):
        likely = np.flatnonzero(scores[:, column] >= score_threshold)
        # A stable order: equal scores stay in the order of the anchors, in C as here.
        order = likely[np.argsort(-scores[likely, column], kind="stable")][:MOST]
        for row in _suppress(boxes[order], nms_threshold):
            top, left, bottom, right = (float(edge) for edge in boxes[order[row]])
            score = float(scores[order[row], column])
            found.append(Detection(category=int(column) + 1, score=score, box=(left, top, right, bottom)))
    return sorted(found, key=lambda item: -item.score)[:MOST]


def _suppress(boxes: Floats, threshold: float) -> list[int]:
    """Give the rows that no better one covers; the best first."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left = np.flatnonzero(areas > 0)
    kept: list[int] = []
    while left.size:
        best, left = left[0], left[1:]
        kept.append(int(best))
        left = left[_overlaps(boxes, areas, best, left) <= threshold]
    return kept


def _overlaps(boxes: Floats, areas: Floats, one: np.intp, others: NDArray[np.intp]) -> NDArray[np.float64]:
    """Give the intersection over union of one box with others."""
    height = np.minimum(boxes[one, 2], boxes[others, 2]) - np.maximum(boxes[one, 0], boxes[others, 0])
    width = np.minimum(boxes[one, 3], boxes[others, 3]) - np.maximum(boxes[one, 1], boxes[others, 1])
    common = (np.maximum(height, 0) * np.maximum(width, 0)).astype(np.float64)
    shares: NDArray[np.float64] = common / ((areas[one] + areas[others]).astype(np.float64) - common)
    return shares
