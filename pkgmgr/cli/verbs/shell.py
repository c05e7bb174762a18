"""``ckpm shell``."""

from __future__ import annotations

import os
import shutil
from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.environ.compose import apply
from pkgmgr.jobs.exporting import environment_of
from pkgmgr.model.errors import NotFoundError

EXAMPLES = """
ckpm shell soft:compiler.gcc@12
ckpm shell env:hello-cross --target linux-arm64
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``shell``."""
    parser.add_argument("what", nargs="+", metavar="KIND:NAME", help="requirements, entries or envs")
    parser.add_argument("--target", metavar="T", help="what the environment is for")
    parser.add_argument("--shell", metavar="PROGRAM", help="which shell; default: $SHELL, else sh")


def call(options: Namespace) -> Outcome:
    """Become a shell inside the environment; its exit code is the shell's."""
    workspace = workspace_of(options)
    environment = environment_of(workspace, options.what, target=options.target)
    wanted = options.shell or workspace.variables.get("SHELL") or "sh"
    program = shutil.which(wanted)
    if program is None:
        raise NotFoundError(f"there is no shell {wanted!r}", hint="name one with --shell")
    variables = apply(environment.operations, workspace.variables, path_separator=environment.path_separator)
    os.execve(program, [os.path.basename(program)], {**variables, "CKPM_SHELL": " ".join(options.what)})
    raise AssertionError("execve does not return")
