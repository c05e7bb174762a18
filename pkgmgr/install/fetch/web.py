"""Transfers by http and https: resumed, retried, bounded. Touches the network.

Proxies, certificates and ``.netrc`` are found by requests the usual way. Redirects are followed here, not there, so
that https never becomes http and a token never follows to another host.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pkgmgr.install.fetch.address import shown
from pkgmgr.install.fetch.failure import Refused, Unreachable, WrongContent
from pkgmgr.install.fetch.partial import CHUNK

if TYPE_CHECKING:
    import requests

    from pkgmgr.install.fetch.job import Job, Patience

_REDIRECTS = (301, 302, 303, 307, 308)
_PASSING = (408, 425, 429, 500, 502, 503, 504)
"""Answers that may be others in a moment."""
_LONGEST_PAUSE = 30.0
"""Seconds; a server may ask for hours."""
_PROGRESS = 1 << 20
"""Bytes further than ever before after which the count of tries begins anew."""


class _Passing(Unreachable):
    """A failure that may pass by itself."""

    pause: float = 0.0
    """Seconds that the server asked to wait."""


class _NoConnection(_Passing):
    """The host was not reached at all."""


class _Untrusted(Refused):
    """The other side could not prove who it is."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="behind an inspecting proxy, set REQUESTS_CA_BUNDLE to its certificates")


def obtain_url(url: str, job: Job, *, headers: Mapping[str, str] | None = None) -> None:
    """Fill the job's partial file from a URL, going on where it stands.

    :param headers: for this host alone; tokens.
    :raises SourceFailure: when it can't be had.
    """
    import requests

    furthest = 0
    failed = 0
    with requests.Session() as session:
        while True:
            try:
                _transfer(session, url, job, headers or {})
                return
            except _Passing as failure:
                # Where nobody is, three more tries find nobody either.
                failed += 2 if isinstance(failure, _NoConnection) else 1
                if job.partial.received > furthest + _PROGRESS:
                    furthest, failed = job.partial.received, 1
                if failed >= job.patience.attempts:
                    raise
                usual = job.patience.backoff * 2 ** (failed - 1) * random.uniform(0.75, 1.25)
                job.stop.wait(max(usual, min(failure.pause, _LONGEST_PAUSE)))


def read_url(url: str, job: Job, *, headers: Mapping[str, str] | None = None, limit: int = 8 << 20) -> bytes:
    """Give a small answer whole: what a registry says of a package."""
    import requests

    with requests.Session() as session, _open(session, url, job, dict(headers or {})) as response:
        _require_success(response)
        content = b""
        for chunk in _chunks(response, job):
            content += chunk
            if len(content) > limit:
                raise Refused(f"the answer of {shown(url)} is longer than {limit} bytes")
        return content


def _transfer(session: requests.Session, url: str, job: Job, headers: Mapping[str, str]) -> None:
    """Make one try."""
    partial = job.partial
    if partial.size is not None and partial.received == partial.size:
        return
    asked = {**headers, "Accept-Encoding": "identity"}
    if partial.received:
        asked["Range"] = f"bytes={partial.received}-"
    with _open(session, url, job, asked) as response:
        if response.status_code == 416:  # what we hold is longer than what the server has
            partial.restart()
            raise _Passing("the server has less than what was already received")
        _require_success(response)
        if partial.received and _range_start(response) != partial.received:
            if response.status_code == 206:
                partial.restart()
                raise _Passing("the server sent another range than the one asked for")
            partial.restart()
        whole = _announced(response, partial.received)
        if whole is not None and partial.size not in (None, whole):
            raise WrongContent(f"expected {partial.size} bytes, the server announces {whole}")
        for chunk in _chunks(response, job):
            partial.write(chunk)
        if whole is not None and partial.received < whole:
            raise _Passing(f"the connection ended after {partial.received} of {whole} bytes")
        if partial.size is not None and partial.received < partial.size:
            raise _Passing(f"the connection ended after {partial.received} of {partial.size} bytes")


def _open(session: requests.Session, url: str, job: Job, headers: dict[str, str]) -> requests.Response:
    """Ask, and follow redirects."""
    from pkgmgr import __version__

    headers = {"User-Agent": f"ckpm/{__version__}", **headers}
    for _ in range(job.patience.redirects + 1):
        job.stop.check()
        response = _ask(session, url, headers, job.patience)
        target = response.headers.get("Location")
        if response.status_code not in _REDIRECTS or not target:
            return response
        response.close()
        target = urljoin(url, target)
        _require_safe_redirect(url, target)
        if urlsplit(target).netloc != urlsplit(url).netloc:
            headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        url = target
    raise Refused(f"more than {job.patience.redirects} redirects, the last to {shown(url)}")


