"""Questions that start no process: the names in a folder."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pkgmgr.detect.cases import run_cases
from pkgmgr.model.soft import Case, Find, Probe, Soft

JAVA_TOOL = Soft(
    name="tool.thing",
    summary="a Java program whose version stands in the name of its archive",
    find=Find(executables=("thing",)),
    probe=(Probe(names="{real_dir}/../lib", match=r"^thing-core-(?P<version>\d[\d.]*)\.jar$"),),
)


@pytest.mark.parametrize(
    "case",
    [
        Case(
            name="a link from elsewhere",
            path="/usr/bin/thing",
            real="/opt/thing/bin/thing",
            files={"/opt/thing/lib/other-9.jar": "", "/opt/thing/lib/thing-core-3.8.7.jar": ""},
            expect={"version": "3.8.7", "prefix": "/opt/thing"},
        ),
        Case(name="no such folder", path="/usr/bin/thing", reject="/usr/bin/../lib holds nothing"),
        Case(
            name="another product's archives",
            path="/opt/x/bin/thing",
            files={"/opt/x/lib/thing-9.jar": ""},
            reject="not that of this software",
        ),
    ],
    ids=lambda case: case.name,
)
def test_the_names_in_a_folder_are_an_answer(case: Case) -> None:
    assert list(run_cases(replace(JAVA_TOOL, case=(case,)))) == []
