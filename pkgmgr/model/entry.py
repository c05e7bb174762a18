"""What detection concludes: entries, and rejections with their reason. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from pkgmgr.model.operation import Operation
from pkgmgr.model.version import Version

if TYPE_CHECKING:
    Value: TypeAlias = str | int | float | bool | list["Value"] | dict[str, "Value"] | None
else:
    Value = Any  # msgspec can't build a decoder of a recursive alias; TOML and JSON hold nothing else anyway


def spelled(value: object) -> str:
    """Write a value as a person asks for it, and as a program is given it: ``true``, not ``True``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One concrete instance of a soft, found on the host or installed by a package."""

    id: str
    """``<soft>-<version>-<8 hex digits>``; the same thing found again has the same id."""
    soft: str
    version: str | None
    """None where no version was established."""
    prefix: str
    """Root folder of the installation; never a file, never a ``bin`` folder."""
    target: str
    """Where it runs; ``any`` for models and data sets that fit every machine."""
    origin: str
    tags: tuple[str, ...] = ()
    files: Mapping[str, str] = {}
    """Absolute path of each role: ``c``, ``cxx``, ``library``, ``model``, …"""
    attributes: Mapping[str, Value] = {}
    env: tuple[Operation, ...] = ()
    deps: tuple[str, ...] = ()
    """Ids of the entries that it needs."""
    package: str | None = None
    """The package that installed it; None for what was found."""
    evidence: str = ""
    """How it was recognised, for a person."""
    fingerprint: str = ""
    """``sha256:…`` over what identifies it; changes when the thing changes."""

    @property
    def is_whole(self) -> bool:
        """False for a model or data set of which something is known to be missing or spoilt."""
        return self.attributes.get("state") not in ("partial", "broken")

    @property
    def emits(self) -> tuple[str, ...]:
        """The targets that a compiler generates code for; empty for anything else."""
        emits = self.attributes.get("emits", [])
        return tuple(str(item) for item in emits) if isinstance(emits, list) else ()


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate that was turned down, and why."""

    soft: str
    candidate: str
    """The path or name that was looked at."""
    reason: str


def version_key(entry: Entry) -> Version:
    """Order entries by version; one without a version comes before all others."""
    return Version(entry.version if entry.version is not None else "")
