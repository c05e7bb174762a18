"""Which standards compilers take: the rule, and what the compilers of this machine say to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from pkgmgr.catalog.document import document_struct
from pkgmgr.catalog.index import Catalog
from pkgmgr.catalog.repository import BUILT_IN, Repository, built_in_root
from pkgmgr.jobs.detection import Search, look
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.soft import Conclusion
from pkgmgr.model.standard import STANDARDS, language_of, spoken, standards_taken
from tests.conftest import Ckpm

GCC = {"c99": ">=3.4", "c17": ">=8", "cxx17": ">=8", "cxx20": ">=10"}
ENDINGS = {"c": ".c", "cxx": ".cpp", "cuda": ".cu", "hip": ".hip"}
NEEDS = {
    "c99": "int twice(int n) { for (int i = 0; i < n; i++) { int row[n]; row[i] = i; } return n; } // no C90\n",
    "c11": 'int one(void) { return _Generic(1, int: 1, default: 0); }\n_Static_assert(sizeof(char) == 1, "");\n',
    "c17": '_Static_assert(__STDC_VERSION__ >= 201710L, "C17");\n',
    "c23": "static_assert(true);\ntypeof(1) ones = 0b11;\n",
    "11": 'auto twice = [](int n) { return n + n; };\nstatic_assert(sizeof(decltype(twice(1))) > 1, "");\n',
    "14": "constexpr int sum(int n) { int s = 0; for (int i = 0; i < n; i++) s += i; return s; }\n"
    'static_assert(sum(3) == 3, "");\nauto same = [](auto x) { return x; };\n',
    "17": "template <class T> constexpr int f() { if constexpr (sizeof(T) > 1) return 1; else return 0; }\n"
    "static_assert(f<int>());\n",
    "20": "template <class T> concept Small = sizeof(T) < 99;\ntemplate <Small T> T same(T x) { return x; }\n"
    "int one = same(1);\n",
    "23": "static_assert(__cplusplus > 202002L && sizeof(0uz) == sizeof(sizeof(0)));\n",
}
"""Standard, or the year of a C++ → a program that needs it."""


def program(standard: str) -> str:
    """Give a program that needs a standard."""
    return NEEDS.get(standard) or NEEDS[standard[-2:]]


def option(standard: str) -> str:
    """Give the option of a published standard, as GCC and all its kin have it."""
    language = language_of(standard)
    return f"-std={'c' if language == 'c' else 'c++'}{standard[len(language) :]}"


@pytest.mark.parametrize(
    ("number", "languages", "expected"),
    [
        pytest.param("12.2.0", ["c", "cxx"], ["c99", "c17", "cxx17", "cxx20"], id="all"),
        pytest.param("8.1.0", ["c", "cxx"], ["c99", "c17", "cxx17"], id="the first that does"),
        pytest.param("7.5.0", ["c", "cxx"], ["c99"], id="the last that does not"),
        pytest.param("12", ["c", "cxx"], ["c99", "c17", "cxx17", "cxx20"], id="MinGW tells one number"),
        pytest.param("12.2.0", ["c"], ["c99", "c17"], id="no C++ compiler, no C++17"),
        pytest.param("12.2.0", ["cxx"], ["cxx17", "cxx20"], id="no C compiler"),
        pytest.param("12.2.0", [], [], id="neither"),
        pytest.param("11.0.0-dev.4", ["cxx"], ["cxx17", "cxx20"], id="on the way to a later one"),
        pytest.param("10.0.0rc1", ["cxx"], ["cxx17"], id="on the way to the first that does"),
        pytest.param(None, ["c", "cxx"], [], id="the number is not known"),
        pytest.param("trunk", ["c", "cxx"], [], id="the number is none"),
        pytest.param("", ["c"], [], id="the number is empty"),
    ],
)
def test_what_a_version_takes(number: str | None, languages: list[str], expected: list[str]) -> None:
    table = msgspec.convert({"standards": GCC}, Conclusion).standards
    assert standards_taken(table, number, languages) == expected


@pytest.mark.parametrize(
    ("name", "language", "words"),
    [
        ("cxx17", "cxx", "C++17"),
        ("c99", "c", "C99"),
        ("cuda20", "cuda", "CUDA C++20"),
        ("fortran", "fortran", "Fortran"),
    ],
)
def test_a_standard_has_a_language_and_a_name_that_people_say(name: str, language: str, words: str) -> None:
    assert (language_of(name), spoken(name)) == (language, words)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        pytest.param({"cxx71": ">=8"}, "cxx71", id="no standard"),
        pytest.param({"cxx17": "8"}, "regex", id="a version, where it begins is meant"),
        pytest.param({"cxx17": ">=eight"}, "regex", id="no number"),
    ],
)
def test_a_table_is_checked_as_it_is_read(table: Mapping[str, str], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert({"name": "compiler.x", "summary": "x", "entry": {"standards": table}}, document_struct("soft"))


def test_each_compiler_of_c_says_what_it_takes() -> None:
    catalog = Catalog(repositories=[Repository(name=BUILT_IN, root=built_in_root())])
    silent = {
        soft.name
        for soft in catalog.softs()
        if soft.family == "compiler" and not soft.entry.standards and soft.entry.role in ("c", "cuda", "hip")
    }
    # TinyCC takes any text after -std=; of IBM's classic compilers it depends on which of their names is called.
    assert silent <= {"compiler.tcc", "compiler.xl"}


@pytest.fixture(scope="module")
def compilers(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    """The compilers of this machine that state standards, as GCC and its kin are called."""
    workspace = Workspace(home=tmp_path_factory.mktemp("home"), variables=dict(os.environ))
    softs = [soft.name for soft in workspace.catalog.softs() if soft.entry.standards and soft.name != "compiler.msvc"]
    found = [entry for entry in look(workspace, softs, Search(register=False)).entries if stated(entry)]
    if not found:
        pytest.skip("no compiler is here")
    return found


def stated(entry: Entry) -> list[str]:
    value = entry.attributes.get("standards")
    return [str(item) for item in value] if isinstance(value, list) else []


def command(entry: Entry, standard: str) -> list[str]:
    """Give what calls a compiler for a language: Zig's is one program with two words."""
    language = language_of(standard)
    words = entry.attributes.get("commands")
    called = words.get(language) if isinstance(words, dict) else None
    base = [str(word) for word in called] if isinstance(called, list) else [entry.files[language]]
    return [*base, "--target=aarch64-linux-android24"] if entry.soft == "compiler.android-ndk" else base


