"""``apt:NAME=VERSION[:ARCH]``: a binary package of the host's Debian or Ubuntu mirrors, fetched without root."""

from __future__ import annotations

import re

from pkgmgr.install.fetch.address import require_match
from pkgmgr.install.fetch.debian import Wanted, obtain_package
from pkgmgr.install.fetch.job import Job

_ARCHITECTURES = "all|amd64|arm64|armel|armhf|i386|loong64|mips64el|mipsel|ppc64el|riscv64|s390x"
_ADDRESS = re.compile(
    rf"apt:(?P<name>[a-z0-9][a-z0-9.+-]+)=(?P<version>[0-9][\w.+~:-]*?)(?::(?P<arch>{_ARCHITECTURES}))?", re.A
)
_FORM = "apt:NAME=VERSION or apt:NAME=VERSION:ARCH"


def file_name(address: str) -> str:
    """Give the name without the version's epoch, as mirrors have it."""
    wanted = require_match(_ADDRESS, address, _FORM)
    architecture = f"_{wanted['arch']}" if wanted["arch"] else ""
    return f"{wanted['name']}_{wanted['version'].rpartition(':')[2]}{architecture}.deb"


def obtain(address: str, job: Job) -> None:
    """Let apt download it."""
    wanted = require_match(_ADDRESS, address, _FORM)
    obtain_package(
        Wanted(kind="deb", name=wanted["name"], version=wanted["version"], architecture=wanted["arch"] or ""), "", job
    )
