"""What an answer tells beyond its groups, and programs that stand for others."""

from __future__ import annotations

import msgspec
import pytest

from pkgmgr.detect.cases import run_cases
from pkgmgr.detect.facts import Turned, interpret
from pkgmgr.detect.folders import Folders
from pkgmgr.detect.merging import merge
from pkgmgr.detect.shims import link_reason, stub_reason
from pkgmgr.detect.where import Where
from pkgmgr.host.ports import Host
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.model.entry import Entry
from pkgmgr.model.soft import Case, Conclusion, Find, Probe, Soft


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("lib: a-1.jar\nlib: b-2.jar\nlib: a-1.jar\n", {"jar": ["a-1", "b-2"], "home": "/opt/x/.."}),
        ("nothing of the kind\n", {"home": "/opt/x/.."}),
        ("", {"home": "/opt/x/.."}),
    ],
    ids=["once each, in order", "no match", "empty"],
)
def test_every_match_becomes_a_list(answer: str, expected: dict[str, object]) -> None:
    probe = Probe(
        read="{path}", every=r"^lib: (?P<jar>\S+)\.jar$", tells={"home": "{dir}/..", "lost": "{not_established}"}
    )
    assert interpret(probe, answer, {"dir": "/opt/x"}) == expected


def test_an_answer_that_does_not_fit_tells_nothing() -> None:
    probe = Probe(read="{path}", match="^home", tells={"home": "{dir}"}, optional=True)
    assert interpret(probe, "something else\n", {"dir": "/opt/x"}) == {}
    assert isinstance(interpret(Probe(read="{path}", match="^home"), "something else\n", {}), Turned)


@pytest.mark.parametrize(
    ("path", "real", "words"),
    [
        ("/home/person/.cargo/bin/rustc", "/home/person/.cargo/bin/rustup", "chooses a version"),
        ("/home/person/.juliaup/bin/julia", "/home/person/.juliaup/bin/julialauncher", "chooses a version"),
        ("/usr/lib/ccache/gcc", "/usr/bin/ccache", "the gcc found further on PATH"),
        ("/usr/lib/distcc/c++", "/usr/bin/distcc", "the c++ found further on PATH"),
        ("/usr/local/bin/ccache", "/opt/ccache/bin/ccache", None),
        ("/usr/bin/gcc", "/usr/bin/x86_64-linux-gnu-gcc-12", None),
    ],
)
def test_links_to_callers(path: str, real: str, words: str | None) -> None:
    reason = link_reason(path, real)
    assert reason is None if words is None else reason is not None and words in reason


def test_what_shims_stand_for_is_looked_for_beside_them() -> None:
    present = [
        "/srv/pyenv/shims/cmake",
        "/srv/pyenv/versions/3.12.1/bin/cmake",
        "/srv/pyenv/versions/broken",
        "/srv/asdf [1]/shims/go",
        "/srv/asdf [1]/installs/golang/1.22/bin/go",
        "/srv/rbenv/versions/3.3.0/bin/ruby",
    ]
    host = Host(
        files=RecordedFiles(files=dict.fromkeys(present, "")),
        runner=RecordedRunner(prints={}),
        variables={"PATH": "/srv/pyenv/shims:/srv/asdf [1]/shims/:/shims:/usr/bin"},
        target="linux-x86_64",
        home="/home/ann",
    )
    found = [folder.path for folder in Folders(host=host, where=Where()).programs()]
    assert found == [
        "/srv/pyenv/shims",
        "/srv/asdf [1]/shims",
        "/srv/pyenv/versions/3.12.1/bin",
        "/srv/asdf [1]/installs/golang/1.22/bin",
    ]


