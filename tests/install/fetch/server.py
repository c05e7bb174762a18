"""A web server that behaves as badly as it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Request"], None]


@dataclass
class Site:
    """What is served, and what was asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range of each request."""
    tokens: list[str | None] = field(default_factory=list)
    url: str = ""
    stopping: threading.Event = field(default_factory=threading.Event)


class Request(BaseHTTPRequestHandler):
    """One request, with shortcuts for bad answers."""

    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        """Answer as the site says."""
        self.site.asked.append((self.path, self.headers.get("Range", "")))
        self.site.tokens.append(self.headers.get("Authorization"))
        answer = self.site.answers.get(self.path)
        if answer is None:
            self.head(404, length=0)
        else:
            answer(self)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def head(self, code: int, *, length: int | None = None, **headers: str) -> None:
        """Send the head of an answer."""
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def drip(self, content: bytes, pause: float) -> None:
        """Send a byte now and then."""
        for place in range(len(content)):
            if self.site.stopping.wait(pause):
                return
            self.wfile.write(content[place : place + 1])
            self.wfile.flush()


def whole(content: bytes) -> Answer:
    """Serve a file, with ranges."""

    def answer(request: Request) -> None:
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if start == 0:
            request.head(200, length=len(content))
        elif start >= len(content):
            request.head(416, length=0)
            return
        else:
            part = f"bytes {start}-{len(content) - 1}/{len(content)}"
            request.head(206, length=len(content) - start, Content_Range=part)
        request.wfile.write(content[start:])

    return answer


def without_ranges(content: bytes) -> Answer:
    """Serve a file from its start, whatever is asked."""

    def answer(request: Request) -> None:
        request.head(200, length=len(content))
        request.wfile.write(content)

    return answer


def without_length(content: bytes) -> Answer:
    """Serve a file and hang up, without saying how long it is."""

    def answer(request: Request) -> None:
        request.head(200, Content_Type="text/html")
        request.wfile.write(content)

    return answer


def wrong_range() -> Answer:
    """Serve another part than the one that was asked for."""

    def answer(request: Request) -> None:
        request.head(206, length=1, Content_Range="bytes 5-5/300000")
        request.wfile.write(b"x")

    return answer


def in_turn(*answers: Answer) -> Answer:
    """Answer differently each time; the last goes on for ever."""
    left = list(answers)

    def answer(request: Request) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(request)

    return answer


def status(code: int, **headers: str) -> Answer:
    """Answer with nothing but a status."""
    return lambda request: request.head(code, length=0, **headers)


def cut(content: bytes, after: int) -> Answer:
    """Announce everything from where it is asked, send a part, and hang up."""

    def answer(request: Request) -> None:
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        code = 206 if start else 200
        part = f"bytes {start}-{len(content) - 1}/{len(content)}"
        request.head(code, length=len(content) - start, Content_Range=part)
        request.wfile.write(content[start : start + after])

    return answer


def slowly(content: bytes, seconds: float) -> Answer:
    """Serve a file, not at once."""

    def answer(request: Request) -> None:
        request.head(200, length=len(content))
        step = max(1, len(content) // 20)
        for place in range(0, len(content), step):
            time.sleep(seconds / 20)
            request.wfile.write(content[place : place + step])

    return answer


@contextmanager
def serving() -> Iterator[Site]:
    """Run a site."""
    site = Site()
    handler = type("Handler", (Request,), {"site": site})

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 50

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up is what these tests are about."""

    server = Server(("127.0.0.1", 0), handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield site
    finally:
        site.stopping.set()
        server.shutdown()
        server.server_close()
