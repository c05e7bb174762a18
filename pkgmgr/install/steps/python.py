"""A virtual environment, or a folder of packages, from requirements pinned with hashes."""

from __future__ import annotations

from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.install.pythons import fill_folder, make_environment
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.package import Python


def perform(step: Python, context: BuildContext) -> None:
    """Make it with the resolved interpreter."""
    interpreter = next((entry for entry in context.roles.values() if entry.soft == "lang.python"), None)
    if interpreter is None:
        raise CkpmError(f"{context.name}: a step needs Python, and nothing requires lang.python")
    requirements = context.folder / context.fill(step.requirements)
    into = Path(context.fill(step.into))
    make = make_environment if step.layout == "venv" else fill_folder
    make(context, interpreter.files["python"], requirements, into)
