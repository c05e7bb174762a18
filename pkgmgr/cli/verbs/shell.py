"""``ckpm shell``."""

from __future__ import annotations

import os
import shutil
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.environ.compose import apply
from pkgmgr.install.kept import require_kept
from pkgmgr.install.store import Store
from pkgmgr.install.use import keep_for_successor
from pkgmgr.jobs.exporting import environment_of
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import NotFoundError, UsageError

EXAMPLES = """
ckpm shell soft:compiler.gcc@12
ckpm shell env:hello-cross --target linux-arm64
ckpm shell --build package:lib-zlib            where a build failed, after 'ckpm install --keep'
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``shell``."""
    parser.add_argument("what", nargs="*", metavar="KIND:NAME", help="requirements, entries or envs")
    parser.add_argument("--build", metavar="FOLDER|package:NAME", help="the folder of a failed build that was kept")
    parser.add_argument("--target", metavar="T", help="what the environment is for")
    parser.add_argument("--shell", metavar="PROGRAM", help="which shell; default: $SHELL, else sh")


def call(options: Namespace) -> Outcome:
    """Become a shell inside the environment; its exit code is the shell's."""
    workspace = workspace_of(options)
    wanted = options.shell or workspace.variables.get("SHELL") or "sh"
    program = shutil.which(wanted)
    if program is None:
        raise NotFoundError(f"there is no shell {wanted!r}", hint="name one with --shell")
    if bool(options.what) == bool(options.build):
        raise UsageError("a shell in what?", hint="name requirements, entries or envs, or a failed build with --build")
    variables = _of_build(workspace, options.build) if options.build else _of_environment(workspace, options)
    workspace.catalog.save()
    os.execve(program, [os.path.basename(program)], variables)
    raise AssertionError("execve does not return")


def _of_environment(workspace: Workspace, options: Namespace) -> dict[str, str]:
    environment = environment_of(workspace, options.what, target=options.target)
    variables = apply(environment.operations, workspace.variables, path_separator=environment.path_separator)
    keep_for_successor(environment.entries)
    return {**variables, "CKPM_SHELL": " ".join(options.what)}


def _of_build(workspace: Workspace, text: str) -> dict[str, str]:
    """Go to the folder of a build and give its variables; of the caller's, only what a terminal needs."""
    area = Store(home=workspace.home).staging_area
    if text.startswith("package:"):
        build = require_kept(area, package=text.removeprefix("package:"))
    else:
        build = require_kept(area, folder=Path(text).absolute())
    os.chdir(build.folder)
    terminal = {name: workspace.variables[name] for name in ("TERM", "COLORTERM") if name in workspace.variables}
    print(f"{build.name}: in {build.folder}; the log is {build.log}", file=sys.stderr, flush=True)
    return {**terminal, **build.variables, "CKPM_SHELL": f"build of {build.name}"}
