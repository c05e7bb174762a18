"""``apt-source:NAME=VERSION#FILE``: one file of a source package of the host's mirrors, fetched without root."""

from __future__ import annotations

import re

from pkgmgr.install.fetch.address import require_match
from pkgmgr.install.fetch.debian import Wanted, obtain_package
from pkgmgr.install.fetch.job import Job

_ADDRESS = re.compile(
    r"apt-source:(?P<name>[a-z0-9][a-z0-9.+-]+)=(?P<version>[0-9][\w.+~:-]*)#(?P<file>[A-Za-z0-9][\w.+~-]*)", re.A
)
_FORM = "apt-source:NAME=VERSION#FILE"


def file_name(address: str) -> str:
    """Give the file that is named."""
    return require_match(_ADDRESS, address, _FORM)["file"]


def obtain(address: str, job: Job) -> None:
    """Let apt download the source package's files."""
    wanted = require_match(_ADDRESS, address, _FORM)
    obtain_package(
        Wanted(kind="deb-src", name=wanted["name"], version=wanted["version"], architecture=""), wanted["file"], job
    )
