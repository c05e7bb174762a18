"""``ckpm install``."""

from __future__ import annotations

import dataclasses
import sys
from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import references_of, settings_of, where_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.parser import add_resolution_options, add_search_options
from pkgmgr.cli.plans import installation_data, plan_text, usage_text
from pkgmgr.cli.progress import progress_of, teller_of
from pkgmgr.jobs.detection import Search
from pkgmgr.jobs.installation import Installation, Wishes, carry_out, make_plan
from pkgmgr.model.errors import UsageError
from pkgmgr.model.package import Require
from pkgmgr.model.reference import Reference, parse_tags

EXAMPLES = """
ckpm install package:lib-zlib
ckpm install package:model-ssd-mobilenet --target=android-arm64
ckpm install package:model-ssd-mobilenet+format=onnx --dry-run
ckpm install soft:compiler.zig@>=0.13          use, else detect, else install
ckpm install --tags compiler,lang-c --target linux-arm64
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``install``."""
    parser.add_argument("what", nargs="*", metavar="KIND:NAME", help="packages or softs")
    parser.add_argument("--tags", metavar="A,B", help="any soft with these tags")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a build that fails")
    add_search_options(parser)
    add_resolution_options(parser)


def call(options: Namespace) -> Outcome:
    """Resolve, show the plan, carry it out."""
    workspace = workspace_of(options)
    references = references_of(options.what, default_kind="package", kinds=("package", "soft"))
    settings = settings_of(options)
    requirements: list[str | Require] = [str(_with(reference, settings)) for reference in references]
    if options.tags:
        requirements.append(Require(tags=tuple(sorted(parse_tags(options.tags).wanted))))
    if not requirements:
        raise UsageError("what is to be installed?", hint="name packages or softs, or give --tags")
    wishes = dataclasses.replace(wishes_of(options), alone=True, keep_failed=options.keep)
    plan, world = make_plan(workspace, requirements, wishes)
    if options.dry_run:
        return Outcome(data=installation_data(Installation(plan=plan, entries={})), text=plan_text(plan))
    if not options.quiet and plan.installs:
        print(plan_text(plan), end="", file=sys.stderr, flush=True)
    done = carry_out(workspace, plan, world, wishes)
    return Outcome(
        data=installation_data(done), text=usage_text(done.roots), warnings=() if plan.installs else plan.notes
    )


def wishes_of(options: Namespace) -> Wishes:
    """Give how requirements are to be met."""
    search = Search(where=where_of(options), refresh=options.refresh) if hasattr(options, "search_path") else Search()
    return Wishes(
        target=options.target,
        prefer=options.prefer,
        only=options.only,
        search=search,
        jobs=options.jobs,
        tell=teller_of(options),
        progress=progress_of(options),
    )


def _with(reference: Reference, settings: dict[str, str]) -> Reference:
    """Let ``--set`` choose variants."""
    if not settings or reference.kind != "package":
        return reference
    return Reference(
        kind=reference.kind,
        name=reference.name,
        range=reference.range,
        variants={**reference.variants, **settings},
    )
