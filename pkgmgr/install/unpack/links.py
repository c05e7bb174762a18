"""Where symbolic links lead. Pure, but for a given look at links that are there already.

Not by the text alone: ``a/b/up → ../..`` stays inside, and so does the text of ``a/b/out → up/../../x``, but not what
it leads to.
"""

from __future__ import annotations

from collections.abc import Callable

from pkgmgr.install.unpack.member import DamagedError
from pkgmgr.install.unpack.names import LONGEST

_MOST_HOPS = 40
"""As Linux has it."""


def require_inside(link: tuple[str, ...], target: str, link_at: Callable[[tuple[str, ...]], str | None]) -> None:
    """Follow a link through all others.

    :param link: its parts below the folder.
    :param link_at: where the link at some parts leads; None where there is none.
    :raises DamagedError: when it leads out of the folder, or round and round.
    """
    if not target or "\0" in target or len(target) > LONGEST:
        raise DamagedError("it is a link that leads nowhere")
    todo = target.split("/")[::-1]
    if target.startswith("/"):
        raise DamagedError(f"it is a link that leads out of the folder, to {target!r}")
    at = list(link[:-1])
    hops = 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not at:
                raise DamagedError(f"it is a link that leads out of the folder, to {target!r}")
            at.pop()
            continue
        at.append(part)
        further = link_at(tuple(at))
        if further is None:
            continue
        hops += 1
        if hops > _MOST_HOPS or further.startswith("/"):
            raise DamagedError(f"it is a link that leads round and round, or out of the folder, to {target!r}")
        at.pop()
        todo += further.split("/")[::-1]
