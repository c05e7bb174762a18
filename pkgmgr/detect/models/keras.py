"""Keras: ``.keras`` archives and HDF5 files. Pure, but for the source.

HDF5 is not parsed: the configuration and the names that Keras puts in it stand there as text.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import msgspec

from pkgmgr.detect.models.facts import COMPLETE, PARTIAL, UNKNOWN, ModelFacts
from pkgmgr.detect.models.source import NO_JSON, UNREADABLE_ZIP, Source, SourceFile
from pkgmgr.model.entry import Value

if TYPE_CHECKING:
    import zipfile

_HDF5 = b"\x89HDF\r\n\x1a\n"
_LOOKED_AT = 8 << 20
_MARKS = (b"keras_version", b"layer_names", b"model_config", b"_layer_checkpoint_dependencies", b"_CLASS_KERAS")
_GROUPS = (b"\x00vars\x00", b"\x00layers\x00")
"""Groups at the root of what Keras 3 writes as ``.weights.h5``, which says nowhere whose it is."""
_MOST_CONFIG = 16 << 20
_LAYER_NAME = re.compile(rb'"name": ?"([^"\\]{1,120})"')
_WORD = re.compile(rb"[A-Za-z][A-Za-z0-9_]{3,60}(?=\x00|/)")


def read_keras(source: Source) -> ModelFacts | None:
    """Read a ``.keras`` archive; None for a file of another format."""
    if source.head(4) != b"PK\x03\x04":
        return None
    import zipfile  # 8 ms, where there is such a file

    try:
        with zipfile.ZipFile(io.BufferedReader(SourceFile(source))) as archive:
            names = set(archive.namelist())
            if not {"config.json", "metadata.json"} <= names:
                return None
            config = _member(archive, "config.json")
            about = msgspec.json.decode(_member(archive, "metadata.json"), type=dict[str, Value])
    except NO_JSON:
        return None
    except (zipfile.BadZipFile, *UNREADABLE_ZIP):
        return ModelFacts(format="keras", state=PARTIAL)
    version = about.get("keras_version")
    return ModelFacts(
        format="keras",
        state=COMPLETE if "model.weights.h5" in names else PARTIAL,
        name=_first(_LAYER_NAME, config),
        layers=_names(config),
        details={"keras_version": version} if isinstance(version, str) else {},
    )


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as stream:
        return stream.read(_MOST_CONFIG)


def read_keras_hdf5(source: Source) -> ModelFacts | None:
    """Read an HDF5 file that Keras wrote, whole or weights only; None for any other HDF5 file."""
    if source.head(8) != _HDF5:
        return None
    content = source.head(_LOOKED_AT)
    if not any(mark in content for mark in _MARKS) and not all(name in content[:4096] for name in _GROUPS):
        return None
    is_whole = b"model_config" in content
    config = content if is_whole else b""
    words = dict.fromkeys(word.decode() for word in _WORD.findall(content) if b"_" in word)
    details: dict[str, Value] = {"holds": "model" if is_whole else "weights"}
    return ModelFacts(
        format="keras-h5",
        state=_hdf5_state(content, source.size),
        name=_first(_LAYER_NAME, config) if is_whole else None,
        layers=tuple(dict.fromkeys([*_names(config), *words])),
        details=details,
    )


def _hdf5_state(content: bytes, size: int) -> str:
    """Hold the size against the end that the superblock states, where it has versions and widths that are known."""
    version = content[8]
    place = 40 if version in (0, 1) and content[13] == 8 else 28 if version in (2, 3) and content[9] == 8 else 0
    if not place:
        return UNKNOWN
    place += 4 if version == 1 else 0
    end = int.from_bytes(content[place : place + 8], "little")
    return UNKNOWN if end >= 1 << 60 else COMPLETE if end <= size else PARTIAL


def _names(config: bytes) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.decode("utf-8", "replace") for name in _LAYER_NAME.findall(config)))


def _first(expression: re.Pattern[bytes], content: bytes) -> str | None:
    found = expression.search(content)
    return found[1].decode("utf-8", "replace") if found else None
