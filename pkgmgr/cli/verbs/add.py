"""``ckpm add``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.editing import add_requirement_arguments, edit
from pkgmgr.cli.outcome import Outcome
from pkgmgr.jobs.editing import add_requirements

EXAMPLES = """
ckpm add soft:lib.zlib@>=1.2                     the env of this folder or of one above
ckpm add python.numpy --env env:mine --target 'linux-*'
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``add``."""
    add_requirement_arguments(parser)


def call(options: Namespace) -> Outcome:
    """Edit the env's document; the lock is made anew by `ckpm lock` or `ckpm sync`."""
    return edit(options, add_requirements)
