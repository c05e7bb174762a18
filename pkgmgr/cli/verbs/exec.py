"""``ckpm exec``."""

from __future__ import annotations

import os
import shutil
from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.environ.compose import apply
from pkgmgr.install.use import keep_for_successor
from pkgmgr.jobs.exporting import environment_of
from pkgmgr.model.errors import NotFoundError, UsageError

EXAMPLES = """
ckpm exec soft:compiler.gcc@12 -- make
ckpm exec env:hello-cross -- sh -c 'echo $CC'
"""

TAKES_REST = True
"""What stands behind ``--`` is not ours: it is the program's."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``exec``."""
    parser.add_argument("what", nargs="+", metavar="KIND:NAME", help="requirements, entries or envs; then -- COMMAND …")
    parser.add_argument("--target", metavar="T", help="what the environment is for")


def call(options: Namespace) -> Outcome:
    """Become the command, inside the environment."""
    what, command = options.what, options.rest
    if not command:
        raise UsageError("which command?", hint="write it behind --: ckpm exec soft:compiler.gcc -- make")
    workspace = workspace_of(options)
    environment = environment_of(workspace, what, target=options.target)
    variables = apply(environment.operations, workspace.variables, path_separator=environment.path_separator)
    program = shutil.which(command[0], path=variables.get("PATH", os.defpath))
    if program is None:
        raise NotFoundError(f"{command[0]}: there is no such command on the PATH of this environment")
    workspace.catalog.save()
    keep_for_successor(environment.entries)
    os.execve(program, command, variables)
    raise AssertionError("execve does not return")