def _require_safe_redirect(origin: str, target: str) -> None:
    """:raises Refused: for a redirect down to http, or to something else than the web."""
    scheme = urlsplit(target).scheme.lower()
    if scheme not in ("http", "https"):
        raise Refused(f"it redirects to {scheme}:, which is not the web")
    if scheme == "http" and urlsplit(origin).scheme.lower() == "https":
        raise Refused(f"it redirects from https down to http ({shown(target)})")


def _ask(session: requests.Session, url: str, headers: Mapping[str, str], patience: Patience) -> requests.Response:
    """Send one request and read the head of its answer.

    In a thread, because a server that drips its headers keeps every timeout of the socket from ever ending.
    """
    result: list[requests.Response | BaseException] = []
    given_up = threading.Event()

    def ask() -> None:
        try:
            response = session.get(
                url,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=(patience.connect, patience.stall),
            )
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            result.append(error)
            return
        result.append(response)
        if given_up.is_set():
            response.close()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(2 * (patience.connect + patience.stall))
    if not result:
        given_up.set()
        raise _Passing("no answer in time")
    if isinstance(result[0], BaseException):
        raise _failure(result[0], patience) from result[0]
    return result[0]


def _failure(error: BaseException, patience: Patience) -> BaseException:
    """Say what went wrong on the way, in words and without the address."""
    import requests

    if not isinstance(error, requests.RequestException):
        return error
    text = str(error)
    if isinstance(error, requests.exceptions.SSLError):
        return _Untrusted("the server's certificate is not trusted")
    if isinstance(error, requests.exceptions.ProxyError):
        return _NoConnection("the proxy does not let it through")
    if isinstance(error, requests.ConnectTimeout):
        return _NoConnection(f"no connection within {patience.connect:g} s")
    if isinstance(error, requests.Timeout):
        return _Passing(f"no byte for {patience.stall:g} s")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return Refused("the address is not a proper URL")
    if "NameResolution" in text or "Name or service" in text or "getaddrinfo" in text:
        return _NoConnection("the host's name can't be resolved")
    if "refused" in text:
        return _NoConnection("the connection was refused")
    if "unreachable" in text:
        return _NoConnection("the network is unreachable")
    return _Passing("the connection broke")


def _require_success(response: requests.Response) -> None:
    """:raises SourceFailure: for any other answer than the content."""
    code = response.status_code
    if code in (200, 206):
        return
    text = f"the server answered {code} {response.reason or ''}".rstrip()
    if code in _PASSING:
        failure = _Passing(text)
        pause = response.headers.get("Retry-After", "")
        failure.pause = float(pause) if pause.isdigit() else 0.0
        raise failure
    if code == 407:
        raise Unreachable(f"the proxy wants a password ({code})", hint="put it into HTTPS_PROXY")
    if code in (401, 403):
        raise Refused(text, hint="if it needs a login, put it into ~/.netrc")
    raise Refused(text)


def _range_start(response: requests.Response) -> int:
    """Give where a partial answer begins."""
    if response.status_code != 206:
        return 0
    start = response.headers.get("Content-Range", "").removeprefix("bytes").strip().partition("-")[0]
    return int(start) if start.isdigit() else -1


def _announced(response: requests.Response, received: int) -> int | None:
    """Give the size of the whole, as far as the server says."""
    length = response.headers.get("Content-Length", "")
    return received + int(length) if length.isdigit() else None


def _chunks(response: requests.Response, job: Job) -> Iterator[bytes]:
    """Give the body as it comes, raw; a transfer that is too slow has stalled."""
    import requests
    from urllib3.exceptions import HTTPError

    patience = job.patience
    since, count = time.monotonic(), 0
    # `read1` gives what is there; `read` would wait for a whole chunk from a server that drips.
    read = getattr(response.raw, "read1", None) or (lambda size, **_: response.raw.read(1 << 14))
    try:
        while chunk := read(CHUNK, decode_content=False):
            job.stop.check()
            yield chunk
            count += len(chunk)
            now = time.monotonic()
            if now - since > patience.stall:
                if count < patience.least_speed * (now - since):
                    raise _Passing(f"stalled: {count} bytes in {now - since:.0f} s")
                since, count = now, 0
    except (HTTPError, requests.RequestException, OSError) as error:
        raise _Passing(_broken(error, patience)) from error


def _broken(error: BaseException, patience: Patience) -> str:
    text = str(error)
    if "timed out" in text.lower():
        return f"stalled: no byte for {patience.stall:g} s"
    return "the connection broke off"
