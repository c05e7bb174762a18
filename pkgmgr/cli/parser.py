"""The parser of one verb's arguments. Wrong usage becomes a `UsageError`, so that it is reported like every error."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Sequence
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
            description=f"{summary[:1].upper()}{summary[1:]}.",
            epilog="examples:\n" + "\n".join(f"  {line}" for line in examples.strip().splitlines()),
            formatter_class=_Formatter,
            allow_abbrev=False,
        )
        add_common_options(self)

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Read a verb's arguments; options may stand between names.

        A wrong option is named before anything else: what argparse says first, that a name is missing or is none of
        the choices, comes of it.

        :raises UsageError: naming the nearest right option or word.
        """
        for word in words:
            name = word.partition("=")[0]
            if name.startswith("--") and name not in self._option_string_actions:
                self.error(f"unknown option {name}")
        return self.parse_intermixed_args(words)

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` in place of argparse's exit."""
        raise UsageError(f"{self.prog}: {message}", hint=self._nearest(message) or f"see '{self.prog} --help'")

    def _nearest(self, message: str) -> str | None:
        import difflib

        option = re.fullmatch(r"(?:unknown option|unrecognized arguments:) (-+)([^\s=]+).*", message)
        if option is not None:
            words = [name.lstrip("-") for name in self._option_string_actions if name.startswith(option[1])]
            matches = difflib.get_close_matches(option[2], words, n=1)
            return f"did you mean {option[1]}{matches[0]}?" if matches else None
        missing = re.fullmatch(r"the following arguments are required: ([^\s,]+).*", message)
        if missing is not None:
            names = (action.choices for action in self._actions if missing[1] in (action.dest, action.metavar))
            choices = next(names, None)
            return f"one of {', '.join(map(str, choices))}" if choices else None
        choice = re.fullmatch(r"argument .*: invalid choice: '(.*)' \(choose from .*\)", message)
        if choice is None:
            return None
        matches = difflib.get_close_matches(choice[1], self._choices(), n=1)
        return f"did you mean '{matches[0]}'?" if matches else None

    def _choices(self) -> Iterable[str]:
        return [str(choice) for action in self._actions for choice in action.choices or ()]


def seconds(text: str) -> float:
    """Read a time that something may take."""
    number = float(text)
    if not 0 < number <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds above 0, up to a day")
    return number


def at_once(text: str) -> int:
    """Read how much may be done at the same time; 0 is as much as there are processors."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return number


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
    parser.add_argument("--timeout", metavar="S", type=seconds, help="seconds for each probe")


def add_resolution_options(parser: argparse.ArgumentParser) -> None:
    """Add what steers a resolution."""
    parser.add_argument("--target", metavar="T", help="what the result runs on, such as linux-arm64")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, change nothing")
    parser.add_argument("--jobs", metavar="N", type=at_once, help="how much to do at the same time")
    parser.add_argument("--prefer", choices=("detected", "installed"), help="what to take first")
    parser.add_argument("--only", choices=("detected", "installed"), help="what to take at all")
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], dest="settings", help="set a value")
