"""Where a build happens: in the same place each time, with a path that ``make`` can hold. Touches: temporary folders.

What is made knows its own place: it is in scripts, in ``.pc`` files, in strings of programs. Made twice in folders of
two names, it would differ; so a build's folder is named after what it makes. The name is as long as it must be for what
is made to have a path of the length of its final one, which can then take its place in a program too.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from pkgmgr.host.temporary import held
from pkgmgr.model.errors import CkpmError

MADE = "made"
"""Name of the folder in a build's place that becomes the product."""
ELSEWHERE = "elsewhere"
"""A link in a staging folder: to the place of its build, where that is another."""
AREA = ".area"
"""A link in the place of such a build: to its staging folder."""
_PLAIN = re.compile(r"[\w./+-]+")
_OURS = "ckpm-"
_SHORTEST, _LONGEST = 8, 200


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one build happens."""

    folder: Path
    home: Path
    """How the build's programs are told the home: by a path without spaces."""


def is_plain(path: PurePath) -> bool:
    """Tell whether makefiles and ``configure`` can hold a path: GNU make splits names at spaces, whatever quotes do."""
    return _PLAIN.fullmatch(str(path)) is not None


def staging_name(final: PurePath, base: PurePath, digest: str, *, start: str = "") -> str:
    """Name a folder below ``base`` such that `MADE` in it has a path as long as ``final``, if that is long enough.

    :param digest: of what is built; tells builds apart whose names would be the same.
    :param start: what the name is to begin with.
    """
    room = len(os.fsencode(final)) - len(os.fsencode(base / MADE)) - 1
    name = re.sub(r"[^A-Za-z0-9.+-]", "-", f"{start}{final.name}-{digest}")
    return name[: max(room, _SHORTEST)].ljust(min(room, _LONGEST), "0")


@contextlib.contextmanager
def build_place(area: Path, final: Path, home: Path, *, must_be_plain: bool) -> Iterator[Place]:
    """Give the place of a build: its staging folder, or one without spaces that is gone afterwards.

    :param area: the staging folder, which belongs to this build alone.
    :param must_be_plain: something runs that splits paths at spaces.
    """
    if not must_be_plain or is_plain(final):
        yield Place(folder=area, home=home)
        return
    temporary = Path(tempfile.gettempdir())
    if not is_plain(temporary):
        raise CkpmError(
            f"{home} has a space or another special character in its path, on which 'make' breaks; so has {temporary}",
            hint="set TMPDIR to a folder without, or take another home (--home)",
        )
    identity = hashlib.sha256(os.fsencode(area)).hexdigest()
    folder = _own_folder(temporary, staging_name(final, temporary, identity, start=f"{_OURS}{identity[:8]}-"), area)
    with held(str(folder)):
        (folder / AREA).symlink_to(area)
        yield Place(folder=folder, home=_alias(home, temporary, folder))


def remove_place(area: Path) -> None:
    """Remove a staging folder, and the place of its build with it."""
    with contextlib.suppress(OSError):
        folder = Path(os.readlink(area / ELSEWHERE))
        if folder.name.startswith(_OURS):
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(area, ignore_errors=True)


def _own_folder(temporary: Path, name: str, area: Path) -> Path:
    """Make a folder in the temporary one, where anybody may have made anything; a leftover of ours gives way."""
    for number in itertools.count():
        folder = temporary / (f"{name[:-2]}{number:02x}" if number else name)
        if _is_own(folder) and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
        link = area / ELSEWHERE
        link.unlink(missing_ok=True)
        link.symlink_to(folder)  # first, so that a killed process's folder is found
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return folder
    raise AssertionError


def _alias(home: Path, temporary: Path, folder: Path) -> Path:
    """Give a path without spaces that leads to the home, and is as long, if it is long enough.

    It stays: other builds in the same home go by it.
    """
    if is_plain(home):
        return home
    room = len(os.fsencode(home)) - len(os.fsencode(temporary)) - 1
    name = f"{_OURS}{hashlib.sha256(os.fsencode(home)).hexdigest()}"
    path = temporary / name[:room].ljust(room, "0") if _SHORTEST <= room <= _LONGEST else folder / "home"
    with contextlib.suppress(FileExistsError):
        path.symlink_to(home)
    if not _is_own(path) or not path.is_symlink() or os.readlink(path) != str(home):
        path = folder / "home"
        path.symlink_to(home)
    return path


def _is_own(path: Path) -> bool:
    try:
        state = path.lstat()
    except OSError:
        return False
    return state.st_uid == os.getuid() and not stat.S_ISREG(state.st_mode)
