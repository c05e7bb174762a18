"""``https://`` and ``http://``: resumes what broke off, retries with growing pauses."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from pkgmgr.install.fetch.errors import SourceFailed
from pkgmgr.model.package import Source

CONNECT_TIMEOUT = 15.0
STALL_TIMEOUT = 60.0
"""Seconds without one byte after which a server is given up."""
TRIES = 3
_MOST_REDIRECTS = 10
_BLOCK = 1 << 20


def fetch(address: str, path: Path, *, source: Source, advance: Callable[[int], None]) -> None:
    """Download to ``path``, going on where an earlier try broke off."""
    import requests  # 100 ms, needed only when something is fetched

    session = requests.Session()
    session.max_redirects = _MOST_REDIRECTS
    failure = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(0.5 * 4**attempt)
        try:
            _download(session, address, path, source, advance)
            return
        except requests.TooManyRedirects as error:
            raise SourceFailed(f"it redirects more than {_MOST_REDIRECTS} times", is_network=False) from error
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            failure = _word(error)
            if "name" in failure and "resol" in failure:
                break  # there is no such host to try again
    raise SourceFailed(failure, is_network=True)


def _download(session: object, address: str, path: Path, source: Source, advance: Callable[[int], None]) -> None:
    import requests

    assert isinstance(session, requests.Session)
    have = path.stat().st_size if path.exists() else 0
    if source.size is not None and have >= source.size:
        have = 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with session.get(address, headers=headers, stream=True, timeout=(CONNECT_TIMEOUT, STALL_TIMEOUT)) as response:
        if address.startswith("https:") and response.url.startswith("http:"):
            raise SourceFailed(f"it redirects from https to {without_secrets(response.url)}", is_network=False)
        if response.status_code in (429, 500, 502, 503, 504):
            raise requests.ConnectionError(f"the server answered {response.status_code}")
        if response.status_code not in (200, 206):
            raise SourceFailed(f"the server answered {response.status_code} {response.reason}", is_network=False)
        resumes = response.status_code == 206
        if resumes:
            advance(have)
        limit = source.size
        done = have if resumes else 0
        with path.open("ab" if resumes else "wb") as file:
            for block in response.iter_content(_BLOCK):
                done += len(block)
                if limit is not None and done > limit:
                    raise SourceFailed(f"it sends more than the {limit} bytes that were pinned", is_network=False)
                file.write(block)
                advance(len(block))
        expected = response.headers.get("Content-Length")
        if (limit is not None and done < limit) or (expected and not resumes and done < int(expected)):
            raise requests.ConnectionError(f"it broke off after {done} bytes")


def without_secrets(address: str) -> str:
    """Give an address without user, password and query, which may hold tokens."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return urlunsplit((parts.scheme, host + (f":{parts.port}" if parts.port else ""), parts.path, "", ""))


def _word(error: Exception) -> str:
    text = str(error).lower()
    if "resolve" in text or "resolution" in text:
        return "its name can't be resolved"
    if "timed out" in text:
        return "it did not answer in time"
    if "refused" in text:
        return "the connection was refused"
    return str(error).splitlines()[0][:200]
