"""What the resolver needs to know of the world, as a protocol. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pkgmgr.model.entry import Entry
from pkgmgr.model.package import Package
from pkgmgr.model.soft import Soft
from pkgmgr.model.target import Target, TargetDocument


class World(Protocol):
    """Softs, packages, targets, and the entries of this home and host."""

    def soft(self, name: str) -> Soft:
        """Give a soft, or raise `NotFoundError` naming the nearest one."""

    def softs_tagged(self, tags: Sequence[str]) -> Sequence[Soft]:
        """Give the softs that carry all of these tags, by rank, then by name."""

    def entries(self, soft: str) -> Sequence[Entry]:
        """Give every entry of a soft: installed, known and newly detected, the best first."""

    def is_known(self, entry: Entry) -> bool:
        """Tell whether an entry was there before this resolution looked for it."""

    def is_outdated(self, entry: Entry) -> bool:
        """Tell whether an entry was made by another document of its package than the one that is there now."""

    def package(self, name: str) -> Package:
        """Give a package, or raise `NotFoundError` naming the nearest one."""

    def providers(self, soft: str) -> Sequence[Package]:
        """Give the packages that can make a soft, the preferred first."""

    def target(self, name: str) -> TargetDocument:
        """Give the document of a target, or raise `NotFoundError`."""

    def facts(self, target: Target) -> Mapping[str, str]:
        """Give what is known of the machine that is meant (`platform_facts`); empty where it is not this one."""
