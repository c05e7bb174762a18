"""Apply a patch of the package's own folder, with the host's ``patch``."""

from __future__ import annotations

from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.model.errors import DocumentError
from pkgmgr.model.package import Patch


def perform(step: Patch, context: BuildContext) -> None:
    """Apply, or fail when a part does not fit."""
    file = context.folder / step.file
    if not file.is_file():
        raise DocumentError(f"{context.name}: the patch {file} is not there")
    argv = ["patch", "--batch", "--forward", f"--strip={step.strip}", "--input", str(file)]
    context.run(argv, folder=Path(context.fill(step.folder)))
