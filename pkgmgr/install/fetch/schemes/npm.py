"""``npm:NAME@VERSION``: a package's archive from the registry that npm is configured for. Runs none of its scripts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from pkgmgr.install.fetch.errors import SourceFailed
from pkgmgr.install.fetch.schemes.tools import run_client
from pkgmgr.model.package import Source


def fetch(address: str, path: Path, *, source: Source, advance: Callable[[int], None]) -> None:
    """Download the archive as it is: ``npm pack`` of a registry's package neither unpacks nor builds it."""
    wanted = address.removeprefix("npm:").partition("#")[0]
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".npm-") as scratch:
        folder = Path(scratch)
        run_client(["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", scratch, wanted], folder)
        archives = list(folder.glob("*.tgz"))
        if len(archives) != 1:
            raise SourceFailed("npm gave no archive", is_network=False)
        shutil.move(archives[0], path)
    advance(path.stat().st_size)
