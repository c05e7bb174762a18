"""Write a small text file."""

from __future__ import annotations

from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.model.package import Write


def perform(step: Write, context: BuildContext) -> None:
    """Write the text with its names replaced."""
    path = Path(context.fill(step.path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(context.fill(step.text), encoding="utf-8")
