"""``ckpm config``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import msgspec

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.table import table
from pkgmgr.jobs.settings import set_value, unset_value
from pkgmgr.model.errors import UsageError

EXAMPLES = """
ckpm config
ckpm config set prefer installed
ckpm config set mirrors.https://zlib.net/ https://mirror.example.org/zlib/
ckpm config unset prefer
ckpm config unset            all of them
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``config``."""
    parser.add_argument("action", nargs="?", choices=("get", "set", "unset"), default="get")
    parser.add_argument("key", nargs="?")
    parser.add_argument("value", nargs="?")


def call(options: Namespace) -> Outcome:
    """Show or change the settings of the home."""
    workspace = workspace_of(options)
    if options.action == "set":
        if options.key is None or options.value is None:
            raise UsageError("write: ckpm config set KEY VALUE")
        set_value(workspace, options.key, options.value)
        return Outcome(data={options.key: options.value}, text=f"{options.key} = {options.value}\n")
    if options.action == "unset":
        unset_value(workspace, options.key)
        return Outcome(data=options.key, text=f"{options.key or 'all settings'} unset\n")
    settings = msgspec.to_builtins(workspace.config)
    if options.key is not None:
        flat = {**settings, **{f"mirrors.{address}": place for address, place in settings["mirrors"].items()}}
        if options.key not in flat:
            raise UsageError(f"there is no setting {options.key!r}", hint=f"there are {', '.join(flat)}")
        return Outcome(data=flat[options.key], text=f"{flat[options.key]}\n")
    return Outcome(data=settings, text=table([[key, str(value)] for key, value in settings.items()]))