@pytest.mark.parametrize(
    ("path", "present", "turned"),
    [
        ("/usr/bin/git", ["/usr/bin/xcrun"], True),
        ("/usr/bin/git", ["/usr/bin/xcrun", "/Library/Developer/CommandLineTools/usr/bin/git"], False),
        ("/usr/bin/python3", ["/usr/bin/xcrun", "/Applications/Xcode.app/Contents/Developer/usr/bin/python3"], False),
        ("/usr/bin/git", [], False),
        ("/opt/homebrew/bin/git", ["/usr/bin/xcrun"], False),
        ("/usr/bin/perl", ["/usr/bin/xcrun"], False),
    ],
    ids=["macOS without tools", "command line tools", "Xcode", "not macOS", "Homebrew's", "a real program"],
)
def test_apples_stubs_are_not_started_where_they_would_open_a_window(
    path: str, present: list[str], turned: bool
) -> None:
    files = RecordedFiles(files=dict.fromkeys([path, *present], ""))
    assert (stub_reason(files, path) is not None) is turned


def test_a_wrapper_leads_to_the_program_that_it_names() -> None:
    soft = Soft(
        name="compiler.cc1",
        summary="a compiler",
        find=Find(executables=("cc1",)),
        probe=(Probe(argv=("{path}", "-v"), match=r"^version (?P<version>\S+)", maybe=r"^CALLED=(?P<called>/.+)$"),),
        entry=Conclusion(role="c", program="{called}", siblings={"cxx": ("cc1", "cxx1")}),
        case=(
            Case(
                name="wrapped",
                path="/usr/local/bin/cc1",
                files={"/opt/cc/bin/cc1": "", "/opt/cc/bin/cxx1": ""},
                prints={"/usr/local/bin/cc1 -v": "CALLED=/opt/cc/bin/cc1\nversion 3.1\n"},
                expect={"prefix": "/opt/cc", "files": {"c": "/opt/cc/bin/cc1", "cxx": "/opt/cc/bin/cxx1"}},
            ),
        ),
    )
    assert [failure.reason for failure in run_cases(soft)] == []


@pytest.mark.parametrize(
    ("names", "alternatives", "chosen"),
    [
        (["gcc", "gcc-12", "gcc-12.2", "x86_64-linux-gnu-gcc-12"], [], "gcc-12.2"),
        (["x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-gcc-12-posix"], [], "x86_64-w64-mingw32-gcc-12-posix"),
        (["x-gcc", "x-gcc-win32"], ["x-gcc"], "x-gcc-win32"),
        (["gcc-12", "gcc-12-win32"], ["gcc-12"], "gcc-12-win32"),
        (["gcc"], ["gcc"], "gcc"),
        (["gcc-122", "gcc"], [], "gcc"),
        (["gcc-3.12", "gcc"], [], "gcc"),
        (["gcc-112.2", "gcc"], [], "gcc"),
        (["gcc", "gcc-12.1"], [], "gcc-12.1"),
        (["gcc-12.1", "gcc-12"], [], "gcc-12"),
    ],
    ids=[
        "most of the version",
        "in the middle",
        "Debian's alternatives",
        "both",
        "no other name",
        "a number",
        "a part",
        "the end of a number",
        "the name of a series",
        "the shorter of two",
    ],
)
def test_a_name_that_stays_is_reported(names: list[str], alternatives: list[str], chosen: str) -> None:
    real = f"/usr/bin/{names[-1]}"
    soft = Soft(
        name="compiler.gcc",
        summary="a compiler",
        find=Find(executables=(r"[\w.-]*gcc[\w.-]*",)),
        probe=(Probe(argv=("{path}", "-v"), match=r"^version (?P<version>\S+)"),),
        case=(
            Case(
                name="named",
                path=real,
                links={f"/usr/bin/{name}": real for name in names[:-1]},
                files={f"/etc/alternatives/{name}": "" for name in alternatives},
                prints={f"{name} -v": "version 12.2.0\n" for name in names},
                expect={"files.program": f"/usr/bin/{chosen}"},
            ),
        ),
    )
    assert [failure.reason for failure in run_cases(soft)] == []


def test_the_usual_build_comes_before_a_variant() -> None:
    usual = Entry(id="z", soft="lang.python", version="3.11.2", prefix="/usr", target="linux-x86_64", origin="system")
    debug = msgspec.structs.replace(usual, id="a", attributes={"variant": "debug"})
    assert [entry.id for entry in merge([debug, usual])] == ["z", "a"]
