"""The detector under MLPerf's LoadGen: its scenarios, its own logs, and whether its run counts."""

from __future__ import annotations

import argparse
import json
import queue
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import mlperf_loadgen as loadgen
from dataset import Dataset, read_photo
from engines import Engine
from images import DataError
from measure import Settings, detect

LEAST_TRIALS, MOST_TRIALS, TRIAL_SECONDS = 4, 100, 1.0
STREAMS = 8
"""Photos of one query of MultiStream, as in MLPerf."""


class Detector(Protocol):
    """Finds things on photos by their number, one at a time."""

    name: str
    version: str

    def detect(self, index: int) -> None:
        """Find things on one photo, and wait until it is done."""

    def close(self) -> None:
        """Give back what it holds."""


class InProcess:
    """An engine of this process, its photos decoded beforehand."""

    def __init__(self, engine: Engine, dataset: Dataset, settings: Settings) -> None:
        self.name, self.version = engine.name, engine.version
        self._engine, self._settings = engine, settings
        self._images = [read_photo(photo) for photo in dataset.photos]
        for _ in range(settings.warmup):
            self.detect(0)

    def detect(self, index: int) -> None:
        """Run the engine."""
        detect(self._engine, self._images[index], self._settings, [])

    def close(self) -> None:
        """Nothing is held."""


def run_loadgen(detector: Detector, photos: int, options: argparse.Namespace) -> int:
    """Run one scenario, keep LoadGen's logs beside the results, print its verdict and write the figures.

    An invalid run is a finished run: the verdict is in the figures, as LoadGen gave it.
    """
    logs = options.output / "loadgen"
    logs.mkdir(exist_ok=True)
    seconds = trial(detector, photos)
    worker = Worker(detector)
    sut = loadgen.ConstructSUT(worker.take, lambda: None)
    library = loadgen.ConstructQSL(photos, photos, lambda samples: None, lambda samples: None)
    try:
        loadgen.StartTestWithLogSettings(sut, library, test_settings(options, seconds), log_settings(logs))
    finally:
        worker.close()
        detector.close()
        loadgen.DestroyQSL(library)
        loadgen.DestroySUT(sut)
    if worker.error is not None:
        raise DataError(f"the detector failed under LoadGen: {worker.error}") from worker.error
    summary = logs / "mlperf_log_summary.txt"
    figures = read_summary(summary.read_text(encoding="utf-8"))
    table = [
        ("scenario", options.scenario),
        ("result", figures["result"] + (f": {'; '.join(figures['reasons'])}" if figures["reasons"] else "")),
        *((name, figures["values"][name]) for name in figures["values"]),
        ("framework", f"{detector.name} {detector.version}"),
    ]
    content = {"table": table, "scenario": options.scenario, **figures}
    (options.output / "result.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    width = max(len(name) for name, _ in table)
    print("\n".join(f"{name:<{width}}  {value}" for name, value in table))
    return 0


class Worker:
    """Answers LoadGen's queries, one thread behind a queue, as the engines' sessions serve one at a time."""

    def __init__(self, detector: Detector) -> None:
        self.error: Exception | None = None
        self._detector = detector
        self._queries: queue.SimpleQueue[list[tuple[int, int]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def take(self, samples: Sequence[Any]) -> None:
        """Take a query of LoadGen's; it is answered later."""
        self._queries.put([(sample.id, sample.index) for sample in samples])

    def close(self) -> None:
        """Stop when all is answered."""
        self._queries.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (query := self._queries.get()) is not None:
            for identity, index in query:
                try:
                    if self.error is None:
                        self._detector.detect(index)
                except Exception as error:  # noqa: BLE001 - LoadGen would wait for ever: told when it is over
                    self.error = error
                loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(identity, 0, 0)])


def trial(detector: Detector, photos: int) -> float:
    """Give the seconds that one photo takes, the mean over some: what LoadGen is to expect."""
    begin, count = time.perf_counter(), 0
    while count < LEAST_TRIALS or (time.perf_counter() - begin < TRIAL_SECONDS and count < MOST_TRIALS):
        detector.detect(count % photos)
        count += 1
    return (time.perf_counter() - begin) / count


def test_settings(options: argparse.Namespace, seconds: float) -> Any:
    """Give LoadGen's settings of a scenario.

    :param seconds: that one photo takes. Offline, more is expected than that gives: LoadGen makes its one query so
        large, and a run that ends too early is invalid. Server is sent what leaves the detector idle half of the time.
    """
    made = loadgen.TestSettings()
    made.scenario = getattr(loadgen.TestScenario, options.scenario)
    made.mode = loadgen.TestMode.PerformanceOnly
    made.min_duration_ms = options.duration
    made.min_query_count = 1 if options.scenario == "Offline" else options.queries
    made.offline_expected_qps = options.qps or 2 / seconds
    made.server_target_qps = options.qps or 0.5 / seconds
    made.server_target_latency_ns = int(options.latency * 1e6 or 10 * seconds * 1e9)
    made.server_target_latency_percentile = made.multi_stream_target_latency_percentile = options.percentile
    made.single_stream_expected_latency_ns = int(seconds * 1e9)
    made.multi_stream_samples_per_query = STREAMS
    made.multi_stream_expected_latency_ns = int(STREAMS * seconds * 1e9)
    return made


def log_settings(folder: Path) -> Any:
    """Give where LoadGen writes."""
    output = loadgen.LogOutputSettings()
    output.outdir = str(folder)
    output.copy_summary_to_stdout = False
    made = loadgen.LogSettings()
    made.log_output = output
    made.enable_trace = False
    return made


def read_summary(text: str) -> dict[str, Any]:
    """Read LoadGen's summary: ``Result is : VALID``, the reasons where it is not, and its figures."""
    values: dict[str, str] = {}
    reasons: list[str] = []
    result = "unknown"
    wanted = ("latency", "per second", "queries", "Samples", "percentile")
    for line in text.split("Test Parameters Used")[0].splitlines():
        name, colon, value = line.partition(":")
        if name.strip() == "Result is":
            result = value.strip()
        elif (colon and value.strip() == "NO") or name.strip().startswith("* "):
            reasons.append(line.strip().removeprefix("* "))
        elif colon and any(word in name for word in wanted):
            values[name.strip()] = value.strip()
    return {"result": result, "reasons": reasons if result != "VALID" else [], "values": values}
