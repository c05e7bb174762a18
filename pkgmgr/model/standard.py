"""The published standards of languages, and which of them a compiler of some version takes. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Literal, get_args

from msgspec import Meta

from pkgmgr.model.version import Version, VersionRange

Standard = Literal[
    "c99", "c11", "c17", "c23",
    "cxx11", "cxx14", "cxx17", "cxx20", "cxx23",
    "cuda11", "cuda14", "cuda17", "cuda20", "cuda23",
    "hip11", "hip14", "hip17", "hip20", "hip23",
]  # fmt: skip
"""A language's role in an entry's ``files``, and the year. A draft (``-std=c++2b``) is none: drafts change."""

Since = Annotated[str, Meta(pattern=r"^>=\d+(\.\d+)*(,<\d+(\.\d+)*)?$")]
"""The versions of a compiler that take a standard's option: ``>=8``."""

STANDARDS: tuple[str, ...] = get_args(Standard)
_SPOKEN = {"c": "C", "cxx": "C++", "cuda": "CUDA C++", "hip": "HIP C++", "fortran": "Fortran"}


def language_of(name: str) -> str:
    """Give the language of a standard: ``cxx`` of ``cxx17``; a language is its own."""
    return re.sub(r"\d+$", "", name)


def spoken(name: str) -> str:
    """Say a language or a standard as people do: ``C++17``."""
    language = language_of(name)
    return _SPOKEN.get(language, language) + name[len(language) :]


def standards_taken(since: Mapping[Standard, Since], number: str | None, languages: Collection[str]) -> list[str]:
    """Give the standards that a compiler takes, in the order in which they were published.

    :param number: the version that ``since`` speaks of; None where it is not known.
    :param languages: what the compiler compiles; a ``gcc`` without its ``g++`` has no C++.
    """
    if number is None:
        return []
    version = Version(number)
    return [
        name
        for name in sorted(since, key=STANDARDS.index)
        if language_of(name) in languages and VersionRange(since[name]).admits(version, prereleases=True)
    ]
