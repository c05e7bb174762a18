"""Benchmark an SSD-MobileNet detector on a data set in COCO's format: speed, accuracy, pictures, one table."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from boxes import Detection
from dataset import Dataset, read_dataset, read_photo
from engines import open_engine
from evaluation import Accuracy, Expected, coco_rows, evaluate, expected_accuracy
from figures import latency_figures, repetition_figures
from images import DataError
from measure import Measurement, Settings, measure_engine
from PIL import Image
from program import Program, Served, find_program, measure_program, name_photos

HERE = Path(__file__).parent
SHOWN = 12
"""Photos of which a copy is kept for the report."""
SHOWN_SCORE = 0.5


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--engine", choices=("tflite", "tensorflow", "onnxruntime", "tflite-c"), required=True)
    made.add_argument("--harness", choices=("plain", "loadgen"), default="plain")
    made.add_argument(
        "--scenario", choices=("SingleStream", "MultiStream", "Offline", "Server"), default="SingleStream"
    )
    made.add_argument("--model", type=Path, required=True)
    made.add_argument("--model-name", default="")
    made.add_argument("--annotations", type=Path, required=True)
    made.add_argument("--images", type=Path, required=True)
    made.add_argument("--output", type=Path, required=True, help="folder to write to")
    made.add_argument("--program", type=Path, help="the C detector")
    made.add_argument("--launcher", default="", help="what stands in front of it, such as an emulator")
    made.add_argument("--portable", default="", help="folder for a device, where the launcher starts the program")
    made.add_argument("--arch", default="v2-lite")
    made.add_argument("--precision", default="f32")
    made.add_argument("--batch", type=positive, default=1)
    made.add_argument("--threads", type=natural, default=0)
    made.add_argument("--score", type=part, default=0.05)
    made.add_argument("--nms", type=part, default=0.6)
    made.add_argument("--count", type=natural, default=0)
    made.add_argument("--repetitions", type=positive, default=5)
    made.add_argument("--warmup", type=natural, default=2)
    made.add_argument("--duration", type=positive, default=2000, help="LoadGen: at least so many milliseconds")
    made.add_argument("--queries", type=positive, default=100, help="LoadGen: at least so many")
    made.add_argument("--qps", type=float, default=0.0, help="LoadGen: queries a second; 0: by a trial")
    made.add_argument("--latency", type=natural, default=0, help="LoadGen: Server's bound in ms; 0: by a trial")
    made.add_argument("--percentile", type=part, default=0.9, help="LoadGen: MultiStream and Server are judged by it")
    return made


def natural(text: str) -> int:
    """Read a whole number from 0 on."""
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    number = natural(text)
    if number == 0:
        raise ValueError(text)
    return number


def part(text: str) -> float:
    """Read a number from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError(text)
    return number


def main(arguments: Sequence[str]) -> int:
    """Measure, evaluate, write, and print the table."""
    options = parser().parse_args(arguments)
    try:
        dataset = read_dataset(options.annotations, options.images, options.count)
        options.output.mkdir(parents=True, exist_ok=True)
        if dataset.missing:
            print(f"note: {dataset.missing} annotated photos are not there, and are left out", file=sys.stderr)
        settings = settings_of(options)
        if options.engine == "tflite-c":
            program = find_program(options.program, options.launcher, options.model, options.portable)
            if not program.words:
                return not_run(options, program, dataset)
        if options.harness == "loadgen":
            from scenarios import Detector, InProcess, run_loadgen

            detector: Detector
            if options.engine == "tflite-c":
                detector = Served(program, dataset, settings, options.output)
            else:
                engine = open_engine(options.engine, options.model, threads=options.threads)
                detector = InProcess(engine, dataset, settings)
            return run_loadgen(detector, len(dataset.photos), options)
        if options.engine == "tflite-c":
            measured = measure_program(program, dataset, settings, options.output)
        else:
            engine = open_engine(options.engine, options.model, threads=options.threads)
            measured = measure_engine(engine, dataset, settings)
        report(options, dataset, measured)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def not_run(options: argparse.Namespace, program: Program, dataset: Dataset) -> int:
    """Complete the folder for a device that is not there, and say what to do with it."""
    name_photos(program, dataset.photos, options.output)
    table = [
        ("not run", "no device is there, and nothing here runs its programs"),
        ("folder", str(program.folder)),
        ("on the device", "copy the folder there, and in it: sh run.sh"),
    ]
    write_json(options.output / "result.json", {"table": table, "images": len(dataset.photos)})
    print_table(table)
    return 0


def print_table(table: Sequence[tuple[str, str]]) -> None:
    """Print names and values in two columns."""
    width = max(len(name) for name, _ in table)
    print("\n".join(f"{name:<{width}}  {value}" for name, value in table))


def settings_of(options: argparse.Namespace) -> Settings:
    """Read how to measure."""
    return Settings(
        batch=options.batch,
        threads=options.threads,
        score_threshold=options.score,
        nms_threshold=options.nms,
        repetitions=options.repetitions,
        warmup=options.warmup,
    )


