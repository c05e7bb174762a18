"""One model or data set, wherever it was found. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pkgmgr.detect.models.facts import UNKNOWN
from pkgmgr.model.entry import Value


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
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
    files: Mapping[str, str] = {}
    attributes: Mapping[str, Value] = {}
    layers: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    """As in `ModelFacts`."""


def data_set(
    name: str,
    format_: str,
    path: str,
    origin: str,
    state: str,
    *,
    root: str = "",
    version: str | None = None,
    size: int = 0,
    reason: str = "",
    told: Mapping[str, Value] | None = None,
    beside: Mapping[str, str] | None = None,
) -> Artifact:
    """Make a data set that lies in one folder, or is one file.

    :param root: the folder that a file lies in.
    :param reason: why it is partial or broken.
    :param told: further attributes; one that is None is left out.
    :param beside: role → a file that says what it is: its fingerprint changes with that, a folder's own does not.
    """
    attributes: dict[str, Value] = {"format": format_, "dataset": name, "reason": reason or None, **(told or {})}
    return Artifact(
        kind="dataset",
        name=name,
        path=path,
        root=root or path,
        evidence=f"the content of {path}" if root else f"the layout of {path}",
        origin=origin,
        version=version,
        state=state,
        size=size,
        files={"data": path, **(beside or {})},
        attributes={key: value for key, value in attributes.items() if value is not None},
    )
