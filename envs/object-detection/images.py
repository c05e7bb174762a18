"""Reading photos, and shaping them as the network wants them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

SIDE = 300

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


class DataError(Exception):
    """Input that can't be used; the message says which and why."""


def read_image(path: Path) -> Pixels:
    """Decode a photo to RGB.

    :raises DataError: when it is not there, or is no image.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: not an image that can be read: {error}") from error


def resize(image: Pixels, side: int = SIDE) -> Floats:
    """Resize as TensorFlow 1 does, bilinear with corners not aligned and no half pixel: so the network was trained."""
    height, width = image.shape[:2]
    rows, columns = _places(height, side), _places(width, side)
    top, bottom, down = rows
    left, right, across = columns
    across = across[None, :, None]
    upper = _mix(image[top][:, left], image[top][:, right], across)
    lower = _mix(image[bottom][:, left], image[bottom][:, right], across)
    return _mix(upper, lower, down[:, None, None])


def scale(image: Floats) -> Floats:
    """Bring 0..255 to -1..1."""
    return image * np.float32(2 / 255) - np.float32(1)


def _places(length: int, side: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    exact = np.arange(side, dtype=np.float32) * np.float32(length / side)
    low = np.floor(exact).astype(np.intp)
    return low, np.minimum(low + 1, length - 1), (exact - low).astype(np.float32)


def _mix(first: NDArray[np.generic], second: NDArray[np.generic], part: Floats) -> Floats:
    start = first.astype(np.float32)
    mixed: Floats = start + (second.astype(np.float32) - start) * part
    return mixed
