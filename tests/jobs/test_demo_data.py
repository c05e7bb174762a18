"""The photos that the detection env runs on: a COCO that is found, one that is fetched."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ckpm
from tests.jobs.test_coco import archives, own_package
from tests.jobs.test_demo import benchmark

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, pathlib, sys
annotations, images, result = sys.argv[1:]
rows = json.loads(pathlib.Path(annotations).read_text())["images"]
there = sorted(path.name for path in pathlib.Path(images).iterdir())
figures = {"annotations": annotations, "images": images, "annotated": len(rows), "there": there}
pathlib.Path(result, "result.json").write_text(json.dumps(figures))
"""


def env_without_its_detector(folder: Path, package: str = "dataset-coco") -> Path:
    """Write the env with its own params and lines for data, and a task that says what it was given."""
    document = tomllib.loads((ROOT / "envs/object-detection/env.toml").read_text("utf-8"))
    rows = [row for row in document["requires"] if row.get("role") == "dataset"]
    assert [row["when"]["dataset"] for row in rows] == document["params"]["dataset"]["choices"]
    for row in rows:
        if "package" in row:
            row["package"] = row["package"].replace("dataset-coco", package)
    words = ["{dataset.files.annotations}", "{dataset.files.images}", "{result}"]
    task = {"run": [sys.executable, "{env}/program.py", *words], "metrics": "result.json"}
    folder.mkdir()
    (folder / "program.py").write_text(PROGRAM)
    written = {"name": "own", "requires": rows, "params": document["params"], "tasks": {"main": task}}
    (folder / "env.json").write_text(json.dumps(written))
    return folder


def coco_on_disk(folder: Path, photos: int) -> Path:
    """Make a COCO as a person unpacks it: ``annotations/`` beside ``val2017/``."""
    for path in archives(folder.with_name("site"), photos).values():
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    return folder


def run(ckpm: Ckpm, env: Path, *words: str, variables: dict[str, str] | None = None) -> dict[str, Any]:
    ran = ckpm("run", str(env), "--json", *words, env=variables)
    assert ran.code == 0, ran.err
    metrics: dict[str, Any] = ran.data["metrics"]
    return metrics


def test_a_coco_on_the_disk_is_used_where_it_lies(ckpm: Ckpm, tmp_path: Path) -> None:
    coco = coco_on_disk(tmp_path / "my photos/coco", 3)
    env = env_without_its_detector(tmp_path / "own")
    words = ("--set", "dataset=coco", "--search-path", str(tmp_path / "my photos"))
    planned = ckpm("run", str(env), "--dry-run", "--json", *words)
    assert planned.code == 0, planned.err
    (row,) = planned.data["plan"]
    assert (row["soft"], row["action"], row["reason"]) == (
        "dataset.coco",
        "detect",
        f"found at {coco}/annotations/instances_val2017.json",
    )
    for _ in range(2):  # the second time from memory
        given = run(ckpm, env, *words)
        assert given["annotations"] == f"{coco}/annotations/instances_val2017.json"
        assert given["images"] == f"{coco}/val2017"
        assert given["annotated"] == len(given["there"]) == 3
    # Known from now on, also where nobody says where it is.
    assert run(ckpm, env, "--set", "dataset=coco")["images"] == f"{coco}/val2017"


def test_the_official_archives_are_fetched_when_asked_for(ckpm: Ckpm, tmp_path: Path) -> None:
    coco = coco_on_disk(tmp_path / "coco", 3)
    env = env_without_its_detector(tmp_path / "own")
    words = ("--set", "dataset=coco-2017-val-50", "--search-path", str(coco))
    planned = ckpm("run", str(env), "--dry-run", "--json", *words)
    assert planned.code == 0, planned.err
    made = {row["soft"]: row for row in planned.data["plan"] if row["action"] == "install"}
    assert made["dataset.coco"]["package"] == "dataset-coco"
    assert "size=50" in made["dataset.coco"]["reason"]


@pytest.mark.parametrize(("size", "kept"), [("50", 50), ("5000", 53)])
def test_the_official_archives_are_run_on(ckpm: Ckpm, tmp_path: Path, size: str, kept: int) -> None:
    own_package(tmp_path / "mine", archives(tmp_path / "site", 53))
    env = env_without_its_detector(tmp_path / "own", "dataset-small-coco")
    variables = {"CKPM_PLUGIN_PATH": str(tmp_path / "mine")}
    given = run(ckpm, env, "--set", f"dataset=coco-2017-val-{size}", variables=variables)
    assert given["there"] == [f"{number:012d}.jpg" for number in range(1, kept + 1)]
    assert given["annotated"] == kept
    assert "dataset-small-coco-2017" in given["images"]


@pytest.mark.xdist_group("equipped")
@pytest.mark.network
@pytest.mark.slow
def test_the_detector_runs_on_a_coco_on_the_disk(equipped: Ckpm, tmp_path: Path) -> None:
    """Two photos of photos-mini, laid out and named as COCO's are."""
    mini = benchmark(equipped, "--set", "repetitions=1", "--set", "count=2")
    words = mini["argv"]
    source, photos = (Path(words[words.index(option) + 1]) for option in ("--annotations", "--images"))
    content = json.loads(source.read_text())
    content["info"] = {"description": "COCO 2017 Dataset", "year": 2017}
    content["images"] = sorted(content["images"], key=lambda row: str(row["file_name"]))[:2]
    ids = {row["id"] for row in content["images"]}
    content["annotations"] = [row for row in content["annotations"] if row["image_id"] in ids]
    coco = tmp_path / "coco"
    (coco / "annotations").mkdir(parents=True)
    (coco / "val2017").mkdir()
    for row in content["images"]:
        row["coco_url"] = f"http://images.cocodataset.org/val2017/{row['file_name']}"
        shutil.copyfile(photos / row["file_name"], coco / "val2017" / row["file_name"])
    (coco / "annotations/instances_val2017.json").write_text(json.dumps(content))
    found = benchmark(equipped, "--set", "repetitions=1", "--set", "dataset=coco", "--search-path", str(coco))
    assert str(coco / "val2017") in found["argv"]
    assert found["metrics"]["images"] == 2
    assert found["metrics"]["ap"] == pytest.approx(mini["metrics"]["ap"])
    assert found["metrics"]["accuracy"] == "no reference"
