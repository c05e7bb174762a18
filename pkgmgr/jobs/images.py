"""Locked envs for continuous integration, as archives and as bills of materials."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pkgmgr import __version__
from pkgmgr.environ.formats import format_names
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import UsageError
from pkgmgr.model.reference import read_word

if TYPE_CHECKING:
    from pkgmgr.jobs.envs import LoadedEnv

_BOTH = "dockerfile"
"""Of an env it is a whole file; of anything else the lines with its variables."""


def is_image(words: Sequence[str], name: str) -> bool:
    """Tell whether an export asks for a whole file of continuous integration: of one env, in such a format."""
    if len(words) != 1 or (name in format_names() and name != _BOTH):
        return False
    from pkgmgr.environ.images import image_names

    return name in image_names() and read_word(words[0]).kind == "env"


def image_of(workspace: Workspace, word: str, name: str, *, target: str | None = None) -> str:
    """Write a locked env in one of these formats.

    :raises LockError: when it has no current lock for the target.
    """
    from pkgmgr.environ.images import ImageRequest, render_image
    from pkgmgr.jobs.envs import find_env
    from pkgmgr.jobs.installation import wanted_target  # 80 ms together, where an image is asked for
    from pkgmgr.jobs.locks import locked_target, require_lock
    from pkgmgr.lock.document import render_lock

    loaded = find_env(workspace, read_word(word))
    lock = require_lock(workspace, loaded, frozen=False)
    wanted = wanted_target(workspace, target)
    digest = "sha256:" + hashlib.sha256(render_lock(lock).encode()).hexdigest()
    request = ImageRequest(
        lock=lock,
        target=str(wanted),
        part=locked_target(lock, wanted),
        version=__version__,
        digest=digest,
        document=loaded.path.name,
        included=_included_files(workspace, loaded),
    )
    return render_image(name, request)


def _included_files(workspace: Workspace, loaded: LoadedEnv) -> tuple[str, ...]:
    """Give the documents that an env includes by their path, which go along with it.

    :raises UsageError: for one that is not below the env's folder, where no image's build reaches.
    """
    from pkgmgr.jobs.envs import included_paths

    inside = loaded.folder.resolve()
    found = []
    for path in included_paths(workspace, loaded):
        if not path.resolve().is_relative_to(inside):
            raise UsageError(f"{path} is included, and an image is built from {inside} alone", hint="put it below that")
        found.append(path.resolve().relative_to(inside).as_posix())
    return tuple(dict.fromkeys(found))
