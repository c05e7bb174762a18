"""Whose classes a detector knows: told by its labels, else by how many scores each box has, else not at all."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from pkgmgr.detect.hooks import load_hook
from tests.conftest import Ckpm

ROOT = Path(__file__).parents[2]
COCO = (ROOT / "packages/model-ssd-mobilenet/labels.txt").read_text()
# Of MediaPipe's Objectron, as in model-ssd-mobilenet-open-images.
OPEN_IMAGES = (
    "???\nBicycle\nBoot\nLaptop\nPerson\nChair\nCattle\nDesk\nCat\nComputer mouse\nComputer monitor\nBox\nMug\n"
    "Coffee cup\nStationary bicycle\nTable\nBottle\nHigh heels\nVehicle\nFootwear\nDog\nBook\nCamera\nCar\n"
)
VOC = "background\naeroplane\nbicycle\nbird\nboat\nbottle\nbus\ncar\n"


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    loaded = load_hook(ROOT / "soft_plugins/model.ssd-mobilenet")
    assert loaded is not None
    return loaded


@pytest.mark.parametrize(
    ("text", "count", "expected"),
    [
        pytest.param(COCO, 80, "coco", id="COCO, numbered as its annotations are"),
        pytest.param(
            "???\n" + "\n".join(row.split(" ", 1)[1] for row in COCO.splitlines()), 80, "coco", id="bare names"
        ),
        pytest.param(COCO.replace(" ", ": '", 1).replace("person", "person'"), 80, "coco", id="in quotes"),
        pytest.param(COCO.replace("90 toothbrush\n", ""), 79, None, id="one of COCO's is missing"),
        pytest.param(COCO + "91 hat\n", 81, None, id="one more than COCO's"),
        pytest.param(OPEN_IMAGES, 23, "open-images", id="some of Open Images'"),
        pytest.param(VOC, 7, None, id="others"),
        pytest.param("", 0, None, id="empty"),
        pytest.param("\n \n\x00\n", 1, None, id="garbage"),
    ],
)
def test_labels(text: str, count: int, expected: str | None, hook: ModuleType) -> None:
    names = hook.label_names(text)
    assert (len(names), hook.data_set_of(names)) == (count, expected)


def heads(*rows: tuple[int, int]) -> str:
    return "\n".join(
        f"BoxPredictor_{number}/{kind}Predictor/weights [1,1,576,{width}]"
        for number, row in enumerate(rows)
        for kind, width in zip(("Class", "BoxEncoding"), row, strict=True)
    )


@pytest.mark.parametrize(
    ("shapes", "outputs", "expected"),
    [
        pytest.param(heads((273, 12), (546, 24)), [], 91, id="weights: 91 scores for 3 and 6 boxes"),
        pytest.param(heads((1806, 12)), [], 602, id="weights: 601 classes and the background"),
        pytest.param(heads((273, 12), (63, 12)), [], None, id="weights that disagree"),
        pytest.param(
            "BoxPredictor_0/ClassPredictor/weights [1,1,576,273]", [], None, id="weights of the classes alone"
        ),
        pytest.param("", ["a f32[1,1917,91]", "b f32[1,1917,4]"], 91, id="outputs"),
        pytest.param("", ["a f32[1,1917,90]", "b f32[1,1917,1,4]"], 90, id="outputs without the background"),
        pytest.param("", ["a f32[1,10,4]", "b f32[1,10]", "c f32[1]"], None, id="only the best boxes come out"),
        pytest.param("", [], None, id="nothing"),
    ],
)
def test_how_many_scores_a_box_has(shapes: str, outputs: list[str], expected: int | None, hook: ModuleType) -> None:
    assert hook.class_width(shapes, outputs) == expected


def write_detector(folder: Path, scores: int, labels: str | None) -> None:
    """Write the form for TensorFlow.js of a detector's last layers."""
    folder.mkdir()
    sizes = {"Class": 3 * scores, "BoxEncoding": 12}
    weights = [
        {"name": f"BoxPredictor_0/{kind}Predictor/weights", "shape": [1, 1, 8, size], "dtype": "float32"}
        for kind, size in sizes.items()
    ]
    nodes = [{"name": "FeatureExtractor/MobilenetV2/Conv/weights"}, {"name": "Postprocessor/Slice"}]
    manifest = [{"paths": ["shard1of1"], "weights": weights}]
    (folder / "model.json").write_text(json.dumps({"modelTopology": {"node": nodes}, "weightsManifest": manifest}))
    (folder / "shard1of1").write_bytes(b"x")
    if labels is not None:
        (folder / "labels.txt").write_text(labels)


def test_a_detector_is_asked_for_by_what_it_knows(ckpm: Ckpm, tmp_path: Path) -> None:
    place = tmp_path / "models"
    place.mkdir()
    for name, scores, labels in (
        ("coco", 91, COCO),
        ("by-weights", 91, None),
        ("open-images", 24, OPEN_IMAGES),
        ("own", 91, "cat\ndog\n"),  # names are proof, and a number that happens to be the same is none against them
        ("unknown", 24, None),
    ):
        write_detector(place / name, scores, labels)
    ran = ckpm("detect", "soft", "model.ssd-mobilenet", "--search-path", str(place), "--no-system", "--json")
    told = {Path(row["prefix"]).name: row["attributes"] for row in ran.data}
    assert {name: (row.get("dataset"), row.get("classes")) for name, row in told.items()} == {
        "coco": ("coco", 80),
        "by-weights": ("coco", None),
        "open-images": ("open-images", 23),
        "own": (None, 2),
        "unknown": (None, None),
    }

    for asked, expected in (("+dataset=open-images", "open-images"), ("+classes=2", "own"), ("+classes=80", "coco")):
        planned = ckpm("install", f"soft:model.ssd-mobilenet{asked}", "--only", "detected", "--dry-run", "--json")
        (row,) = planned.data["plan"]
        assert str(place / expected) in row["reason"]
    assert ckpm("install", "soft:model.ssd-mobilenet+dataset=voc", "--only", "detected", "--dry-run").code == 3

    for name, package in (("coco", "model-ssd-mobilenet"), ("open-images", "model-ssd-mobilenet-open-images")):
        made = ckpm(
            "install", f"soft:model.ssd-mobilenet+dataset={name}", "--dry-run", "--json", "--prefer", "installed"
        )
        assert [row["package"] for row in made.data["plan"] if row["action"] == "install"] == [package]
