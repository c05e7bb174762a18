"""Questions that start no process: the names in a folder, and none at all."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pkgmgr.detect.cases import run_cases
from pkgmgr.model.soft import Case, Conclusion, Find, Probe, Soft

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


ARCHITECTURES = Soft(
    name="tool.thing",
    summary="a program that is made for one architecture each",
    find=Find(executables=(r"thing-(?P<arch>\w+)",)),
    probe=(
        Probe(when={"arch": "old"}, reject="^", because="no machine of today runs it"),
        Probe(when={"arch": "x64"}, tells={"version": "1.0", "machine": "x86_64"}),
        Probe(unless="machine", tells={"machine": "{arch}"}),
    ),
    entry=Conclusion(attributes={"machine": "{machine}"}),
)


@pytest.mark.parametrize(
    "case",
    [
        Case(name="applies", path="/bin/thing-x64", expect={"version": "1.0", "attributes.machine": "x86_64"}),
        Case(name="does not apply", path="/bin/thing-arm", expect={"version": None, "attributes.machine": "arm"}),
        Case(name="turned down", path="/bin/thing-old", reject="no machine of today"),
    ],
    ids=lambda case: case.name,
)
def test_a_probe_may_ask_nothing(case: Case) -> None:
    assert list(run_cases(replace(ARCHITECTURES, case=(case,)))) == []


BEGINNING = Soft(
    name="tool.thing",
    summary="a program that scripts stand for",
    find=Find(executables=("thing",)),
    probe=(Probe(read="{path}", head=16, reject="python", because="a script"),),
)


@pytest.mark.parametrize(
    "case",
    [
        Case(name="a script", path="/opt/x/bin/thing", files={"/opt/x/bin/thing": "#!python\n"}, reject="a script"),
        Case(
            name="a program that holds the word further in",
            path="/opt/x/bin/thing",
            files={"/opt/x/bin/thing": f"{'.' * 16}python"},
            expect={"prefix": "/opt/x"},
        ),
    ],
    ids=lambda case: case.name,
)
def test_of_a_file_only_the_head_that_is_asked_for_is_read(case: Case) -> None:
    assert list(run_cases(replace(BEGINNING, case=(case,)))) == []
