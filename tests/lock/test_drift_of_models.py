"""A model in the person's own folder: one byte of it that changed is named, by the quick look and by the full one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Ckpm

MODELS = Path(__file__).parents[1] / "detect" / "models"


@pytest.fixture(params=["onnx", "tflite"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A small model that a format's own library wrote, in a folder with a space."""
    path = tmp_path / "my models" / f"tiny.{request.param}"
    path.parent.mkdir()
    path.write_bytes((MODELS / path.name).read_bytes())
    return path


def flip(path: Path, place: int) -> None:
    """Change one bit of a file, and let its times and its size be what they were."""
    state = path.stat()
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(bytes(content))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_one_byte_of_a_locked_model_is_told(ckpm: Ckpm, model: Path, tmp_path: Path) -> None:
    soft = f"model.{model.suffix[1:]}"
    found = ckpm("detect", f"soft:{soft}", "--search-path", str(model.parent), "--json")
    assert found.code == 0, found.err
    assert [row["files"]["model"] for row in found.data] == [str(model)]
    project = tmp_path / "project"
    project.mkdir()
    (project / "env.toml").write_text(f'name = "with-model"\nrequires = ["soft:{soft}"]\n')
    assert ckpm("lock", "--search-path", str(model.parent), cwd=project).code == 0
    (part,) = json.loads((project / "env.lock.json").read_text())["targets"].values()
    (entry,) = part["entries"]
    assert [row["size"] for row in entry["content"]] == [model.stat().st_size]
    for how in ((), ("--full",)):
        assert ckpm("verify", ".", *how, cwd=project).code == 0

    before = entry["content"][0]["sha256"][:12]
    flip(model, len(model.read_bytes()) // 2)
    for how in ((), ("--full",)):
        text = ckpm("verify", ".", *how, cwd=project)
        assert text.code == 5
        assert f"{model.name}" in text.out + text.err and before in text.out + text.err
        ran = ckpm("verify", ".", *how, "--json", cwd=project)
        assert ran.code == 5
        rows = [row for row in ran.data if row["name"].endswith(model.name)]
        assert [(row["what"], row["before"], row["is_accepted"]) for row in rows] == [("changed", before, False)]
        assert rows[0]["after"] != before
    flip(model, len(model.read_bytes()) // 2)
    assert ckpm("verify", ".", cwd=project).code == 0
