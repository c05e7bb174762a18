"""``configure``, ``make``, ``make install``."""

from __future__ import annotations

from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.model.package import Autotools


def perform(step: Autotools, context: BuildContext) -> None:
    """Build in the source folder, as hand-written ``configure`` scripts want it."""
    toolchain = context.require_toolchain()
    folder = Path(context.fill(step.source))
    argv = [str(folder / "configure"), f"--prefix={context.prefix}", *context.fill_all(step.options)]
    if toolchain.is_cross and step.host_flag:
        argv.append(f"--host={toolchain.triple}")
    context.run(argv, folder=folder)
    context.run(["make", f"-j{context.jobs}"], folder=folder)
    context.run(["make", *step.install], folder=folder)
