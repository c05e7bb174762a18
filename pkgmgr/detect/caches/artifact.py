"""One model or data set, wherever it was found. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pkgmgr.detect.models.facts import UNKNOWN
from pkgmgr.model.entry import Value


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A model or a data set, and what its files and its place tell."""

    kind: str
    """``model`` or ``dataset``."""
    name: str
    """As its ecosystem calls it (``org/name``), else the name of its file or folder."""
    path: str
    """The file or folder that stands for it."""
    root: str
    evidence: str
    ecosystem: str = ""
    origin: str = "system"
    version: str | None = None
    state: str = UNKNOWN
    size: int = 0
    """In bytes, each blob counted once."""
    files: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Value] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
