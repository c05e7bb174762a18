"""COCO's own archives: a mirror with others in their place is refused; small ones of that layout become a data set."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Ckpm

ROOT = Path(__file__).parents[2]
COCO = "http://images.cocodataset.org"


def archives(folder: Path, photos: int) -> dict[str, Path]:
    """Make what the official site serves, with few photos of a few bytes; ids and names run against each other."""
    names = [f"{number:012d}.jpg" for number in range(1, photos + 1)]
    images = [
        {"id": 1000 - place, "file_name": name, "width": 4, "height": 4, "coco_url": f"{COCO}/val2017/{name}"}
        for place, name in enumerate(names)
    ]
    rows = [
        {"id": place, "image_id": image["id"], "category_id": 1, "bbox": [0, 0, 2, 2], "area": 4, "iscrowd": 0}
        for place, image in enumerate(images)
    ]
    content = {
        "info": {"description": "COCO 2017 Dataset", "year": 2017},
        "images": images,
        "annotations": rows,
        "categories": [{"id": 1, "name": "person"}],
    }
    made = {"images": folder / "zips/val2017.zip", "annotations": folder / "annotations/annotations_trainval2017.zip"}
    for path in made.values():
        path.parent.mkdir(parents=True)
    with zipfile.ZipFile(made["images"], "w") as archive:
        for name in names:
            archive.writestr(f"val2017/{name}", b"\xff\xd8\xff" + name.encode())
    with zipfile.ZipFile(made["annotations"], "w") as archive:
        archive.writestr("annotations/instances_val2017.json", json.dumps(content))
        archive.writestr("annotations/captions_val2017.json", "{}")
    return made


def own_package(folder: Path, made: dict[str, Path]) -> None:
    """Write the package once more, under another name, with the small archives' hashes in the place of the official."""
    place = folder / "packages/dataset-small-coco"
    shutil.copytree(ROOT / "packages/dataset-coco", place, ignore=shutil.ignore_patterns("__pycache__"))
    lines = []
    name = ""
    for line in (place / "package.toml").read_text().splitlines():
        key = line.partition(" = ")[0]
        name = line.split('"')[1] if key == "name" else name
        if key == "name" and name == "dataset-coco":
            line = 'name = "dataset-small-coco"'
        elif key == "urls":
            line = f'urls = ["{made[name].as_uri()}"]'
        elif key == "sha256":
            line = f'sha256 = "{hashlib.sha256(made[name].read_bytes()).hexdigest()}"'
        elif key == "size":
            line = f"size = {made[name].stat().st_size}"
        if key not in ("quoted", "never_fetched"):
            lines.append(line)
    (place / "package.toml").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(("size", "kept"), [("full", 60), ("50", 50)])
def test_archives_of_the_official_layout_become_a_data_set(ckpm: Ckpm, tmp_path: Path, size: str, kept: int) -> None:
    own_package(tmp_path / "mine", archives(tmp_path / "site", 60))
    env = {"CKPM_PLUGIN_PATH": str(tmp_path / "mine")}
    ran = ckpm("install", f"package:dataset-small-coco+size={size}", "--json", env=env)
    assert ran.code == 0, ran.err
    entry = next(row for row in ran.data["entries"] if row["soft"] == "dataset.coco")
    assert entry["attributes"]["state"] == "complete"
    content = json.loads(Path(entry["files"]["annotations"]).read_text())
    photos = sorted(path.name for path in Path(entry["files"]["images"]).iterdir())
    assert photos == [f"{number:012d}.jpg" for number in range(1, kept + 1)]
    assert sorted(row["file_name"] for row in content["images"]) == photos
    assert {row["image_id"] for row in content["annotations"]} == {row["id"] for row in content["images"]}


def test_a_mirror_that_serves_something_else_is_refused(ckpm: Ckpm, tmp_path: Path) -> None:
    archives(tmp_path / "site", 2)
    ckpm("config", "set", f"mirrors.{COCO}/", (tmp_path / "site").as_uri() + "/")
    ran = ckpm("install", "package:dataset-coco+size=50")
    assert ran.code == 5, ran.err
    assert "sha256" in ran.err or "bytes" in ran.err
    assert not list((tmp_path / "it's a home" / "store").glob("*/dataset-coco*"))
