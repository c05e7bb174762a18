"""``ckpm why``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from pkgmgr.cli.open import references_of, where_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.parser import add_search_options
from pkgmgr.cli.plans import plan_data, step_text
from pkgmgr.jobs.detection import Search, detect
from pkgmgr.jobs.installation import Wishes, make_plan
from pkgmgr.jobs.reasons import needed_by, with_what_they_need
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.plan import Plan
from pkgmgr.model.reference import Reference, parse_reference

EXAMPLES = """
ckpm why compiler.gcc                           what was found, what was turned down
ckpm why soft:lib.zlib --target linux-arm64     and what would be chosen for a target
ckpm why package:lib-png                        what it takes, and who asks for each
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``why``."""
    parser.add_argument("what", nargs="+", metavar="[soft:|package:]NAME", help="softs, or packages")
    parser.add_argument("--target", metavar="T", help="what it is for")
    parser.add_argument("--prefer", choices=["detected", "installed"], help="as for install")
    parser.add_argument("--only", choices=["detected", "installed"], help="as for install")
    add_search_options(parser)


def call(options: Namespace) -> Outcome:
    """Tell why softs are as they are, what would be chosen, and who needs what is installed."""
    workspace = workspace_of(options)
    references = references_of(options.what, default_kind="soft", kinds=("soft", "package"))
    softs = [_soft_of(workspace, reference) for reference in references]
    search = Search(where=where_of(options), refresh=options.refresh)
    report = detect(workspace, softs, search=search)
    installed = [entry for entry in report.entries if entry.package is not None]
    holders = needed_by(workspace, installed)
    wishes = Wishes(target=options.target, prefer=options.prefer, only=options.only, search=search, alone=True)
    lines = []
    choices: list[dict[str, Any]] = []
    for reference, soft in zip(references, softs, strict=True):
        lines.append(f"{reference}")
        found = [entry for entry in report.entries if entry.soft == soft.name]
        for entry in found:
            lines.append(f"  found {entry.version or '-'} at {entry.prefix}: {entry.evidence}")
            if entry.package is not None:
                needs = ", ".join(holders[entry.id])
                by = f"installed by package:{entry.package} for {entry.target}"
                lines.append(f"    {by}; {f'needed by {needs}' if needs else 'nothing installed or locked needs it'}")
        turned = [item for item in report.rejections if item.soft == soft.name]
        lines += [f"  turned down {item.candidate}: {item.reason}" for item in turned]
        if not found and not turned:
            lines.append("  nothing here has a fitting name")
        try:
            plan, _ = make_plan(workspace, [str(reference)], wishes)
        except CkpmError as error:
            lines.append(f"  chosen: nothing: {error.message}")
            lines += [f"    hint: {error.hint}"] if error.hint else []
            failure = {"code": error.code, "message": error.message, "hint": error.hint}
            choices.append({"asked": str(reference), "plan": None, "error": failure})
        else:
            plan = with_what_they_need(workspace, plan)
            lines += _chosen(plan, str(reference), soft.name)
            choices.append({"asked": str(reference), "plan": plan_data(plan), "error": None})
    data = {"entries": report.entries, "rejections": report.rejections, "needed_by": holders, "chosen": choices}
    return Outcome(data=data, text="\n".join(lines) + "\n")


def _soft_of(workspace: Workspace, reference: Reference) -> Reference:
    """Give what is to be looked for: of a package what it provides, in any version."""
    if reference.kind == "soft":
        return reference
    return parse_reference(workspace.catalog.require_package(reference.name).provides, kind="soft")


def _chosen(plan: Plan, asked: str, soft: str) -> list[str]:
    """Tell what would be taken, and behind it all that it takes, each with who asks for it."""
    key = plan.roots[asked]
    first = next(step for step in plan.steps if step.key == key)
    name = "" if first.soft == soft else f"{first.soft} "  # a Python package may come with an environment
    rest = [step for step in reversed(plan.steps) if step.key != key]
    line = f"  chosen: {first.action} {name}{first.version or ''} ({first.reason})"
    return [line, *(f"    with {step_text(step)}" for step in rest)]
