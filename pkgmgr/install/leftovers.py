"""What killed runs left in the temporary folder. Touches: folders and links there whose names are ours.

It is looked for where time is spent anyway: before a build, and by ``ckpm gc``.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
from pathlib import Path

from pkgmgr.host.temporary import sweep
from pkgmgr.install.places import AREA, ELSEWHERE
from pkgmgr.install.staging import KEPT

_SCRATCH = re.compile(r"ckpm-(?:probe|check|solve)-[a-z0-9_]{8}")
"""Made by ``mkdtemp``, for one program or a few."""
_PLACE = re.compile(r"ckpm-[0-9a-f]{8}-[A-Za-z0-9.+-]+")
"""Of a build (`places.build_place`)."""
_ALIAS = re.compile(r"ckpm-[0-9a-f]{3,64}0*")
"""A link that stands for a home."""


def sweep_leftovers(base: Path | None = None, *, now: float | None = None) -> int:
    """Remove what nobody holds any more, and links to homes that are gone; give how many things that were."""
    folder = base or Path(tempfile.gettempdir())
    return sweep(str(folder), _is_leftover, now=now) + _sweep_aliases(folder)


def _is_leftover(path: str) -> bool:
    """Tell whether a folder that nobody holds is of no use: a build's may be kept for a person to look at."""
    name = os.path.basename(path)
    if _SCRATCH.fullmatch(name):
        return True
    if not _PLACE.fullmatch(name):
        return False
    try:
        area = os.readlink(os.path.join(path, AREA))
    except OSError:
        return not os.listdir(path)  # killed before it said whose it is; or an earlier version's, which never said so
    try:
        is_its_place = os.readlink(os.path.join(area, ELSEWHERE)) == path
    except OSError:
        return True
    return not (is_its_place and os.path.exists(os.path.join(area, KEPT)))


def _sweep_aliases(folder: Path) -> int:
    if not hasattr(os, "geteuid"):
        return 0
    swept = 0
    with contextlib.suppress(OSError):
        for path in [item for item in folder.iterdir() if _ALIAS.fullmatch(item.name)]:
            with contextlib.suppress(OSError):
                state = path.lstat()
                if stat.S_ISLNK(state.st_mode) and state.st_uid == os.geteuid() and not path.exists():
                    path.unlink()
                    swept += 1
    return swept
