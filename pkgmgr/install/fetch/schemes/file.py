"""``file:``: a file of this machine or of a mounted one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from pkgmgr.install.fetch.errors import SourceFailed
from pkgmgr.model.package import Source


def fetch(address: str, path: Path, *, source: Source, advance: Callable[[int], None]) -> None:
    """Copy to ``path``."""
    place = Path(unquote(address.removeprefix("file:").removeprefix("//")))
    if not place.is_file():
        raise SourceFailed("there is no such file", is_network=False)
    shutil.copyfile(place, path)
    advance(path.stat().st_size)
