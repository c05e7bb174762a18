"""Checks prove what they say: a library that can't be linked fails, one that can passes."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from pkgmgr.host.local import local_host
from pkgmgr.jobs.checking import Verdict, check_entry, library_commands
from pkgmgr.model.entry import Entry, Value
from pkgmgr.model.soft import Check

HOST = "linux-x86_64"


def compiler(emits: str = HOST, *, cxx: bool = True, folder: str = "/usr/bin") -> Entry:
    files = {"c": f"{folder}/gcc", **({"cxx": f"{folder}/g++"} if cxx else {})}
    attributes: dict[str, Value] = {"emits": [emits]}
    return Entry(
        id=f"compiler.gcc-12-{emits}",
        soft="compiler.gcc",
        version="12",
        prefix="/usr",
        target=HOST,
        origin="system",
        files=files,
        attributes=attributes,
    )


def library(target: str = HOST, prefix: str = "/opt/x y", link: str = "x") -> Entry:
    attributes: dict[str, Value] = {
        "include_dirs": [f"{prefix}/include"],
        "lib_dir": f"{prefix}/lib",
        "link": link,
    }
    return Entry(
        id="lib.x-1", soft="lib.x", version="1", prefix=prefix, target=target, origin="system", attributes=attributes
    )


def test_a_library_is_compiled_linked_and_run() -> None:
    made = library_commands(library(), Check(code="", link=("m",)), "/t/check.c", "/t/out", [compiler()], HOST)
    assert made == [
        (
            *("/usr/bin/gcc", "/t/check.c", "-o", "/t/out", "-I/opt/x y/include", "-L/opt/x y/lib"),
            *("-Wl,-rpath,/opt/x y/lib", "-lx", "-lm"),
        ),
        ("/t/out",),
    ]


def test_folders_that_compilers_know_are_not_named() -> None:
    made = library_commands(library(prefix="/usr"), Check(code=""), "/t/check.c", "/t/out", [compiler()], HOST)
    assert made == [("/usr/bin/gcc", "/t/check.c", "-o", "/t/out", "-lx"), ("/t/out",)]


def test_fortran_is_told_of_the_system_s_headers() -> None:
    fortran = msgspec.structs.replace(compiler(), files={"fortran": "/usr/bin/gfortran"})
    made = library_commands(library(prefix="/usr"), Check(code=""), "/t/check.f90", "/t/out", [fortran], HOST)
    assert isinstance(made, list)
    assert made[0] == ("/usr/bin/gfortran", "/t/check.f90", "-o", "/t/out", "-I/usr/include", "-lx")


def test_a_library_of_another_machine_is_linked_and_not_run() -> None:
    cross = compiler("linux-arm64", folder="/cross")
    made = library_commands(library("linux-arm64"), Check(code=""), "/t/check.c", "/t/out", [compiler(), cross], HOST)
    assert isinstance(made, list)
    assert [command[0] for command in made] == ["/cross/gcc"]


def test_a_library_is_built_with_what_stands_beside_it() -> None:
    check = Check(code="", beside=("lib.python",))
    near = msgspec.structs.replace(library(prefix="/opt/x y", link="python"), soft="lib.python")
    far = msgspec.structs.replace(library(prefix="/far", link="python"), soft="lib.python")
    foreign = msgspec.structs.replace(library("linux-arm64", link="python"), soft="lib.python")
    beside = [foreign, far, near]
    made = library_commands(library(), check, "/t/check.c", "/t/out", [compiler()], HOST, beside=beside)
    assert isinstance(made, list)
    assert made[0][-3:] == ("-L/opt/x y/lib", "-Wl,-rpath,/opt/x y/lib", "-lpython")
    made = library_commands(library(), check, "/t/check.c", "/t/out", [compiler()], HOST, beside=beside[:2])
    assert isinstance(made, list)
    assert "-I/far/include" in made[0]
    told = library_commands(library(), check, "/t/check.c", "/t/out", [compiler()], HOST, beside=beside[:1])
    assert told == Verdict(state="not run", reason="lib.python for linux-x86_64 is not here, which it is built with")


ARM = "linux-arm64"


def several(**attributes: Value) -> Entry:
    """A compiler that serves this host and another target."""
    return msgspec.structs.replace(compiler(), attributes={"emits": [HOST, ARM], **attributes})


@pytest.mark.parametrize(
    ("entry", "target", "command"),
    [
        pytest.param(several(triple="x86_64-pc-linux-gnu"), HOST, ("/usr/bin/gcc",), id="clang, for this host"),
        pytest.param(several(triple="x86_64-pc-linux-gnu"), ARM, None, id="clang, which would have to be told"),
        pytest.param(several(triple="aarch64-linux-gnu"), ARM, ("/usr/bin/gcc",), id="clang called by its triple"),
        pytest.param(several(commands={"c": ["/z", "cc"]}), HOST, ("/z", "cc"), id="zig, for this host"),
        pytest.param(several(commands={"c": ["/z", "cc"]}), ARM, None, id="zig, which would have to be told"),
    ],
)
def test_a_check_is_not_compiled_for_the_wrong_machine(
    entry: Entry, target: str, command: tuple[str, ...] | None
) -> None:
    made = library_commands(library(target), Check(code=""), "/t/check.c", "/t/out", [entry], HOST)
    if command is None:
        assert isinstance(made, Verdict)
    else:
        assert isinstance(made, list)
        assert tuple(made[0][: len(command)]) == command


@pytest.mark.parametrize(
    ("entry", "file", "reason"),
    [
        pytest.param(library("linux-arm64"), "/t/check.c", "emits linux-arm64", id="target"),
        pytest.param(library(), "/t/check.f90", "no compiler for fortran", id="language"),
        pytest.param(library(), "/t/check.cpp", "no compiler for cxx", id="a compiler without C++"),
    ],
)
def test_without_a_compiler_nothing_is_claimed(entry: Entry, file: str, reason: str) -> None:
    made = library_commands(entry, Check(code=""), file, "/t/out", [compiler(cxx=False)], HOST)
    assert isinstance(made, Verdict)
    assert made.state == "not run"
    assert reason in made.reason


@pytest.fixture
def real_compiler() -> Entry:
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("gcc is not on this machine")
    return compiler(str(local_host().target), folder=str(Path(gcc).parent))


def own(tmp_path: Path, *argv: tuple[str, ...], code: str = "") -> Verdict:
    entry = Entry(
        id="tool.sh",
        soft="tool.sh",
        version="1",
        prefix="/",
        target=HOST,
        origin="system",
        files={"program": "/bin/sh"},
    )
    return check_entry(entry, Check(code=code, file="check.sh", argv=argv), local_host(), [])


def test_a_program_that_does_what_it_should_passes(tmp_path: Path) -> None:
    assert own(tmp_path, ("{path}", "{file}"), code="exit 0\n") == Verdict(state="passed")


def test_a_program_that_does_not_fails_with_its_words(tmp_path: Path) -> None:
    verdict = own(tmp_path, ("{path}", "{file}"), code="echo 'error: no licence' >&2; exit 3\n")
    assert verdict.state == "failed"
    assert "exited with 3: error: no licence" in verdict.reason


def test_a_command_that_lacks_a_file_is_not_run(tmp_path: Path) -> None:
    assert own(tmp_path, ("{files.cxx}", "{file}")) == Verdict(state="not run", reason="the entry has no {files.cxx}")


def test_the_first_command_that_fails_ends_it(tmp_path: Path) -> None:
    verdict = own(tmp_path, ("/bin/sh", "-c", "exit 1"), ("/bin/sh", "-c", "touch {folder}/x; exit 0"))
    assert verdict.state == "failed"


def test_a_library_that_is_not_there_fails(real_compiler: Entry, tmp_path: Path) -> None:
    target = real_compiler.emits[0]
    entry = library(target, str(tmp_path / "with space"), "surelyabsent")
    verdict = check_entry(entry, Check(code="int main(void) { return 0; }\n"), local_host(), [real_compiler])
    assert verdict.state == "failed"
    assert "surelyabsent" in verdict.reason


def test_a_program_that_finds_the_wrong_answer_fails(real_compiler: Entry) -> None:
    entry = library(real_compiler.emits[0], "/usr", "m")
    code = "#include <math.h>\nint main(int n, char **a) { (void)a; return cos((double)n - 1) == 1.0 ? 0 : 7; }\n"
    assert check_entry(entry, Check(code=code), local_host(), [real_compiler]) == Verdict(state="passed")
    wrong = check_entry(entry, Check(code=code.replace("? 0 : 7", "? 7 : 0")), local_host(), [real_compiler])
    assert wrong.state == "failed"
    assert "exited with 7" in wrong.reason


@pytest.mark.parametrize(("emits", "state"), [("linux-s390x", "passed"), (HOST, "failed")], ids=["cross", "native"])
def test_what_a_cross_compiler_makes_is_not_run(emits: str, state: str) -> None:
    entry = msgspec.structs.replace(compiler(emits), files={"c": "/bin/sh"})
    check = Check(code="", argv=(("{files.c}", "-c", "exit 0"), ("{files.c}", "-c", "exit 1")))
    assert check_entry(entry, check, replace(local_host(), target=HOST), []).state == state
