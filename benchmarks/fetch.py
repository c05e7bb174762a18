"""Compare fetch + verify + unpack with ``curl`` + ``sha256sum`` + ``tar``, on one archive from a local server.

    python benchmarks/fetch.py [--megabytes 500] [--rounds 3] [--plain]

Prints the times, and last the ratio of the best of each: at most 1.3 is the goal.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import http.server
import io
import multiprocessing
import os
import random
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pkgmgr.install.fetch.fetcher import Fetcher
from pkgmgr.install.unpack import unpack
from pkgmgr.model.package import Source

_FILE = 4 << 20
"""Bytes of one member."""


def make_archive(path: Path, megabytes: int, *, plain: bool) -> None:
    """Write an archive of about this size whose content compresses a little, as programs and models do."""
    source = random.Random(7)
    with (
        path.open("wb") as raw,
        raw if plain else gzip.open(raw, "wb", 1) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        number = 0
        while path.stat().st_size < megabytes << 20:
            info = tarfile.TarInfo(f"data/{number:05}.bin")
            info.size = _FILE
            tar.addfile(info, io.BytesIO(source.randbytes(_FILE * 3 // 4) + bytes(_FILE // 4)))
            number += 1


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def serve(folder: Path, port: multiprocessing.Queue[int]) -> None:
    """Serve a folder until killed; in a process of its own, so that it takes no time from what is measured."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    port.put(server.server_port)
    server.serve_forever()


def with_ckpm(url: str, sha256: str, size: int, work: Path) -> None:
    """Fetch, verify and unpack with ckpm."""
    source = Source(version="1", urls=(url,), sha256=sha256, size=size)
    unpack(Fetcher(work / "cache").fetch(source), work / "tree")


def with_tools(url: str, sha256: str, size: int, work: Path) -> None:
    """Do the same with what everybody has."""
    archive = work / "archive"
    subprocess.run(["curl", "-sSf", "-o", str(archive), url], check=True)
    subprocess.run(["sha256sum", "-c", "--quiet", "-"], input=f"{sha256}  {archive}\n", text=True, check=True)
    (work / "tree").mkdir()
    subprocess.run(["tar", "-xf", str(archive), "-C", str(work / "tree")], check=True)


def measure(job: Callable[[Path], None], parent: Path) -> float:
    """Time one run in an empty folder, which is removed outside of the time."""
    work = Path(tempfile.mkdtemp(dir=parent))
    os.sync()
    start = time.perf_counter()
    job(work)
    seconds = time.perf_counter() - start
    shutil.rmtree(work)
    return seconds


def main() -> None:
    """Make the archive, run both ways in turn, and print the ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plain", action="store_true", help="a tar that is not compressed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ckpm-benchmark-") as text:
        folder = Path(text)
        archive = folder / ("archive.tar" if options.plain else "archive.tar.gz")
        make_archive(archive, options.megabytes, plain=options.plain)
        with archive.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        port: multiprocessing.Queue[int] = multiprocessing.Queue()
        server = multiprocessing.Process(target=serve, args=(folder, port), daemon=True)
        server.start()
        url = f"http://127.0.0.1:{port.get()}/{archive.name}"
        best: dict[str, float] = {}
        try:
            for _ in range(options.rounds):
                for job in (with_tools, with_ckpm):
                    run = partial(job, url, sha256, archive.stat().st_size)
                    seconds = measure(run, folder)
                    print(f"{job.__name__:12} {seconds:7.2f} s", flush=True)
                    best[job.__name__] = min(seconds, best.get(job.__name__, seconds))
        finally:
            server.kill()
    print(f"ratio        {best['with_ckpm'] / best['with_tools']:7.2f}")


if __name__ == "__main__":
    main()
