"""``hf:ORG/REPO@REVISION/FILE``: a file of the Hugging Face hub, or of the one in ``HF_ENDPOINT``.

Data sets and spaces are written ``hf:datasets/ORG/REPO@REVISION/FILE``. A token is taken from where the hub's own
client has it: ``HF_TOKEN``, else its file; it goes to the hub alone and not to where the hub redirects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from pkgmgr.install.fetch.address import require_match
from pkgmgr.install.fetch.job import Job
from pkgmgr.install.fetch.web import obtain_url

_ADDRESS = re.compile(
    r"hf:(?P<kind>(?:datasets|spaces)/)?(?P<repo>[\w.-]+(?:/[\w.-]+)?)@(?P<revision>[\w.-]+)/(?P<file>[^?#\s]+)", re.A
)
_FORM = "hf:ORG/REPO@REVISION/FILE"
_HUB = "https://huggingface.co"


def file_name(address: str) -> str:
    """Give the last part of the file's path."""
    return require_match(_ADDRESS, address, _FORM)["file"].rpartition("/")[2]


def obtain(address: str, job: Job) -> None:
    """Transfer it."""
    token = _token(job.variables)
    obtain_url(
        resolve_url(address, job.variables), job, headers={"Authorization": f"Bearer {token}"} if token else None
    )


def resolve_url(address: str, variables: Mapping[str, str]) -> str:
    """Give the hub's URL of a file."""
    wanted = require_match(_ADDRESS, address, _FORM)
    hub = (variables.get("HF_ENDPOINT") or _HUB).rstrip("/")
    return f"{hub}/{wanted['kind'] or ''}{wanted['repo']}/resolve/{wanted['revision']}/{quote(wanted['file'])}"


def _token(variables: Mapping[str, str]) -> str:
    """Find the person's token; empty when there is none."""
    if variables.get("HF_TOKEN"):
        return variables["HF_TOKEN"].strip()
    home = variables.get("HF_HOME") or f"{variables.get('HOME', '')}/.cache/huggingface"
    try:
        return Path(variables.get("HF_TOKEN_PATH") or f"{home}/token").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
