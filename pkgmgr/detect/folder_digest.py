"""A digest of a folder, cheap enough for a million files: names, sizes and samples. Pure, but for the files.

It is the same wherever the same files lie, so times don't count. What it can't see are edits that leave the size of a
file that is not among the samples; `ckpm verify` reads every byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from pkgmgr.host.ports import Files
from pkgmgr.host.search import walk

_MOST_FOLDERS = 256
_MOST_NAMES = 50_000
_MOST_SIZES = 2_048
_MOST_READ = 16
_DEPTH = 8


def folder_digest(folder: str, files: Files, digest_of: Callable[[str], str]) -> str:
    """Digest the names in a folder, the sizes of up to 2,048 files and samples of 16, spread evenly.

    :param digest_of: gives the digest of a file's samples.
    """
    paths = list(_paths(folder, files))
    made = hashlib.sha256("\0".join(path.removeprefix(folder) for path in paths).encode("utf-8", "surrogateescape"))
    held: list[str] = []
    for path in _spread(paths, _MOST_SIZES):
        state = files.stat(path)
        if state is not None and not state.is_folder:
            made.update(f"\0{state.size}".encode())
            held.append(path)
    for path in _spread(held, _MOST_READ):
        made.update(f"\0{digest_of(path)}".encode())
    return f"folder:{made.hexdigest()}"


def _paths(folder: str, files: Files) -> Iterator[str]:
    count = 0
    for place in walk(files, folder, depth=_DEPTH, limit=_MOST_FOLDERS):
        for name in files.names(place):
            if count == _MOST_NAMES:
                return
            count += 1
            yield f"{place}/{name}"


def _spread(paths: Sequence[str], most: int) -> Sequence[str]:
    """Give so many of them, from the first to the last."""
    if len(paths) <= most:
        return paths
    return [paths[number * (len(paths) - 1) // (most - 1)] for number in range(most)]
