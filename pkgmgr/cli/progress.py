"""Downloads on a terminal: a bar; elsewhere one line each. Touches: standard error."""

from __future__ import annotations

import sys
import threading
from argparse import Namespace
from typing import Any

from pkgmgr.install.fetch.progress import Progress, Setback, SilentProgress


class LineProgress:
    """One line for each file that is fetched, and one for each address that failed, for logs."""

    def __init__(self) -> None:
        self._told = threading.local()
        """The file of which this thread spoke last: it may go on with it at another address."""

    def begin(self, name: str, size: int | None) -> None:
        """Say what comes."""
        if getattr(self._told, "name", "") == name:
            return
        self._told.name = name
        how_much = f" ({size / 1e6:.1f} MB)" if size else ""
        print(f"  fetching {name}{how_much}", file=sys.stderr, flush=True)

    def advance(self, count: int) -> None:
        """Say nothing."""

    def end(self) -> None:
        """Say nothing."""

    def move_on(self, setback: Setback) -> None:
        """Say what failed, and why."""
        print(setback_line(setback), file=sys.stderr, flush=True)


class BarProgress:
    """A bar for each file that is being fetched."""

    def __init__(self) -> None:
        self._bars = threading.local()

    def begin(self, name: str, size: int | None) -> None:
        """Draw a bar."""
        from tqdm import tqdm

        bar: Any = tqdm(total=size, unit="B", unit_scale=True, desc=f"  {name}", leave=False, dynamic_ncols=True)
        self._bars.bar = bar

    def advance(self, count: int) -> None:
        """Move it."""
        self._bars.bar.update(count)

    def end(self) -> None:
        """Take it away."""
        self._bars.bar.close()

    def move_on(self, setback: Setback) -> None:
        """Say it above the bars."""
        from tqdm import tqdm

        tqdm.write(setback_line(setback), file=sys.stderr)


def setback_line(setback: Setback) -> str:
    """Say in one line which address failed, and why. Pure."""
    reason = setback.reason.removesuffix(".")
    return f"  {setback.name}: nothing from {setback.address}: {reason}; trying the next address"


def progress_of(options: Namespace) -> Progress:
    """Choose how downloads are shown."""
    if options.quiet:
        return SilentProgress()
    return BarProgress() if sys.stderr.isatty() else LineProgress()


def teller_of(options: Namespace) -> Any:
    """Give what prints one line about what is being done."""
    if options.quiet:
        return lambda _line: None
    return lambda line: print(line, file=sys.stderr, flush=True)
