"""Unpack a source into the build folder."""

from __future__ import annotations

from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.install.unpack import unpack
from pkgmgr.model.errors import DocumentError
from pkgmgr.model.package import Unpack


def perform(step: Unpack, context: BuildContext) -> None:
    """Unpack, refusing whatever would leave the folder."""
    if step.source not in context.sources:
        known = ", ".join(context.sources) or "none for this target and variant"
        raise DocumentError(f"{context.name}: there is no source {step.source!r} here; there are: {known}")
    only = context.fill_all(step.only)
    unpack(context.sources[step.source], Path(context.fill(step.into)), strip=step.strip, only=only)