def compiles(entry: Entry, standard: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Let a compiler compile the program that needs a standard."""
    source = folder / f"check{ENDINGS[language_of(standard)]}"
    source.write_text(program(standard), encoding="utf-8")
    words = [*command(entry, standard), *options, "-c", str(source), "-o", str(folder / "check.o")]
    variables = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(folder / "zig")}
    return subprocess.run(words, capture_output=True, text=True, check=False, env=variables, timeout=120)


def test_each_compiler_here_takes_what_it_states(compilers: list[Entry], tmp_path: Path) -> None:
    wrong = []
    for entry in compilers:
        for standard in stated(entry):
            done = compiles(entry, standard, tmp_path, option(standard))
            if done.returncode != 0:
                wrong.append(f"{entry.id} {standard}: {done.stderr.strip()[:300]}")
    print(f"{len(compilers)} compilers, {sum(len(stated(entry)) for entry in compilers)} standards")
    assert not wrong, "\n".join(wrong)


def test_the_programs_need_their_standards(compilers: list[Entry], tmp_path: Path) -> None:
    """Else the test above would show the option alone."""
    pedantic = [entry for entry in compilers if entry.soft in ("compiler.gcc", "compiler.llvm")]
    if not pedantic:
        pytest.skip("neither GCC nor LLVM is here")
    taken = []
    for entry in pedantic:
        for standard in stated(entry):
            language = language_of(standard)
            of_language = ["c90" if language == "c" else "cxx98", *(s for s in STANDARDS if language_of(s) == language)]
            earlier = of_language[of_language.index(standard) - 1]
            if compiles(entry, standard, tmp_path, option(earlier), "-pedantic-errors").returncode == 0:
                taken.append(f"{entry.id} compiles the program of {standard} as {earlier}")
    assert not taken, "\n".join(taken)


def test_a_compiler_here_is_shown_with_them(ckpm: Ckpm, compilers: list[Entry]) -> None:
    ran = ckpm("detect", "soft", compilers[0].soft, "--json")
    assert stated(compilers[0]) in [row["attributes"].get("standards") for row in ran.data]
