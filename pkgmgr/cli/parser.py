"""The parser of one verb's arguments. Wrong usage becomes a `UsageError`, so that it is reported like every error."""

from __future__ import annotations

import argparse
import os
from typing import NoReturn

from pkgmgr.model.errors import UsageError


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Lines as wide as the terminal. argparse makes one for each argument, and asks a large module how wide that is."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width() - 2)


def _width() -> int:
    stated = os.environ.get("COLUMNS", "")
    if stated.isdigit() and int(stated) > 0:
        return int(stated)
    try:
        return os.get_terminal_size(1).columns or 80
    except (OSError, ValueError):
        return 80


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of exiting, and names the nearest right option."""

    def __init__(self, verb: str, *, summary: str, examples: str) -> None:
        super().__init__(
            prog=f"ckpm {verb}",
            description=summary,
            epilog="examples:\n" + "\n".join(f"  {line}" for line in examples.strip().splitlines()),
            formatter_class=_Formatter,
            allow_abbrev=False,
        )
        add_common_options(self)

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` in place of argparse's exit."""
        raise UsageError(f"{self.prog}: {message}", hint=self._nearest(message) or f"see '{self.prog} --help'")

    def _nearest(self, message: str) -> str | None:
        prefix = "unrecognized arguments: "
        if not message.startswith(prefix):
            return None
        wrong = message.removeprefix(prefix).split()[0].split("=")[0]
        known = [option for action in self._actions for option in action.option_strings]
        import difflib

        matches = difflib.get_close_matches(wrong, known, n=1)
        return f"did you mean {matches[0]}?" if matches else None


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every verb takes."""
    group = parser.add_argument_group("options everywhere")
    group.add_argument("--json", action="store_true", help="print one JSON document")
    group.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    group.add_argument("-v", "--verbose", action="count", default=0, help="print more")
    group.add_argument("--home", metavar="DIR", help="where ckpm keeps everything that it writes")
    group.add_argument("--offline", action="store_true", help="never use the network")
    group.add_argument("--no-color", action="store_true", help="no colours")


def add_search_options(parser: argparse.ArgumentParser) -> None:
    """Add where to look and for which target."""
    parser.add_argument("--search-path", metavar="DIR", action="append", default=[], help="look here too (repeatable)")
    parser.add_argument("--no-system", action="store_true", help="look nowhere else")
    parser.add_argument("--refresh", action="store_true", help="ignore what is remembered of earlier probes")
    parser.add_argument("--timeout", metavar="S", type=float, help="seconds for each probe")


def add_resolution_options(parser: argparse.ArgumentParser) -> None:
    """Add what steers a resolution."""
    parser.add_argument("--target", metavar="T", help="what the result runs on, such as linux-arm64")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, change nothing")
    parser.add_argument("--jobs", metavar="N", type=int, help="how much to do at the same time")
    parser.add_argument("--prefer", choices=("detected", "installed"), help="what to take first")
    parser.add_argument("--only", choices=("detected", "installed"), help="what to take at all")
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], dest="settings", help="set a value")
