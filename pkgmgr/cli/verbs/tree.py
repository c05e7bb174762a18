"""``ckpm tree``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.plans import plan_data
from pkgmgr.jobs.envs import find_env
from pkgmgr.jobs.installation import Wishes, make_plan
from pkgmgr.jobs.preparing import plan_env
from pkgmgr.jobs.reasons import with_what_they_need
from pkgmgr.model.plan import Plan

EXAMPLES = """
ckpm tree env:hello-cross --target linux-arm64
ckpm tree package:model-ssd-mobilenet
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``tree``."""
    parser.add_argument("what", nargs="+", metavar="KIND:NAME", help="an env, or packages and softs")
    parser.add_argument("--target", metavar="T", help="what the result runs on")


def call(options: Namespace) -> Outcome:
    """Show what needs what."""
    workspace = workspace_of(options)
    references = references_of(options.what, default_kind="package", kinds=("package", "soft", "env"))
    wishes = Wishes(target=options.target, alone=True)
    if references[0].kind == "env":
        plan, _ = plan_env(workspace, find_env(workspace, references[0]), wishes, {})
    else:
        plan, _ = make_plan(workspace, [str(reference) for reference in references], wishes)
    whole = with_what_they_need(workspace, plan)
    return Outcome(data=plan_data(whole), text=tree_text(whole))


def tree_text(plan: Plan) -> str:
    """Draw the rows of a plan below those that need them; what a row needs is drawn once."""
    rows = {step.key: step for step in plan.steps}
    lines: list[str] = []
    drawn: set[str] = set()

    def draw(key: str, role: str, depth: int) -> None:
        step = rows[key]
        name = step.package or step.soft
        label = f"{role}: " if role and role not in (step.soft, step.package) else ""
        again = " (as above)" if step.needs and key in drawn else ""
        lines.append("  " * depth + f"{label}{name} {step.version or '-'} [{step.target}] {step.action}{again}")
        if again:
            return
        drawn.add(key)
        for inner, needed in step.needs.items():
            draw(needed, inner, depth + 1)

    for key in dict.fromkeys(plan.roots.values()):
        draw(key, "", 0)
    return "\n".join(lines) + "\n"
