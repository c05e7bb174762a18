"""``ckpm install``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from pkgmgr.cli.open import references_of, settings_of, where_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.parser import add_resolution_options, add_search_options
from pkgmgr.cli.plans import installation_data, plan_text, usage_text
from pkgmgr.jobs.standing import Installation, keep_standing, recall_standing
from pkgmgr.model.errors import UsageError
from pkgmgr.model.package import Require
from pkgmgr.model.reference import Reference, parse_tags

if TYPE_CHECKING:
    from pkgmgr.jobs.wishes import Wishes
    from pkgmgr.jobs.workspace import Workspace

EXAMPLES = """
ckpm install package:lib-zlib
ckpm install package:model-ssd-mobilenet --target=android-arm64
ckpm install package:model-ssd-mobilenet+format=onnx --dry-run
ckpm install soft:compiler.zig@>=0.13          use, else detect, else install
ckpm install --tags compiler,lang-c --target linux-arm64
ckpm install --languages cxx17 --dry-run       any compiler with C++17
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``install``."""
    parser.add_argument("what", nargs="*", metavar="KIND:NAME", help="packages or softs")
    parser.add_argument("--tags", metavar="A,B", help="any soft with these tags")
    parser.add_argument(
        "--languages",
        metavar="A,B",
        help="any compiler for these: c, cxx, fortran, …, or a standard of one, such as cxx17",
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder of a build that fails")
    add_search_options(parser)
    add_resolution_options(parser)


def call(options: Namespace) -> Outcome:
    """Resolve, show the plan, carry it out."""
    workspace = workspace_of(options)
    references = references_of(options.what, default_kind="package", kinds=("package", "soft"))
    settings = settings_of(options)
    requirements: list[str | Require] = [str(_with(reference, settings)) for reference in references]
    if options.tags or options.languages:
        requirements.append(_any_with(options.tags or "", options.languages or ""))
    if not requirements:
        raise UsageError("what is to be installed?", hint="name packages or softs, or give --tags or --languages")
    asked = _asked(options, requirements)
    known = None if options.refresh or options.timeout is not None else recall_standing(workspace, asked)
    if known is None:
        return _install(workspace, options, requirements, asked)
    if options.dry_run:
        return _outlook(known)
    return Outcome(data=installation_data(known), text=usage_text(known.roots), warnings=known.plan.notes)


def _any_with(tags: str, languages: str) -> Require:
    """Give a requirement for anything with tags, or for any compiler with languages and standards of them."""
    wanted = {*parse_tags(tags).wanted} if tags else set()
    named = tuple(name.strip() for name in languages.split(",") if name.strip())
    if languages:
        wanted.add("compiler")
        if not named:
            raise UsageError("--languages names none", hint="c, cxx, fortran, …, or a standard of one, such as cxx17")
    return Require(tags=tuple(sorted(wanted)), languages=named)


def _asked(options: Namespace, requirements: list[str | Require]) -> list[str]:
    """Give all that decides how requirements are met, as text."""
    how = [options.target, options.prefer, options.only, where_of(options)]
    return [*map(repr, how), *map(repr, requirements)]


def _outlook(planned: Installation) -> Outcome:
    bare = Installation(plan=planned.plan, entries={})
    return Outcome(data=installation_data(bare), text=plan_text(planned.plan))


def _install(workspace: Workspace, options: Namespace, requirements: list[str | Require], asked: list[str]) -> Outcome:
    import dataclasses

    from pkgmgr.jobs.installation import carry_out, make_plan  # 40 ms, where it is not known

    wishes = dataclasses.replace(wishes_of(options), alone=True, keep_failed=options.keep)
    plan, world = make_plan(workspace, requirements, wishes)
    if options.dry_run:
        return _outlook(Installation(plan=plan, entries={}))
    if not options.quiet and plan.installs:
        print(plan_text(plan), end="", file=sys.stderr, flush=True)
    done = carry_out(workspace, plan, world, wishes)
    keep_standing(workspace, asked, done, detections=world.detections)
    return Outcome(
        data=installation_data(done), text=usage_text(done.roots), warnings=() if plan.installs else plan.notes
    )


def wishes_of(options: Namespace) -> Wishes:
    """Give how requirements are to be met."""
    from pkgmgr.cli.progress import progress_of, teller_of  # 40 ms together, where something is to be done
    from pkgmgr.jobs.detection import Search
    from pkgmgr.jobs.wishes import Wishes

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
