"""The few doors to the machine, as protocols that a test can stand in for. Pure.

Paths are texts with ``/`` here, not `Path`: a scan touches 100,000 of them, and half of them belong to
machines that are only talked about (recorded hosts, cases of softs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

DEFAULT_TIMEOUT = 10.0
"""Seconds for each probe. A JVM or a first `conda` takes three on a slow disk."""
DIGESTED = (32 << 10, 16 << 10, 16 << 10)
"""Bytes at the start, in the middle and at the end of a file that count in its digest, besides its size."""


class FileStat(NamedTuple):
    """What identifies a file and its state, links followed."""

    device: int
    inode: int
    size: int
    """In bytes."""
    mtime_ns: int
    is_folder: bool
    is_executable: bool
    ctime_ns: int = 0
    """Of the last change to content or properties: shows what was replaced by something of the same size and date."""


def content_digest(size: int, read: Callable[[int, int], bytes]) -> str:
    """Hash a file's size and samples of its content: enough to see that it was replaced, at a cost that stays small.

    A program tells its build at the start. Weights of one network differ all over and have one size: what stands
    before them does not tell two trainings apart, their middle does.

    :param size: in bytes; a file of at most the samples' size is hashed whole.
    :param read: gives the bytes at an offset, as many as are asked for.
    """
    import hashlib

    start, middle, end = DIGESTED
    digest = hashlib.sha256(f"{size}\0".encode())
    if size <= start + middle + end:
        digest.update(read(0, size))
    else:
        for offset, count in ((0, start), ((size - middle) // 2, middle), (size - end, end)):
            digest.update(read(offset, count))
    return digest.hexdigest()


class Files(Protocol):
    """The file system, read only. Nothing here raises for what is missing or unreadable."""

    @property
    def skipped(self) -> Mapping[str, str]:
        """Folder → why it was not seen, or not seen whole, so far."""

    def names(self, folder: str) -> Sequence[str]:
        """List a folder, sorted; empty when it can't be listed."""

    def subfolders(self, folder: str) -> Sequence[str]:
        """List the folders in a folder, links to folders among them, sorted: cheaper than a `stat` of each name."""

    def stat(self, path: str) -> FileStat | None:
        """Tell what a path leads to; None when it leads nowhere."""

    def real(self, path: str) -> str:
        """Follow all links; the path itself when it leads nowhere."""

    def read(self, path: str, limit: int = 1 << 20, offset: int = 0) -> bytes | None:
        """Read at most ``limit`` bytes from ``offset`` on; None when it can't be read."""

    def elf(self, path: str) -> ElfFacts | None:
        """Read an ELF header; None when the file is no ELF object."""

    def digest(self, path: str) -> str | None:
        """Hash the size and samples of a file (`content_digest`); None when it can't be read."""


class ElfFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an ELF object says of itself."""

    target: str
    """The target it runs on, such as ``linux-arm64-musl``."""
    machine: int
    """``e_machine``."""
    kind: str
    """``executable``, ``shared``, ``relocatable`` or ``core``."""
    interpreter: str | None = None
    soname: str | None = None
    needed: tuple[str, ...] = ()
    is_pie: bool = False
    android_api: int | None = None
    """The API level in ``.note.android.ident``."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a process said."""

    exit_code: int | None
    """None when it did not end by itself; ``failure`` says why."""
    stdout: str = ""
    stderr: str = ""
    failure: str = ""
    """Why there is no exit code: ``timed out after 5 s``, ``printed more than 1 MiB``, ``can't be started: …``."""

    @property
    def both(self) -> str:
        """Standard output, then standard error."""
        return self.stdout if not self.stderr else f"{self.stdout}\n{self.stderr}" if self.stdout else self.stderr


class Runner(Protocol):
    """The one place that starts processes."""

    def run(
        self, argv: Sequence[str], *, timeout: float | None = None, variables: Mapping[str, str] | None = None
    ) -> Answer:
        """Run a program with no input, a plain locale and bounded time and output.

        :param timeout: in seconds; None for the runner's own limit.
        :param variables: set on top of the runner's environment.
        """

    def close(self) -> None:
        """End the programs that are running, and what they left running; another may be run afterwards."""


class Owners(Protocol):
    """The databases of the system's package managers."""

    def read_ahead(self) -> None:
        """Read now what `find` will need, where there is time to spare."""

    def find(self, paths: Sequence[str]) -> Mapping[str, str]:
        """Give the package that each file belongs to, ``gcc-12 12.2.0-14 (dpkg)``; files of none are left out."""


class Kernel(msgspec.Struct, frozen=True, kw_only=True):
    """What only the running system knows, and no file tells."""

    release: str = ""
    """`uname -r`."""
    libc: str = ""
    """``confstr(CS_GNU_LIBC_VERSION)``, such as ``glibc 2.36``."""
    target: str = ""
    """What the machine is, whatever a person states; empty: the host's target."""


_UNKNOWN_KERNEL = Kernel()


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A machine, real or recorded."""

    files: Files
    runner: Runner
    variables: Mapping[str, str]
    """The environment variables of the person."""
    target: str
    """What it is, such as ``linux-x86_64``."""
    home: str
    """The person's home folder."""
    kernel: Kernel = _UNKNOWN_KERNEL
    owners: Owners | None = None
    """Who owns files; None where nobody can be asked."""
