"""``hf:ORG/NAME@REVISION/FILE``: a file of the Hugging Face hub (or of ``$HF_ENDPOINT``)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from pkgmgr.install.fetch.errors import SourceFailed
from pkgmgr.install.fetch.schemes import http
from pkgmgr.model.package import Source

_ADDRESS = re.compile(r"hf:(?P<kind>datasets/)?(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{40})/(?P<file>.+)$")


def fetch(address: str, path: Path, *, source: Source, advance: Callable[[int], None]) -> None:
    """Download one file at a commit; a branch is refused, for it moves."""
    found = _ADDRESS.match(address)
    if found is None:
        raise SourceFailed("write hf:ORG/NAME@COMMIT/FILE with the commit's 40 digits", is_network=False)
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    place = f"{hub}/{found['kind'] or ''}{found['repo']}/resolve/{found['revision']}/{found['file']}"
    http.fetch(place, path, source=source, advance=advance)
