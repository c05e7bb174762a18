"""``git+https://HOST/REPOSITORY.git@COMMIT``: one commit, as the tar that `pkgmgr.install.fetch.git` defines."""

from __future__ import annotations

import re

from pkgmgr.install.fetch.address import require_match
from pkgmgr.install.fetch.git import obtain_commit, tree_name
from pkgmgr.install.fetch.job import Job

_ADDRESS = re.compile(r"git\+(?P<url>https://[^\s#]+)@(?P<commit>[0-9a-f]{40}(?:[0-9a-f]{24})?)")
_FORM = "git+https://HOST/REPOSITORY.git@COMMIT with the whole commit"


def file_name(address: str) -> str:
    """Give the name of the repository and the commit."""
    wanted = require_match(_ADDRESS, address, _FORM)
    return f"{tree_name(wanted['url'], wanted['commit'])}.tar"


def obtain(address: str, job: Job) -> None:
    """Fetch the commit."""
    wanted = require_match(_ADDRESS, address, _FORM)
    obtain_commit(wanted["url"], wanted["commit"], job, protocol="https")
