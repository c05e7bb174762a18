"""What stands where a model should: each way in which a download, a disk or a person can spoil one."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest

from pkgmgr.detect.caches.listing import Listing
from pkgmgr.detect.caches.plain import models_in
from pkgmgr.host.files import LocalFiles
from pkgmgr.host.recorded import RecordedFiles
from tests.detect.looking import FOLDER, GGUF, ONNX, WEIGHTS, found_below

PAGE = b"<!DOCTYPE html>\n<html lang=en><title>404 Not Found</title>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"7" * 64 + b"\nsize 99000000\n"
TORCH = (FOLDER / "tiny.pt").read_bytes()
KERAS = (FOLDER / "tiny.h5").read_bytes()


@pytest.mark.parametrize(
    ("files", "state", "said"),
    [
        pytest.param({"m.onnx": b""}, "broken", "it is empty", id="empty"),
        pytest.param({"m.pt": b""}, "broken", "it is empty", id="empty-torch"),
        pytest.param({"m.safetensors": PAGE}, "broken", "a web page", id="page"),
        pytest.param({"m.pth": b"\xef\xbb\xbf  " + PAGE}, "broken", "a web page", id="page-behind-a-mark"),
        pytest.param({"m.h5": b"<?xml version='1.0'?><Error><Code>NoSuchKey"}, "broken", "a web page", id="s3"),
        pytest.param({"saved_model.pb": PAGE}, "broken", "a web page", id="page-as-saved-model"),
        pytest.param({"m.bin": POINTER}, "partial", "`git lfs pull` gets the 99000000 bytes", id="lfs"),
        pytest.param({"m.tflite": b"Entry not found"}, "broken", "begins with 'Entry not found'", id="words"),
        pytest.param({"m.onnx": GGUF}, "broken", "it holds GGUF", id="another-format"),
        pytest.param({"m.gguf": b"\x1f\x8b\x08 packed"}, "broken", "a gzip archive", id="packed"),
        pytest.param({"m.safetensors": b"\0" * 4096}, "broken", "zeros", id="zeros"),
        pytest.param({"m.keras": TORCH}, "broken", "a zip archive", id="a-zip-of-torch"),
        pytest.param({"m.gguf": GGUF[:-1]}, "partial", "it ends before", id="cut-gguf"),
        pytest.param({"m.safetensors": WEIGHTS[:-1]}, "partial", "it ends before", id="cut-safetensors"),
        pytest.param({"m.safetensors": WEIGHTS + b"\0"}, "broken", "1 bytes longer", id="longer"),
        pytest.param({"m.onnx": ONNX[:-1]}, "partial", "it ends before", id="cut-onnx"),
        pytest.param({"m.pt": TORCH[:-1]}, "partial", "it ends before", id="cut-torch"),
        pytest.param({"m.h5": KERAS[:-1]}, "partial", "it ends before", id="cut-hdf5"),
        pytest.param({"m.gguf.part": GGUF}, "partial", "has not finished", id="part"),
        pytest.param({"m.safetensors.incomplete": b"x"}, "partial", "has not finished", id="incomplete"),
        pytest.param({"m.onnx.crdownload": ONNX[:50]}, "partial", "has not finished", id="chrome"),
        pytest.param({"m.gguf.downloadInProgress": GGUF[:90]}, "partial", "has not finished", id="llama.cpp"),
        pytest.param({"m.gguf": GGUF, "m.gguf.aria2": b"x"}, "partial", "has not finished", id="aria2"),
        pytest.param({"m.gguf": b"", "m.gguf.part": GGUF[:90]}, "partial", "has not finished", id="firefox"),
        pytest.param(
            {"m-00001-of-00002.safetensors": WEIGHTS, "m-00002-of-00002.safetensors": WEIGHTS[:-1]},
            "partial",
            "m-00002-of-00002.safetensors: it ends before",
            id="a-shard-cut",
        ),
        pytest.param(
            {"m-00001-of-00002.safetensors": WEIGHTS, "m-00002-of-00002.safetensors": PAGE},
            "broken",
            "m-00002-of-00002.safetensors: it is a web page",
            id="a-shard-that-is-a-page",
        ),
        pytest.param({"m-00001-of-00002.gguf": GGUF}, "partial", "1 of its 2 files are not there", id="a-shard-gone"),
    ],
)
def test_a_spoilt_model_is_found_and_says_why(files: dict[str, str | bytes], state: str, said: str) -> None:
    (model,) = found_below("/s", files)
    assert model.state == state
    assert said in str(model.attributes["reason"])


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"distutils-precedence.pth": b"import os; var = 'SETUPTOOLS'"}, id="a-path-file-of-python"),
        pytest.param({"x.pth": b""}, id="an-empty-path-file"),
        pytest.param({"firmware.bin": b"\x7fELF"}, id="a-firmware"),
        pytest.param({"empty.bin": b"", "empty.pb": b""}, id="empty-files-of-anything"),
        pytest.param({"graph.pb": b"no graph"}, id="another-protobuf"),
        pytest.param({"table.h5": b"\x89HDF\r\n\x1a\n and rows"}, id="a-table-in-hdf5"),
        pytest.param({"words.pt": "ao\nas\ne\n"}, id="portuguese"),
        pytest.param({"setup.part": b"x", "film.mkv.part": b"x", "notes.incomplete": b""}, id="other-downloads"),
        pytest.param({"model.json": b'{"name": "person"}'}, id="another-json"),
    ],
)
def test_what_has_a_name_of_many_kinds_is_left_alone(files: dict[str, str | bytes]) -> None:
    assert found_below("/s", files) == []


class LockedFiles(RecordedFiles):
    """Files that may be seen and not read."""

    def read(self, path: str, limit: int = 1 << 20, offset: int = 0) -> bytes | None:
        """Read nothing."""
        return None


def test_a_model_that_may_not_be_read_says_so() -> None:
    files = LockedFiles(files={"/s/m.gguf": GGUF, "/s/x.bin": b"x", "/s/y.pt": TORCH})
    (model,) = models_in(Listing(files, "/s"), "search-path")
    assert (model.name, model.state, model.attributes["reason"]) == ("m.gguf", "unknown", "it can't be read")


def test_a_pointer_states_the_hash_of_what_it_stands_for() -> None:
    (model,) = found_below("/s", {"m.safetensors": POINTER})
    assert model.attributes["sha256"] == "7" * 64


def test_shards_are_one_model_with_all_their_weights() -> None:
    (model,) = found_below("/s", {"m-00001-of-00002.safetensors": WEIGHTS, "m-00002-of-00002.safetensors": WEIGHTS})
    (alone,) = found_below("/s", {"m.safetensors": WEIGHTS})
    assert model.attributes["parameters"] == 2 * int(str(alone.attributes["parameters"]))
    assert model.files["part-2"] == "/s/m-00002-of-00002.safetensors"


def huge(folder: Path, name: str, head: bytes, size: int) -> None:
    path = folder / name
    path.write_bytes(head)
    try:
        os.truncate(path, size)
    except OSError as error:
        pytest.skip(f"this file system has no files with holes of {size} bytes: {error}")


def test_files_of_a_hundred_gigabytes_are_read_at_their_ends_alone(tmp_path: Path) -> None:
    size = 100 << 30
    row = {"dtype": "F16", "shape": [size // 2], "data_offsets": [0, size]}
    header = json.dumps({"encoder.weight": row}).encode()
    whole = struct.pack("<Q", len(header)) + header
    huge(tmp_path, "whole.safetensors", whole, len(whole) + size)
    huge(tmp_path, "cut.safetensors", whole, size)
    huge(tmp_path, "zip.pt", TORCH[:64], size)
    huge(tmp_path, "zeros.gguf", b"", size)
    huge(tmp_path, "hole.onnx", ONNX[:40], size)
    huge(tmp_path, "hole.h5", KERAS, size)
    files = CountingFiles()
    found = {model.name: model.state for model in models_in(Listing(files, str(tmp_path)), "search-path")}
    assert found["whole.safetensors"] == "complete"
    assert found["cut.safetensors"] == "partial"
    assert found["zip.pt"] == "partial"
    assert found["zeros.gguf"] == "broken"
    assert found["hole.onnx"] in ("partial", "broken")
    assert files.bytes_read < 300 << 20, "a fraction of the 600 GB"


class CountingFiles(LocalFiles):
    """The real files, and how much of them was read."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes_read = 0

    def read(self, path: str, limit: int = 1 << 20, offset: int = 0) -> bytes | None:
        """Read and count."""
        content = super().read(path, limit, offset)
        self.bytes_read += len(content or b"")
        return content
