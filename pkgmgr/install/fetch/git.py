"""Take one commit of a git repository as a tar that is the same everywhere. Starts git.

The tar is ours and not that of ``git archive``, whose bytes depend on git's version, its configuration and attributes
in the tree: GNU format; members sorted by the bytes of their paths, below one folder ``REPOSITORY-COMMIT/``; files 644
or 755 and symbolic links 777; times, owners and groups 0 and without names; submodules are left out; large files that
git keeps elsewhere (LFS) stay the pointers that they are in the tree. Its sha256 is what a package pins.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from typing import BinaryIO, cast

from pkgmgr.install.fetch.client import find_client, is_no_network, run_client
from pkgmgr.install.fetch.failure import Refused, Unreachable
from pkgmgr.install.fetch.job import Job
from pkgmgr.install.fetch.partial import CHUNK, Partial

_LINK, _SUBMODULE, _EXECUTABLE = "120000", "160000", "100755"
_ROW = re.compile(rb"(?P<mode>\d{6}) (?:blob|commit) (?P<id>[0-9a-f]+)\t(?P<path>.+)", re.S)
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "GIT_LFS_SKIP_SMUDGE": "1"}
_HINT = "install git"


def tree_name(url: str, commit: str) -> str:
    """Give the folder that a commit's tar holds."""
    repository = url.rstrip("/").rpartition("/")[2].removesuffix(".git") or "tree"
    return f"{repository}-{commit}"


def obtain_commit(url: str, commit: str, job: Job, *, protocol: str) -> None:
    """Fill the job's partial file with a commit's tar.

    :param protocol: the only one that git may speak, also after a redirect.
    """
    git = find_client("git", job.variables, hint=_HINT)
    folder = job.scratch / "repository"
    only = ("-c", "protocol.allow=never", "-c", f"protocol.{protocol}.allow=always")
    run = (git, *only, "-C", str(folder))
    folder.mkdir()
    _run((*run, "init", "--quiet", "--bare"), job)
    fetch = (*run, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules")
    try:
        _run((*fetch, "--depth", "1", url, commit), job)
    except Refused:  # not every server gives a commit that no branch is at, or a part of the history
        _run((*fetch, url, "+refs/*:refs/theirs/*"), job)
    job.partial.restart()
    _write_tar(run, tree_name(url, commit), commit, job)


def _run(argv: Sequence[str], job: Job) -> str:
    said = run_client(argv, job, variables=_QUIET)
    if said.exit_code == 0:
        return said.output
    if is_no_network(said.errors):
        raise Unreachable("git reached nobody there")
    lines = [line for line in said.errors.splitlines() if line.strip()]
    raise Refused(f"git failed: {lines[-1] if lines else f'exit code {said.exit_code}'}")


def _write_tar(run: Sequence[str], name: str, commit: str, job: Job) -> None:
    """Write the tree of a commit."""
    stream = cast(BinaryIO, io.BufferedWriter(_Into(job.partial), CHUNK))
    with tarfile.open(
        fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for info, content in _members(run, name, commit, job):
            tar.addfile(info, io.BytesIO(content))
    stream.flush()


def _members(run: Sequence[str], name: str, commit: str, job: Job) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    listing = subprocess.run(
        (*run, "ls-tree", "-r", "-z", "--full-tree", f"{commit}^{{commit}}"), capture_output=True, check=False
    )
    if listing.returncode != 0:
        raise Refused("the repository has no such commit")
    rows = sorted(filter(None, map(_ROW.fullmatch, listing.stdout.split(b"\0"))), key=lambda row: row["path"])
    with subprocess.Popen((*run, "cat-file", "--batch"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as git:
        assert git.stdin is not None and git.stdout is not None
        for row in rows:
            job.stop.check()
            mode = row["mode"].decode()
            if mode == _SUBMODULE:
                continue
            git.stdin.write(row["id"] + b"\n")
            git.stdin.flush()
            size = int(git.stdout.readline().split()[2])
            content = git.stdout.read(size)
            git.stdout.read(1)
            yield _member(f"{name}/{row['path'].decode('utf-8', 'surrogateescape')}", mode, content)


def _member(path: str, mode: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(path)
    if mode == _LINK:
        info.type, info.mode = tarfile.SYMTYPE, 0o777
        info.linkname = content.decode("utf-8", "surrogateescape")
        return info, b""
    info.mode = 0o755 if mode == _EXECUTABLE else 0o644
    info.size = len(content)
    return info, content


class _Into(io.RawIOBase):
    """A partial file, as a file to write to."""

    def __init__(self, partial: Partial) -> None:
        super().__init__()
        self._partial = partial

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, chunk: bytes) -> int:  # type: ignore[override]
        """Append."""
        self._partial.write(bytes(chunk))
        return len(chunk)