def report(options: argparse.Namespace, dataset: Dataset, measured: Measurement) -> None:
    """Evaluate a measurement, write its files and print its table."""
    rows = coco_rows(dataset, measured.detections)
    accuracy = evaluate(dataset, rows)
    expected = expected_accuracy(HERE / "references.json", dataset, arch=options.arch, precision=options.precision)
    figures = latency_figures(measured.latencies)
    table = table_of(options, dataset, measured, figures, accuracy, expected)
    write_json(options.output / "detections.json", rows)
    result = {
        "table": table,
        "images": len(dataset.photos),
        **{name: round(value, 4) for name, value in figures.items()},
        **{name: round(value, 5) for name, value in asdict(accuracy).items()},
        "accuracy": verdict(accuracy, expected),
        "reference": asdict(expected) if expected is not None else None,
        "framework": measured.framework,
        "framework_version": measured.version,
        "stages_ms": {name: round(value, 4) for name, value in measured.stages.items()},
        "repetitions": {
            name: [round(v, 4) for v in row] for name, row in repetition_figures(measured.latencies).items()
        },
        "samples": {"latency_ms": [round(value, 4) for row in measured.latencies for value in row]},
        "pictures": keep_pictures(options.output, dataset, measured.detections),
    }
    write_json(options.output / "result.json", result)
    print_table(table)


def verdict(accuracy: Accuracy, expected: Expected | None) -> str:
    """Hold the accuracy against the reference."""
    if expected is None:
        return "no reference"
    return "pass" if accuracy.ap >= expected.least else "fail"


def table_of(
    options: argparse.Namespace,
    dataset: Dataset,
    measured: Measurement,
    figures: Mapping[str, float],
    accuracy: Accuracy,
    expected: Expected | None,
) -> list[tuple[str, str]]:
    """Give what is shown, row by row."""
    judged = verdict(accuracy, expected)
    if expected is not None:
        judged += f": AP {expected.ap:.3f} expected, at least {expected.least:.3f} ({expected.source})"
    else:
        judged += " for these photos with this model"
    rows = [
        ("images", f"{len(dataset.photos)}, {len(measured.latencies)} times"),
        ("latency, mean", f"{figures['latency_mean_ms']:.2f} ms"),
        ("latency, p50", f"{figures['latency_p50_ms']:.2f} ms"),
        ("latency, p90", f"{figures['latency_p90_ms']:.2f} ms"),
        ("latency, p99", f"{figures['latency_p99_ms']:.2f} ms"),
        ("throughput", f"{figures['throughput_per_second']:.1f} images/s"),
        ("AP", f"{accuracy.ap:.3f}"),
        ("AP50", f"{accuracy.ap50:.3f}"),
        ("recall", f"{accuracy.recall:.3f}"),
        ("model", f"{options.model_name or options.model.name}, {options.arch}, {options.precision}"),
        ("framework", f"{measured.framework} {measured.version}"),
    ]
    if options.engine == "tflite-c":
        rows.append(("compiler", compiler_of(options.output)))
    else:
        rows.append(("compiler", "none: the framework is a binary wheel"))
        rows.append(("Python", platform.python_version()))
    emulated = f", running {Path(options.launcher.split()[0]).name}" if options.launcher.startswith("/") else ""
    is_elsewhere = "pkgmgr.run.device" in options.launcher
    rows += [("CPU", "the device's" if is_elsewhere else processor() + emulated), ("accuracy", judged)]
    return rows


def compiler_of(folder: Path) -> str:
    """Give the compiler that made the C detector, as ckpm writes it beside the results."""
    try:
        entry = json.loads((folder / "environment.json").read_text(encoding="utf-8"))["compiler"]
    except (OSError, ValueError, KeyError):
        return "unknown"
    return f"{entry['soft'].removeprefix('compiler.')} {entry['version']}"


def processor() -> str:
    """Give the processor's name, as Linux tells it, or what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def keep_pictures(
    folder: Path, dataset: Dataset, detections: Mapping[int, Sequence[Detection]]
) -> list[dict[str, object]]:
    """Keep small copies of some photos with what was found on them, for a report that works without the data set."""
    place = folder / "pictures"
    place.mkdir(exist_ok=True)
    kept: list[dict[str, object]] = []
    for photo in dataset.photos[:SHOWN]:
        image = Image.fromarray(read_photo(photo))
        image.thumbnail((480, 480))
        name = f"{photo.id}.jpg"
        image.save(place / name, quality=80)
        boxes = [
            {
                "label": dataset.categories.get(item.category, str(item.category)),
                "score": round(item.score, 3),
                "box": item.box,
            }
            for item in detections.get(photo.id, ())
            if item.score >= SHOWN_SCORE
        ]
        kept.append({"file": f"pictures/{name}", "title": photo.path.name, "boxes": boxes})
    return kept


def write_json(path: Path, content: object) -> None:
    """Write next door, then rename."""
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
