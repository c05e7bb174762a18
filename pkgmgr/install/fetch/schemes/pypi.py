"""``pypi:NAME==VERSION#FILE``: one file of a Python project, found and transferred by pip as it is configured.

Any wheel can be had, for other platforms and Pythons too, and an sdist without running its code.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from pkgmgr.install.fetch import clients
from pkgmgr.install.fetch.address import require_match, shown
from pkgmgr.install.fetch.client import is_no_network, stream_client
from pkgmgr.install.fetch.failure import Refused, Unreachable
from pkgmgr.install.fetch.job import Job

_ADDRESS = re.compile(r"pypi:(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^#\s]+)#(?P<file>[A-Za-z0-9][^#/\\\s]*)", re.A)
_FORM = "pypi:NAME==VERSION#FILE"
_HINT = "install pip (`python -m ensurepip`, or `uv pip install pip`), or put a Python that has it on PATH"


def file_name(address: str) -> str:
    """Give the file that is named."""
    return require_match(_ADDRESS, address, _FORM)["file"]


def obtain(address: str, job: Job) -> None:
    """Let the first interpreter that has pip stream it."""
    wanted = require_match(_ADDRESS, address, _FORM)
    for python in _interpreters(job.variables):
        if _stream(python, wanted["name"], wanted["file"], job):
            return
    raise Refused("no Python here has pip", hint=_HINT)


def _stream(python: str, name: str, file: str, job: Job) -> bool:
    """Take the file from one interpreter's pip; tell False when it has none.

    :raises SourceFailure: when its pip can't give it.
    """
    script = Path(clients.__file__).with_name("pip_stream.py")
    partial = job.partial
    if partial.size is not None and partial.received >= partial.size:
        partial.restart()
    argv = (python, "-B", str(script), name, file, str(partial.received))
    with stream_client(argv, job, variables={"PIP_DISABLE_PIP_VERSION_CHECK": "1"}) as stream:
        try:
            head = json.loads(stream.line() or b"null")
        except ValueError:
            head = None
        if not isinstance(head, dict):
            said = stream.end().errors.strip().splitlines()
            raise Refused(f"pip of {python} failed: {said[-1] if said else 'it said nothing'}", hint=_HINT)
        if "error" in head:
            if head.get("no_pip"):
                return False
            raise _failure(str(head["error"]), is_network=bool(head.get("network")))
        if head["offset"] != partial.received:
            partial.restart()
        for chunk in stream.chunks():
            partial.write(chunk)
        total = head["total"] if partial.size is None else partial.size
        if total is not None and partial.received < total:
            raise Unreachable(f"pip's transfer ended after {partial.received} of {total} bytes")
    return True


def _failure(text: str, *, is_network: bool) -> Refused | Unreachable:
    text = re.sub(r"https?://[^\s'\"]+", lambda match: shown(match[0]), text)
    if is_network or is_no_network(text):
        index = re.search(r"https?://\S+", text)
        return Unreachable(f"pip can't reach {index[0].rstrip(':')}" if index else "pip can't reach its indexes")
    return Refused(text)


def _interpreters(variables: Mapping[str, str]) -> Iterator[str]:
    """Give the interpreters whose pip may be asked: ours, the one that it was made from, those on PATH."""
    seen: set[str] = set()
    base = str(getattr(sys, "_base_executable", "") or "")
    on_path = (shutil.which(name, path=variables.get("PATH")) for name in ("python3", "python"))
    for python in (sys.executable, base, *on_path):
        if python and python not in seen:
            seen.add(python)
            yield python
