"""What a scheme is given, and what it must be."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pkgmgr.install.fetch.partial import Partial
from pkgmgr.model.errors import Interrupted


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait, and for what."""

    connect: float = 15.0
    """Seconds for a connection."""
    stall: float = 30.0
    """Seconds without a byte, or at less than `least_speed`, after which a transfer counts as stalled."""
    least_speed: int = 512
    """Bytes a second."""
    attempts: int = 4
    """Tries of one address without progress."""
    backoff: float = 0.5
    """Seconds before the second try; twice as much before each further one."""
    client: float = 600.0
    """Seconds for one run of a registry's client that shows no progress."""
    redirects: int = 10


class Stop:
    """Set when the person interrupts; every wait and every chunk looks at it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask all transfers to end."""
        self._event.set()

    def check(self) -> None:
        """:raises Interrupted: when asked to end."""
        if self._event.is_set():
            raise Interrupted("the download was interrupted", hint="run the same command again: it resumes")

    def wait(self, seconds: float) -> None:
        """Sleep, unless asked to end."""
        self._event.wait(seconds)
        self.check()


@dataclass(frozen=True, kw_only=True)
class Job:
    """One address to be fetched into one partial file."""

    partial: Partial
    scratch: Path
    """An empty folder of its own for the registry's client; removed afterwards."""
    shelf: Path
    """A folder that schemes share and that lasts: lists of a registry. Each scheme uses one of its own name in it."""
    variables: Mapping[str, str]
    """The environment variables of the person."""
    patience: Patience = field(default_factory=Patience)
    stop: Stop = field(default_factory=Stop)


class Scheme(Protocol):
    """What each module of `pkgmgr.install.fetch.schemes` offers; ``LOCAL = True`` where it needs no network."""

    def file_name(self, address: str) -> str:
        """Give the name to keep the file under, where the document has none."""

    def obtain(self, address: str, job: Job) -> None:
        """Fill ``job.partial``, from where it stands or from the start.

        :raises SourceFailure: when this address does not give it.
        """
