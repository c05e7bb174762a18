"""Running the detector over photos and timing it in this process; what a program of its own has measured."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from boxes import Detection, select
from dataset import Dataset, Photo, read_photo
from engines import Engine
from images import DataError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to measure."""

    batch: int
    threads: int
    score_threshold: float
    nms_threshold: float
    repetitions: int
    warmup: int


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What one benchmark gave."""

    framework: str
    version: str
    detections: Mapping[int, Sequence[Detection]]
    """Image id → what was found, the same in each repetition."""
    latencies: Sequence[Sequence[float]]
    """Milliseconds of each image, repetition by repetition: shaping, inference and suppression, not decoding."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Mean milliseconds of each stage."""


def detect(engine: Engine, image: object, settings: Settings, clock: list[float]) -> list[Detection]:
    """Find things on one decoded photo, and note when each stage was over."""
    clock.append(time.perf_counter())
    shaped = engine.shape(image)  # type: ignore[arg-type]
    clock.append(time.perf_counter())
    scores, boxes = engine.infer(shaped)
    clock.append(time.perf_counter())
    found = select(scores, boxes, score_threshold=settings.score_threshold, nms_threshold=settings.nms_threshold)
    clock.append(time.perf_counter())
    return found


def measure_engine(engine: Engine, dataset: Dataset, settings: Settings) -> Measurement:
    """Time an engine of this process.

    Photos are decoded in batches, apart from the timing; the network itself takes one at a time.
    """
    first = read_photo(dataset.photos[0])
    for _ in range(settings.warmup):
        detect(engine, first, settings, [])
    latencies: list[list[float]] = []
    stages = {"shaping": 0.0, "inference": 0.0, "suppression": 0.0}
    detections: dict[int, list[Detection]] = {}
    for _ in range(settings.repetitions):
        row: list[float] = []
        for start in range(0, len(dataset.photos), settings.batch):
            batch = dataset.photos[start : start + settings.batch]
            images = [read_photo(photo) for photo in batch]
            for photo, image in zip(batch, images, strict=True):
                clock: list[float] = []
                detections[photo.id] = detect(engine, image, settings, clock)
                row.append((clock[3] - clock[0]) * 1000)
                for place, stage in enumerate(stages):
                    stages[stage] += (clock[place + 1] - clock[place]) * 1000
        latencies.append(row)
    runs = settings.repetitions * len(dataset.photos)
    return Measurement(
        framework=engine.name,
        version=engine.version,
        detections=detections,
        latencies=latencies,
        stages={stage: total / runs for stage, total in stages.items()},
    )


def read_measurement(content: Mapping[str, object], photos: Sequence[Photo]) -> Measurement:
    """Read what the C detector wrote: images in the order in which they were named."""
    images = content["images"]
    assert isinstance(images, list)
    detections: dict[int, list[Detection]] = {}
    for photo, row in zip(photos, images, strict=True):
        if (row["width"], row["height"]) != (photo.width, photo.height):
            raise DataError(f"{photo.path} is {row['width']}x{row['height']}: its annotations say otherwise")
        detections[photo.id] = [
            Detection(category=item["category"], score=item["score"], box=tuple(item["box"]))
            for item in row["detections"]
        ]
    columns = [row["latencies_ms"] for row in images]
    return Measurement(
        framework="TensorFlow Lite C",
        version=str(content["version"]),
        detections=detections,
        latencies=[list(row) for row in zip(*columns, strict=True)],
    )
