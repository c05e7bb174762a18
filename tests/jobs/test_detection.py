"""`detect` gives what fits the version and the variants that are asked for, and says why the rest does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pkgmgr.jobs.detection import Search, detect, search_places
from pkgmgr.jobs.workspace import open_workspace
from pkgmgr.model.reference import parse_reference

MODELS = Path(__file__).parents[1] / "detect" / "models"


@pytest.mark.parametrize(
    ("asked", "count", "reason"),
    [
        pytest.param("model.gguf", 1, "", id="any"),
        pytest.param("model.gguf+precision=q8_0", 1, "", id="text"),
        pytest.param("model.gguf+block_count=1", 1, "", id="number"),
        pytest.param("model.torch+can_run_code=true", 6, "", id="truth"),
        pytest.param("model.gguf+precision=q8_0+architecture=llama", 1, "", id="two"),
        pytest.param("model.gguf+precision=f16", 0, "its precision is q8_0, and f16 is asked for", id="another"),
        pytest.param("model.gguf+x=y", 0, "nothing tells its x, and x=y is asked for", id="unknown"),
        pytest.param("model.onnx+inputs=x f32[batch,3]", 1, "", id="one-of-several"),
        pytest.param(
            "model.onnx+inputs=y", 0, "its inputs are x f32[batch,3], and y is asked for", id="none-of-several"
        ),
    ],
)
def test_variants_choose_among_what_is_found(tmp_path: Path, asked: str, count: int, reason: str) -> None:
    workspace = open_workspace(home=tmp_path)
    search = Search(where=search_places([str(MODELS)], system=False), register=False)
    report = detect(workspace, [parse_reference(asked, kind="soft")], search=search)
    assert len(report.entries) == count
    assert [item.reason for item in report.rejections if "asked for" in item.reason] == ([reason] if reason else [])
