"""The C detector: on this machine, behind an emulator, or in a folder that goes to a device. Starts it."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dataset import Dataset, Photo
from images import DataError
from measure import Measurement, Settings, read_measurement


@dataclass(frozen=True, kw_only=True)
class Program:
    """The C detector, and where it runs."""

    words: tuple[str, ...]
    """What starts it, up to the model."""
    model: str
    folder: Path | None = None
    """The folder that goes to a device, in which all names are relative; None: this machine's own files."""


def find_program(program: Path, launcher: str, model: Path, portable: str) -> Program:
    """Say how the detector is started.

    :param launcher: what stands in front of it; in a portable folder, instead of it.
    :raises DataError: where nothing here can run it.
    """
    front = tuple(shlex.split(launcher))
    if not portable:
        return Program(words=(*front, str(program)), model=str(model))
    return Program(words=front, model="model.tflite", folder=Path(portable))


def name_photos(program: Program, photos: Sequence[Photo], folder: Path) -> str:
    """Bring the photos to where the detector finds them, and give the word that names all of them.

    A list in a file: thousands of names are too long for some command lines.
    """
    place = program.folder or folder
    names = [str(photo.path) for photo in photos]
    if program.folder is not None:
        (program.folder / "images").mkdir(exist_ok=True)
        names = [f"images/{photo.path.name}" for photo in photos]
        for photo, name in zip(photos, names, strict=True):
            shutil.copyfile(photo.path, program.folder / name)
    (place / "photos.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return "@photos.txt" if program.folder is not None else f"@{folder / 'photos.txt'}"


def measure_program(program: Program, dataset: Dataset, settings: Settings, folder: Path) -> Measurement:
    """Time the detector and read what it wrote.

    :param folder: to keep what it wrote in.
    :raises DataError: when it fails; what it said is in the message.
    """
    photos = name_photos(program, dataset.photos, folder)
    output = folder / "detector.json"
    told = "out/detector.json" if program.folder is not None else str(output)
    argv = [*program.words, program.model, told, *options_of(settings), photos]
    done = subprocess.run(
        argv, cwd=program.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    if done.returncode != 0:
        said = done.stderr.strip() or f"it exited with {done.returncode}"
        raise DataError(f"the C detector failed: {said}")
    if program.folder is not None:
        shutil.move(program.folder / told, output)
    return read_measurement(json.loads(output.read_text(encoding="utf-8")), dataset.photos)


def options_of(settings: Settings) -> list[str]:
    """Write the settings as the detector takes them."""
    values = {
        "threads": settings.threads,
        "score": settings.score_threshold,
        "nms": settings.nms_threshold,
        "repetitions": settings.repetitions,
        "warmup": settings.warmup,
    }
    return [f"--{name}={value}" for name, value in values.items()]


class Served:
    """The detector as a server: one line with a photo's number, one line back. Its photos are decoded beforehand."""

    name = "TensorFlow Lite C"

    def __init__(self, program: Program, dataset: Dataset, settings: Settings, folder: Path) -> None:
        photos = name_photos(program, dataset.photos, folder)
        argv = [*program.words, program.model, "-", *options_of(settings), photos]
        self._process = subprocess.Popen(
            argv, cwd=program.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.version = self._answer().removeprefix("ready ").strip()

    def detect(self, index: int) -> None:
        """Find things on one photo, and wait until it is done.

        :raises DataError: when the program has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{index}\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it has ended: what it said is told below
        if self._answer().split()[:1] != [str(index)]:
            raise DataError(f"the C detector answered another question than photo {index}")

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, said = self._process.communicate()
            raise DataError(f"the C detector failed: {said.strip() or f'it exited with {self._process.returncode}'}")
        return line
