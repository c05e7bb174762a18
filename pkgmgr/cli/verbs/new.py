"""``ckpm new``."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.jobs.templates import new_document, soft_from_program
from pkgmgr.model.errors import UsageError

EXAMPLES = """
ckpm new soft tool.ninja --from /usr/bin/ninja     ask the program, write the soft with its case
ckpm new soft lib.mylib
ckpm new package lib-mylib
ckpm new env my-experiment --into .
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``new``."""
    parser.add_argument("kind", choices=("soft", "package", "env"))
    parser.add_argument("name")
    parser.add_argument("--from", dest="program", metavar="PROGRAM", help="for a soft: the program to ask")
    parser.add_argument("--into", metavar="DIR", default=".", help="where its folder is made; default: here")


def call(options: Namespace) -> Outcome:
    """Write a document from a template; nothing that is there is overwritten."""
    if options.program and options.kind != "soft":
        raise UsageError("--from goes with soft")
    into = Path(options.into)
    if options.program:
        path = soft_from_program(workspace_of(options), options.name, Path(options.program), into)
    else:
        path = new_document(workspace_of(options), options.kind, options.name, into)
    return Outcome(data={"path": str(path)}, text=f"wrote {path}\ncheck it: ckpm lint {shlex.quote(str(path))}\n")
