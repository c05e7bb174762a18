"""One way to meet a demand, and how a person wants ways to be chosen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from pkgmgr.model.entry import Entry
from pkgmgr.model.package import Package
from pkgmgr.model.target import Target
from pkgmgr.model.version import Version

Preference = Literal["detected", "installed"]

read_version = lru_cache(maxsize=None)(Version)
"""Read a version; a catalog names the same few thousand again and again."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Option:
    """One way to meet a demand."""

    ident: str
    """Names it inside a plan: the same thing has the same name wherever it is wanted."""
    soft: str
    version: str | None
    runs_on: str
    serves: str
    """The target that a compiler among them generates code for; else where it runs."""
    entry: Entry | None = None
    package: Package | None = None
    variants: Mapping[str, str] = field(default_factory=dict)
    target: Target
    """What a package is built for, with its detail."""
    is_substitute: bool = False
    """Serves a target whose programs run on the one asked for, not that target itself."""
    order: tuple[int, ...] = ()
    """The least is the best."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a person wants options to be chosen."""

    host: Target
    prefer: Preference | None = None
    only: Preference | None = None
    substitutes: bool = False
    """Whether something for another target, whose programs run on the one wanted, will do."""


Settings = Mapping[str, str]
"""Variants that are asked for."""


def place_of(entry: Entry | None, choice: Choice) -> int:
    """Put what is there before what would have to be made, unless a person prefers otherwise."""
    if entry is None:
        return 0 if choice.prefer == "installed" else 2
    is_installed = entry.package is not None
    if choice.prefer == "installed":
        return -1 if is_installed else 1
    return 1 if choice.prefer == "detected" and is_installed else 0
