"""Where a distribution's programs lie: beside its site, not always in the interpreter's prefix."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pkgmgr.detect.cases import run_cases
from pkgmgr.model.soft import Case, Conclusion, Find, Soft

PYTHON_TOOL = Soft(
    name="tool.snake",
    summary="a Python program",
    find=Find(python=("snake",)),
    entry=Conclusion(prefix="{scripts}/..", files={"program": "{scripts}/snake"}),
)


@pytest.mark.parametrize(
    ("site", "program", "prefix"),
    [
        ("/usr/lib/python3/dist-packages", "/usr/bin/snake", "/usr"),
        ("/usr/local/lib/python3.11/dist-packages", "/usr/local/bin/snake", "/usr/local"),
        ("/home/person/.local/lib/python3.11/site-packages", "/home/person/.local/bin/snake", "/home/person/.local"),
    ],
)
def test_a_distribution_knows_the_folder_of_its_programs(site: str, program: str, prefix: str) -> None:
    metadata = f"{site}/snake-1.2.dist-info/METADATA"
    case = Case(
        name="Debian's interpreter",
        path=program,
        files={"/usr/bin/python3": "", program: "", metadata: "Name: snake\nVersion: 1.2\n"},
        expect={"version": "1.2", "files.program": program, "prefix": prefix},
    )
    assert list(run_cases(replace(PYTHON_TOOL, case=(case,)))) == []
