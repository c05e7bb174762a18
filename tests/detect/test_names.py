"""Many names against many expressions: the fast way gives what the slow one would."""

from __future__ import annotations

import re

import pytest

from pkgmgr.detect.names import NameIndex, literal_stem, literal_stems

STEMS = [
    ("cmake3?", "cmake"),
    (r"(?:[\w.]+-)*gcc(?:-\d+)?", "gcc"),
    (r"g\+\+", "g++"),
    ("a|b", ""),
    ("qemu-aarch64(?:-static)?", "qemu-aarch64"),
    ("[ab]cd*", "c"),
    ("x{2}yz", "yz"),
    (".*", ""),
]


@pytest.mark.parametrize(("expression", "stem"), STEMS)
def test_stem(expression: str, stem: str) -> None:
    assert literal_stem(expression) == stem


@pytest.mark.parametrize(
    ("expression", "stems"),
    [
        ("7z|7za", ["7z", "7za"]),
        ("magick|convert(?:-im|x)?", ["magick", "convert"]),
        (r"a\|b|[c|d]ef", ["a|b", "ef"]),
        ("(?:a|b)c", ["c"]),
        ("make|.*", ["make", ""]),
    ],
)
def test_each_alternative_has_a_stem(expression: str, stems: list[str]) -> None:
    assert literal_stems(expression) == stems


NAMES = [
    "gcc",
    "gcc-12",
    "x86_64-linux-gnu-gcc-12",
    "gccgo",
    "cmake",
    "cmake3",
    "cmake-gui",
    "g++",
    "clang",
    "nvcc",
    "a\nb",
]
NAMES += ["photo-1.jpg", "photo-12.jpg", "photo-12b.jpg", "7z", "7za", "p7zip", "lib2to3", "lib22to3", "2", ""]
EXPRESSIONS = [r"photo-12\w?\.jpg", "7z|7za", r".*7z.*", "lib2to3", r"lib2+to3", r"\d", "", r".*12\.jpg"]
EXPRESSIONS += ["cmake3?", r"(?:\w+-\w+-\w+-)?gcc(?:-\d+)?", r"g\+\+", "clang|nvcc", "gcc|.*c", ".*go", "a"]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_index_finds_what_matching_each_would(expression: str) -> None:
    found = {name for name, _ in NameIndex(NAMES).matching([expression])}
    assert found == {name for name in NAMES if re.fullmatch(expression, name)}


@pytest.mark.parametrize("ending", [".jpg", "2.jpg", "12.jpg", "o3", "to", "2", "c", "jpg ", ""])
def test_the_index_finds_what_has_an_ending(ending: str) -> None:
    index = NameIndex(NAMES)
    assert sorted(index.ending_with(ending)) == sorted(name for name in NAMES if name.endswith(ending))
    assert len(index) == len(NAMES) - 1


def test_nothing_is_found_in_no_names() -> None:
    assert list(NameIndex([]).matching(["a.*", ""])) == []
