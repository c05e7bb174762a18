"""``configure``, ``make``, ``make install``."""

from __future__ import annotations

from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.model.package import Autotools

_LIBTOOL = b"a libtool library file"


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
    _remove_libtool_files(context.prefix)


def _remove_libtool_files(prefix: Path) -> None:
    """Leave out what libtool writes for itself beside libraries, as distributions do: linkers and pkg-config need none.

    It is shell text that holds paths as they were: a home with a quote in its name, or one that was moved, would break
    whatever is linked by libtool later.
    """
    for path in prefix.rglob("*.la"):
        if path.is_file() and not path.is_symlink() and _LIBTOOL in path.read_bytes()[:200]:
            path.unlink()
