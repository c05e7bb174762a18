"""The names of a folder, asked by their beginnings and endings."""

from __future__ import annotations

from pkgmgr.detect.caches.listing import Listing
from pkgmgr.host.recorded import RecordedFiles

NAMES = (
    "A.GGUF",
    "a.gguf",
    "a.tar.gz",
    "b",
    "bb.safetensors",
    ".dvc",
    "no\nsuffix.PT",
    "train-1",
    "train",
    "trainer",
    "ü.pt",
)


def listing(*names: str) -> Listing:
    return Listing(RecordedFiles(files={f"/f/{name}": "" for name in names}), "/f")


def test_names_are_found_by_their_ending_in_any_case() -> None:
    found = listing(*NAMES)
    assert found.ending(".gguf") == ["A.GGUF", "a.gguf"]
    assert found.ending(".pt", ".gz") == ["a.tar.gz", "no\nsuffix.PT", "ü.pt"]
    assert found.ending(".dvc") == [".dvc"]
    assert found.ending(".onnx") == found.ending() == []


def test_names_are_found_by_their_beginning() -> None:
    found = listing(*NAMES)
    assert found.beginning("train") == ["train", "train-1", "trainer"]
    assert found.beginning("train-", "b") == ["train-1", "b", "bb.safetensors"]
    assert found.beginning("x") == []


def test_a_name_is_there_or_not() -> None:
    found = listing(*NAMES)
    assert all(name in found for name in NAMES)
    assert "trai" not in found
    assert "zz" not in found
    assert "" not in found
    assert found.path("b") == "/f/b"


def test_an_empty_folder_and_one_that_is_not_there() -> None:
    assert listing().names == []
    assert listing("a").ending(".pt") == []
    assert "a" not in Listing(RecordedFiles(files={}), "/nowhere")
    assert Listing(RecordedFiles(files={"/a": ""}), "/").path("a") == "/a"
