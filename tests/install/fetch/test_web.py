"""Fetching by http from servers that stall, lie, break off and lead astray."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
import time
from http.server import HTTPServer
from pathlib import Path

import pytest

from pkgmgr.install.fetch.failure import Refused
from pkgmgr.install.fetch.fetcher import Fetcher
from pkgmgr.install.fetch.job import Patience
from pkgmgr.install.fetch.web import _require_safe_redirect
from pkgmgr.model.errors import CkpmError, IntegrityError, NetworkError
from tests.install.fetch.conftest import CONTENT, SHORT, pinned, unfinished, visible
from tests.install.fetch.server import (
    Answer,
    Request,
    Site,
    cut,
    in_turn,
    status,
    whole,
    without_length,
    without_ranges,
    wrong_range,
)

GOOD = {
    "plain": whole(CONTENT),
    "busy, then good": in_turn(status(503), status(502), whole(CONTENT)),
    "asks to wait": in_turn(status(429, Retry_After="0"), whole(CONTENT)),
    "breaks off, then resumes": in_turn(cut(CONTENT, 100_000), whole(CONTENT)),
    "breaks off twice": in_turn(cut(CONTENT, 100_000), cut(CONTENT, 50_000), whole(CONTENT)),
    "breaks off, ignores Range": in_turn(cut(CONTENT, 100_000), without_ranges(CONTENT)),
    "breaks off, then 416": in_turn(cut(CONTENT, 100_000), status(416), whole(CONTENT)),
    "wrong range, then good": in_turn(
        cut(CONTENT, 100_000),
        wrong_range(),
        whole(CONTENT),
    ),
    "redirected": in_turn(status(302, Location="/other")),
    "no length": without_length(CONTENT),
}


@pytest.mark.parametrize("answer", GOOD.values(), ids=GOOD)
@pytest.mark.parametrize("sized", [True, False], ids=["size known", "size unknown"])
def test_good_in_the_end(fetcher: Fetcher, site: Site, answer: Answer, sized: bool, tmp_path: Path) -> None:
    # The answers remember their turn: each test needs its own.
    site.answers = {"/file": _fresh(answer), "/other": whole(CONTENT)}
    path = fetcher.fetch(pinned(f"{site.url}/file", sized=sized))
    assert path.read_bytes() == CONTENT
    assert unfinished(tmp_path / "cache") == []


def _fresh(answer: Answer) -> Answer:
    """Give an answer with its turns at the beginning."""
    cells = answer.__closure__ or ()
    turns = [cell.cell_contents for cell in cells if isinstance(cell.cell_contents, list)]
    return in_turn(*turns[0]) if turns else answer


def test_resumes_with_a_range(fetcher: Fetcher, site: Site) -> None:
    site.answers["/file"] = in_turn(cut(CONTENT, 100_000), whole(CONTENT))
    fetcher.fetch(pinned(f"{site.url}/file"))
    assert site.asked == [("/file", ""), ("/file", "bytes=100000-")]


def test_later_run_resumes(fetcher: Fetcher, site: Site, tmp_path: Path) -> None:
    site.answers["/file"] = in_turn(cut(CONTENT, 100_000), status(503))
    with pytest.raises(NetworkError, match="the server answered 503"):
        fetcher.fetch(pinned(f"{site.url}/file"))
    assert len(unfinished(tmp_path / "cache")) == 1
    assert visible(tmp_path / "cache") == []
    site.answers["/file"] = whole(CONTENT)
    site.asked.clear()
    assert fetcher.fetch(pinned(f"{site.url}/file")).read_bytes() == CONTENT
    assert site.asked == [("/file", "bytes=100000-")]


def test_a_bad_beginning_is_thrown_away(fetcher: Fetcher, site: Site) -> None:
    """What was resumed may come from a mirror that served something else."""
    site.answers = {"/bad": in_turn(cut(bytes(len(CONTENT)), 9999), status(503)), "/good": whole(CONTENT)}
    path = fetcher.fetch(pinned(f"{site.url}/bad", f"{site.url}/good"))
    assert path.read_bytes() == CONTENT


def _stall(request: Request) -> None:
    request.head(200, length=len(CONTENT))
    request.wfile.write(CONTENT[:1000])
    request.wfile.flush()
    request.site.stopping.wait(30)


def _drip(request: Request) -> None:
    request.head(200, length=len(CONTENT))
    request.drip(CONTENT, 0.05)


def _drip_head(request: Request) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    request.drip(b"x" * 10_000, 0.05)


def _endless(request: Request) -> None:
    request.head(200)
    while not request.site.stopping.is_set():
        request.wfile.write(bytes(1 << 16))


def _hang_up(request: Request) -> None:
    request.close_connection = True
    request.connection.close()


def _garbage(request: Request) -> None:
    request.wfile.write(b"\x00\xff" * 1000)
    request.close_connection = True


BAD: dict[str, tuple[Answer, type[CkpmError], str]] = {
    "stalls": (_stall, NetworkError, "stalled: no byte for 0.6 s"),
    "drips": (_drip, NetworkError, "stalled: [0-9]+ bytes in 1 s"),
    "drips its head": (_drip_head, NetworkError, "no answer in time|no byte for"),
    "always breaks off": (cut(CONTENT, 0), NetworkError, "the connection (ended|broke)"),
    "hangs up": (_hang_up, NetworkError, "the connection broke"),
    "garbage": (_garbage, NetworkError, "the connection broke"),
    "busy for ever": (status(503), NetworkError, "the server answered 503 Service Unavailable"),
    "not there": (status(404), CkpmError, "the server answered 404 Not Found"),
    "forbidden": (status(403), CkpmError, "the server answered 403 Forbidden"),
    "never ends": (_endless, IntegrityError, "more than the 300000 bytes that are recorded"),
    "longer": (without_ranges(CONTENT + b"x"), IntegrityError, "expected 300000 bytes, the server announces 300001"),
    "shorter": (without_ranges(CONTENT[:-1]), IntegrityError, "expected 300000 bytes, the server announces 299999"),
    "other content": (without_ranges(bytes(300_000)), IntegrityError, "expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}"),
    "redirects for ever": (status(302, Location="/file"), CkpmError, "more than 10 redirects"),
    "redirects to a file": (status(302, Location="file:///etc/passwd"), CkpmError, "redirects to file:"),
    "redirects to nothing": (status(302, Location="http://127.0.0.1:9/x"), NetworkError, "connection was refused"),
}


@pytest.mark.parametrize(("answer", "error", "message"), BAD.values(), ids=BAD)
def test_bad(tmp_path: Path, site: Site, answer: Answer, error: type[CkpmError], message: str) -> None:
    patience = Patience(connect=0.5, stall=0.6, backoff=0.01, attempts=2)
    fetcher = Fetcher(tmp_path / "cache", variables={}, patience=patience)
    site.answers["/file"] = answer
    began = time.monotonic()
    with pytest.raises(CkpmError, match=message) as caught:
        fetcher.fetch(pinned(f"{site.url}/file"))
    assert type(caught.value) is error
    assert f"{site.url}/file" in str(caught.value)
    assert visible(tmp_path / "cache") == []
    assert time.monotonic() - began < 12
    if error is IntegrityError:
        assert unfinished(tmp_path / "cache") == []


def test_redirect_down_to_http() -> None:
    with pytest.raises(Refused, match=r"from https down to http \(http://mirror/file\)"):
        _require_safe_redirect("https://example.org/file", "http://user:secret@mirror/file?token=secret")
    _require_safe_redirect("http://example.org/file", "https://example.org/file")


def test_redirect_down_to_http_for_real(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    secure = Site(answers={"/file": status(302, Location=f"{site.url}/file")})
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (Request,), {"site": secure}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    site.answers["/file"] = whole(CONTENT)
    source = pinned(f"https://localhost:{server.server_port}/file")
    try:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))  # requests reads it where it runs
        with pytest.raises(CkpmError, match="redirects from https down to http"):
            Fetcher(tmp_path / "cache", variables={}, patience=SHORT).fetch(source)
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
        with pytest.raises(CkpmError, match="certificate is not trusted"):
            Fetcher(tmp_path / "cache", variables={}, patience=SHORT).fetch(source)
    finally:
        server.shutdown()
        server.server_close()
    assert site.asked == []


def test_token_goes_to_the_hub_alone_and_is_never_shown(site: Site, tmp_path: Path) -> None:
    elsewhere = site.url.replace("127.0.0.1", "localhost")
    site.answers = {
        "/org/model/resolve/abc/a.bin": status(302, Location=f"{elsewhere}/cdn?signature=geheim"),
        "/cdn?signature=geheim": without_ranges(b"no"),
    }
    variables = {"HF_ENDPOINT": site.url, "HF_TOKEN": "hf_geheim"}
    fetcher = Fetcher(tmp_path / "cache", variables=variables, patience=SHORT)
    with pytest.raises(IntegrityError, match="announces 2") as caught:
        fetcher.fetch(pinned("hf:org/model@abc/a.bin"))
    assert site.tokens == ["Bearer hf_geheim", None]
    assert "geheim" not in str(caught.value)


def test_password_in_an_address_is_never_shown(fetcher: Fetcher, site: Site) -> None:
    address = site.url.replace("http://", "http://user:geheim@") + "/file?token=geheim"
    with pytest.raises(CkpmError, match=r"http://127\.0\.0\.1:\d+/file: the server answered 404") as caught:
        fetcher.fetch(pinned(address))
    assert "geheim" not in str(caught.value)
    assert site.tokens[0] is not None and site.tokens[0].startswith("Basic ")
