"""``file:///…``: a pinned file of this machine, or of a folder that a site shares."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from pkgmgr.install.fetch.address import url_name
from pkgmgr.install.fetch.failure import Refused
from pkgmgr.install.fetch.job import Job
from pkgmgr.install.fetch.partial import CHUNK

LOCAL = True


def file_name(address: str) -> str:
    """Give the last part of the path."""
    return url_name(address)


def obtain(address: str, job: Job) -> None:
    """Copy it: a link would change with the original."""
    path = path_of(address)
    job.partial.restart()  # reading a local file again is cheaper than wondering whether it has changed
    try:
        # A pipe would block at once, and a folder can't be read.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                job.stop.check()
                job.partial.write(chunk)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror or error}") from error


def path_of(address: str) -> Path:
    """Read the address.

    :raises Refused: when it is not an absolute path of this machine.
    """
    parts = urlsplit(address)
    path = Path(url2pathname(parts.path)) if os.name == "nt" else Path(unquote(parts.path))
    if parts.netloc not in ("", "localhost") or not path.is_absolute() or "\0" in str(path):
        raise Refused("the address is not of the form file:///absolute/path")
    return path
