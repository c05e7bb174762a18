"""The first photos of COCO, from archives of the real ones' layout: the document's own steps, with other pins."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Ckpm

PACKAGE = Path(__file__).parents[2] / "packages/dataset-coco"
PHOTO = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
COUNT = 60


def write_archives(folder: Path) -> dict[str, Path]:
    """Write both archives: photos in a folder, and the annotations of several tasks; ids are in no order."""
    numbers = [number * 37 % 1009 for number in range(1, COUNT + 1)]
    images = [{"id": number, "file_name": f"{number:012}.jpg", "width": 64, "height": 48} for number in numbers]
    rows = [
        {"id": index, "image_id": number, "category_id": 1, "bbox": [0, 0, 9, 9], "area": 81, "iscrowd": 0}
        for index, number in enumerate([*numbers, *numbers])
    ]
    told = {
        "info": {"year": 2017, "description": "COCO 2017 Dataset"},
        "licenses": [{"id": 1, "name": "made for a test", "url": "https://example.org"}],
        "images": images,
        "annotations": rows,
        "categories": [{"id": 1, "name": "person", "supercategory": "person"}],
    }
    paths = {name: folder / f"{name}.zip" for name in ("images", "annotations")}
    with zipfile.ZipFile(paths["images"], "w") as archive:
        for image in images:
            archive.writestr(f"val2017/{image['file_name']}", PHOTO + str(image["id"]).encode())
    with zipfile.ZipFile(paths["annotations"], "w") as archive:
        for name in ("captions_val2017", "instances_train2017", "instances_val2017", "person_keypoints_val2017"):
            archive.writestr(f"annotations/{name}.json", json.dumps(told))
    return paths


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The package as it is, but for its name and for where its sources are and what pins them."""
    root = tmp_path / "repository"
    folder = root / "packages/dataset-coco-made"
    shutil.copytree(PACKAGE, folder)
    text = (folder / "package.toml").read_text("utf-8").replace('name = "dataset-coco"', 'name = "dataset-coco-made"')
    for name, path in write_archives(tmp_path).items():
        pins = f'sha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}"\nsize = {path.stat().st_size}\n'
        keys = "".join(rf"{key} = .*\n" for key in ("urls", "sha256", "size", "quoted", "never_fetched"))
        row = rf'(name = "{name}"\nversion = "2017"\n){keys}'
        pins = f'urls = ["{path.as_uri()}"]\n{pins}'
        text, count = re.subn(row, lambda found: found[1] + pins, text)  # noqa: B023
        assert count == 1
    (folder / "package.toml").write_text(text, "utf-8")
    return root


@pytest.mark.parametrize(("size", "photos"), [("50", 50), ("full", COUNT)])
def test_coco_is_made_and_recognised(ckpm: Ckpm, repository: Path, home: Path, size: str, photos: int) -> None:
    assert ckpm("repo", "add", str(repository), "--trust").code == 0
    ran = ckpm("install", f"package:dataset-coco-made@2017+size={size}", "--json")
    assert ran.code == 0, ran.err
    entry = next(item for item in ran.data["entries"] if item["soft"] == "dataset.coco")
    assert entry["version"] == "2017"
    assert entry["attributes"]["variants"] == {"size": size}
    prefix = Path(entry["prefix"])
    told = json.loads((prefix / "annotations/instances_val2017.json").read_text("utf-8"))
    kept = [image["id"] for image in told["images"]]
    every = sorted(number * 37 % 1009 for number in range(1, COUNT + 1))
    assert sorted(kept) == every[:photos]
    assert sorted(row["image_id"] for row in told["annotations"]) == sorted(kept * 2)
    assert {path.name for path in (prefix / "val2017").iterdir()} == {f"{number:012}.jpg" for number in kept}
    assert (prefix / "val2017" / f"{every[0]:012}.jpg").read_bytes() == PHOTO + str(every[0]).encode()
    assert told["categories"] and told["licenses"]
    assert ckpm("verify", f"entry:{entry['id']}", "--full").code == 0
