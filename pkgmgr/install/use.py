"""Which installed entries programs run in: a shared lock on the record of each, that ends with the program.

Touches: records (opened for reading, so that a home that can't be written can be used). Where a file system has no
locks, nothing is kept: `locks` says why that is no error.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pkgmgr.install.locks import is_held, share
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError

_RECORD = ".ckpm/entry.json"


def is_used(entry: Entry) -> bool:
    """Tell whether a program runs in an installed entry."""
    record = Path(entry.prefix, _RECORD)
    return record.is_file() and is_held(record)


@contextlib.contextmanager
def using(entries: Iterable[Entry]) -> Iterator[None]:
    """Keep installed entries from being removed while something of ours runs in them."""
    files = _share_all(entries)
    try:
        yield
    finally:
        for file in files:
            os.close(file)


def keep_for_successor(entries: Iterable[Entry]) -> None:
    """Keep installed entries for as long as the program lives that this process is about to become."""
    for file in _share_all(entries):
        os.set_inheritable(file, True)


def _share_all(entries: Iterable[Entry]) -> list[int]:
    files: list[int] = []
    for entry in entries:
        if entry.package is None:
            continue
        record = Path(entry.prefix, _RECORD)
        try:
            files.append(share(record))
            is_there = os.path.samestat(os.fstat(files[-1]), record.stat())
        except OSError:
            is_there = False
        if not is_there:
            for file in files:
                os.close(file)
            raise CkpmError(f"{entry.id} was removed by another process meanwhile", hint="run the same command again")
    return files
