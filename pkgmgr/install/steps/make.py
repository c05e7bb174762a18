"""Run make with the toolchain's variables."""

from __future__ import annotations

from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.install.variables import PROGRAMS
from pkgmgr.model.package import Make


def perform(step: Make, context: BuildContext) -> None:
    """Pass variables on the command line, where they win over the makefile's own."""
    roles = {name: PROGRAMS[name] for name in ("CC", "CXX", "AR", "RANLIB")}
    given = {name: context.scripts[role] for name, role in roles.items() if role in context.scripts}
    given |= {name: context.fill(value) for name, value in step.variables.items()}
    words = [f"{name}={value}" for name, value in given.items()]
    context.run(
        ["make", f"-j{context.jobs}", *words, *context.fill_all(step.targets)], folder=Path(context.fill(step.folder))
    )
