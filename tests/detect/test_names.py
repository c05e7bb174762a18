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
EXPRESSIONS = ["cmake3?", r"(?:\w+-\w+-\w+-)?gcc(?:-\d+)?", r"g\+\+", "clang|nvcc", "gcc|.*c", ".*go", "a"]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_index_finds_what_matching_each_would(expression: str) -> None:
    found = {name for name, _ in NameIndex(NAMES).matching([expression])}
    assert found == {name for name in NAMES if re.fullmatch(expression, name)}
