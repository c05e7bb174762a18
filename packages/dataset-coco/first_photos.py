"""Keep the first photos of a COCO data set by file name, as CK did, and their annotations."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path


def main(annotations: Path, photos: Path, into: Path, count: int) -> None:
    """Write ``annotations/instances_val2017.json`` and ``val2017/`` with that many photos."""
    everything = json.loads(annotations.read_text("utf-8"))
    images = sorted(everything["images"], key=lambda image: image["file_name"])[:count]
    kept = {image["id"] for image in images}
    everything["images"] = images
    everything["annotations"] = [row for row in everything["annotations"] if row["image_id"] in kept]
    (into / "annotations").mkdir(parents=True)
    (into / "val2017").mkdir()
    (into / "annotations" / annotations.name).write_text(json.dumps(everything), "utf-8")
    for image in images:
        shutil.copyfile(photos / image["file_name"], into / "val2017" / image["file_name"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
