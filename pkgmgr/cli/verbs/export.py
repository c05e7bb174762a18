"""``ckpm export``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.environ.formats import render, render_deactivate
from pkgmgr.environ.request import ExportRequest
from pkgmgr.jobs.exporting import emulator_of, environment_of
from pkgmgr.jobs.images import is_image
from pkgmgr.model.target import parse_target
from pkgmgr.run.emulate import sysroot_of

EXAMPLES = """
eval "$(ckpm export soft:compiler.gcc@12)"
ckpm export env:hello-cross --format sh > activate.sh
ckpm export soft:lib.zlib --target linux-arm64 --json
ckpm export env:hello-cross --deactivate
ckpm export ./env.toml --format dockerfile > Dockerfile
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``export``."""
    parser.add_argument("what", nargs="+", metavar="KIND:NAME", help="requirements, entries or envs")
    parser.add_argument("--format", default="sh", metavar="FORMAT", help="sh (also bash, zsh), json, github, …")
    parser.add_argument("--deactivate", action="store_true", help="what undoes it")
    parser.add_argument("--target", metavar="T", help="what the environment is for")


def call(options: Namespace) -> Outcome:
    """Write an environment as text."""
    workspace = workspace_of(options)
    if is_image(options.what, options.format):
        from pkgmgr.jobs.images import image_of

        text = image_of(workspace, options.what[0], options.format, target=options.target)
        return Outcome(data={"format": options.format, "text": text}, text=text)
    environment = environment_of(workspace, options.what, target=options.target)
    target, document = parse_target(environment.target), environment.document
    request = ExportRequest(
        operations=environment.operations,
        entries=environment.entries,
        host=parse_target(workspace.host.target),
        target=target,
        toolchain=document.toolchain,
        triple=document.triples[0] + (target.detail if target.api_level is not None else ""),
        names=environment.names,
        path_separator=environment.path_separator,
        home=str(workspace.home),
    )
    if environment.target != workspace.host.target:
        root = sysroot_of(document, workspace.host.files) or ""
        request = replace(request, root=root, emulator=emulator_of(workspace, environment))
    write = render_deactivate if options.deactivate else render
    data = {"env": list(environment.operations), "entries": [entry.id for entry in environment.entries]}
    return Outcome(data=data, text=write(options.format, request))
