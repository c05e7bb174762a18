"""``http://…``: a pinned file from the web. What travels in the open is told by its hash like everything else."""

from __future__ import annotations

from pkgmgr.install.fetch.address import url_name
from pkgmgr.install.fetch.job import Job
from pkgmgr.install.fetch.web import obtain_url


def file_name(address: str) -> str:
    """Give the last part of the path."""
    return url_name(address)


def obtain(address: str, job: Job) -> None:
    """Transfer it."""
    obtain_url(address, job)
