"""Versions: a total order that people expect, PEP 440 order kept."""

from __future__ import annotations

import itertools

import pytest
from packaging.version import Version as Pep440

from pkgmgr.model.errors import UsageError
from pkgmgr.model.version import Version, VersionRange

ASCENDING = [
    ["1.1.1", "1.1.1a", "1.1.1k", "1.1.1w", "1.1.2"],
    ["r21e", "r25", "r26", "r26b", "r26d", "r27"],
    ["8d", "9", "9e", "9f", "10"],
    ["2023d", "2024", "2024a", "2024b", "2025"],
    ["8u131", "8u202", "11"],
    ["1.8.0_202", "1.8.0_391"],
    ["16.0.0-SNAPSHOT", "16.0.0", "16.0.1"],
    ["0.12.0-dev.3180+83e578a18", "0.12.0"],
    ["4.1", "4.10.2"],
    ["30.0.15729638-beta2", "30.0.15729638"],
    ["12.2.0", "12.2.0-14+deb12u1", "12.2.1"],
    ["1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0+local", "1.0.post1", "1.1"],
]


@pytest.mark.parametrize("texts", ASCENDING, ids=lambda texts: texts[-1])
def test_order(texts: list[str]) -> None:
    assert [str(version) for version in sorted(map(Version, reversed(texts)))] == texts


PEP440 = [
    "0.9",
    "1.0",
    "1.0.0",
    "1.0.1",
    "1!0.5",
    "1.0a1",
    "1.0a2.dev3",
    "1.0b1",
    "1.0rc1",
    "1.0.post1",
    "1.0.post1.dev2",
]
PEP440 += ["1.0.dev4", "1.0+abc.5", "1.0+abc.7", "1.0+5", "2.0", "10.0", "1.0rc1.post2"]


def test_pep440_order_is_kept() -> None:
    for first, second in itertools.product(PEP440, repeat=2):
        assert (Version(first) < Version(second)) == (Pep440(first) < Pep440(second)), (first, second)
        assert (Version(first) == Version(second)) == (Pep440(first) == Pep440(second)), (first, second)


@pytest.mark.parametrize(
    "text", ["9" * 5000, "1." + "9" * 5000, "1.0-" + "9" * 5000, "v" + "9" * 5000, "1.0+" + "9" * 5000]
)
def test_a_version_of_any_length_has_its_place(text: str) -> None:
    assert Version(text) == Version(text)
    assert (Version(text) < Version("1.0")) is not (Version(text) > Version("1.0"))
    assert str(Version(text)) == text


def test_the_order_is_total() -> None:
    everything = [Version(text) for row in ASCENDING for text in row] + [
        Version(text) for text in [*PEP440, "", "master", "1.x"]
    ]
    for first, second in itertools.product(everything, repeat=2):
        assert (first < second) + (first == second) + (second < first) == 1
    for first, second, third in itertools.combinations(sorted(everything), 3):
        assert first <= second <= third


RANGES = [
    ("12", "12.2.0", True),
    ("12", "121", False),
    ("12.2", "12.20", False),
    ("12", "12", True),
    ("=12.2.0", "12.2.0", True),
    ("=12.2.0", "12.2.0.1", False),
    (">=12,<14", "13.9", True),
    (">=12,<14", "14.0", False),
    (">=12,<14", "14rc1", False),
    ("1.1.1", "1.1.1w", True),
    ("1.1.1w", "1.1.1w", True),
    ("1.1.1w", "1.1.1k", False),
    ("r26", "r26b", True),
    ("2024", "2024a", True),
    ("~=2.2", "2.9", True),
    ("~=2.2", "3.0", False),
    ("~=2.2.1", "2.3", False),
    ("==3.11.*", "3.11.7", True),
    ("==3.11.*", "3.12", False),
    ("!=3.11.*", "3.12", True),
    ("!=1.5", "1.5", False),
    (">1.0", "1.0.post1", False),
    ("==2.6.0", "2.6.0+cu124", True),
    ("", "1.0rc1", False),
    ("1.0rc1", "1.0rc1", True),
    (">=1.0rc1", "1.0rc2", True),
]


@pytest.mark.parametrize(("text", "version", "admitted"), RANGES)
def test_ranges(text: str, version: str, admitted: bool) -> None:
    assert VersionRange(text).admits(Version(version)) is admitted


@pytest.mark.parametrize("text", ["=>1", ">=", "1 2", ">1.*", "~=1", ",", "==", "1,,2"])
def test_malformed_ranges_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        VersionRange(text)
