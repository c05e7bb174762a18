"""What will be used and done, with reasons; nothing has happened yet. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from pkgmgr.model.entry import Entry

Action = Literal["reuse", "detect", "install"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a plan: one entry that will be there."""

    action: Action
    soft: str
    package: str | None
    version: str | None
    target: str
    reason: str
    key: str
    """Names the row inside its plan."""
    entry: Entry | None = None
    """The entry of a row that is not to be installed."""
    variants: Mapping[str, str] = {}
    needs: Mapping[str, str] = {}
    """Role → key of the row that meets it."""
    demanded_by: tuple[str, ...] = ()
    """Who asked for it: requirements as a person wrote them, or packages (``package:lib-png``)."""
    python: tuple[str, ...] = ()
    """For a Python environment: the PEP 508 requirements that are solved together."""
    toolchain_target: str = ""
    """The target as asked, with its detail (an API level), which the build is for."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Rows in the order in which they can be done: what is needed comes first."""

    host: str
    target: str
    steps: tuple[Step, ...]
    roots: Mapping[str, str]
    """Requirement or role → key of the row that meets it."""
    notes: tuple[str, ...] = ()

    @property
    def installs(self) -> tuple[Step, ...]:
        """The rows that have work to do."""
        return tuple(step for step in self.steps if step.action == "install")
