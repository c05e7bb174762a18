"""Copy files of the sources, the build folder or the package's own folder."""

from __future__ import annotations

import os
import shutil
from glob import glob
from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.install.unpack import FIXED_TIME
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.package import Copy


def perform(step: Copy, context: BuildContext) -> None:
    """Copy what the globs match, sorted; a glob that matches nothing is an error."""
    target = context.fill(step.to)
    is_folder = target.endswith("/")
    destination = Path(target)
    for pattern in step.files:
        place = context.fill(pattern)
        found = sorted(glob(place, root_dir=context.build, recursive=True))
        if not found:
            raise CkpmError(f"{context.name}: copy: nothing matches {place}")
        for name in found:
            _copy(context.build / name, destination / Path(name).name if is_folder else destination, step.executable)


def _copy(origin: Path, destination: Path, is_executable: bool) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    if origin.is_dir():
        shutil.copytree(origin, destination, symlinks=True, dirs_exist_ok=True)
        return
    if origin.is_symlink():
        destination.unlink(missing_ok=True)
        destination.symlink_to(os.readlink(origin))
        return
    shutil.copyfile(origin, destination)
    runs = is_executable or os.access(origin, os.X_OK)
    destination.chmod(0o755 if runs else 0o644)
    os.utime(destination, (FIXED_TIME, FIXED_TIME))
