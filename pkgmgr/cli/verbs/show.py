"""``ckpm show``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

import msgspec

from pkgmgr.catalog.document import document_to_json
from pkgmgr.cli.facts import platform_text
from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.repositories import repository_outcome
from pkgmgr.jobs.envs import find_env
from pkgmgr.jobs.exporting import require_entry
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import UsageError
from pkgmgr.model.reference import Reference
from pkgmgr.run.present import result_text
from pkgmgr.run.record import require_result

EXAMPLES = """
ckpm show soft:compiler.gcc
ckpm show package:lib-zlib
ckpm show entry:lib.zlib-1.2.13-8924ddca --json
ckpm show repo:built-in
ckpm show platform
ckpm show platform --replay host.json.gz
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``show``."""
    parser.add_argument("what", nargs="+", metavar="KIND:NAME", help="one thing")
    parser.add_argument("--replay", metavar="FILE", help="the recorded machine of FILE in place of this one")


def call(options: Namespace) -> Outcome:
    """Show one thing whole."""
    if options.what == ["platform"]:
        return platform_outcome(options, workspace_of(options))
    references = references_of(options.what, default_kind=None)
    if len(references) != 1:
        raise UsageError("name one thing", hint="ckpm show soft:compiler.gcc")
    workspace = workspace_of(options)
    return _show(workspace, references[0])


def _show(workspace: Workspace, reference: Reference) -> Outcome:
    match reference.kind:
        case "soft":
            soft = workspace.catalog.require_soft(reference.name)
            return Outcome(data=soft, text=document_to_json(soft))
        case "package":
            package = workspace.catalog.require_package(reference.name)
            return Outcome(data=package, text=document_to_json(package))
        case "env":
            env = find_env(workspace, reference).env
            return Outcome(data=env, text=document_to_json(env))
        case "target":
            target = workspace.catalog.require_target(reference.name)[1]
            return Outcome(data=target, text=document_to_json(target))
        case "entry":
            return _plain(require_entry(workspace, reference.name))
        case "result":
            result = require_result(workspace.home, reference.name)
            return Outcome(data=result, text=result_text(result))
        case "repo":
            return repository_outcome(workspace, reference.name)
        case _:
            raise UsageError("the facts of a machine have no names", hint="ckpm show platform")


def _plain(value: msgspec.Struct) -> Outcome:
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
    return Outcome(data=value, text=text)


def platform_outcome(options: Namespace, workspace: Workspace, *, refresh: bool = False) -> Outcome:
    """Show the facts of this machine, or of the recorded one."""
    platform = workspace.platform(refresh=refresh)
    text = platform_text(platform, stated=workspace.host.variables, verbose=bool(options.verbose))
    return Outcome(data=platform, text=text)
