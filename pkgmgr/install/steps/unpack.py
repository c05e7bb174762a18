"""Unpack a source into the build folder."""

from __future__ import annotations

import tempfile
from glob import escape
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
    archive, into = context.sources[step.source], Path(context.fill(step.into))
    if not step.inner:
        unpack(archive, into, strip=step.strip, only=only)
        return
    name = context.fill(step.inner)
    with tempfile.TemporaryDirectory(dir=context.build) as place:
        unpack(archive, Path(place), only=(escape(name),))
        unpack(Path(place, name), into, strip=step.strip, only=only)
