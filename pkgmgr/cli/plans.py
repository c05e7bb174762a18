"""Plans and installations for a person and for ``--json``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pkgmgr.cli.table import table
from pkgmgr.model.entry import Entry
from pkgmgr.model.plan import Plan, Step

if TYPE_CHECKING:
    from pkgmgr.jobs.installation import Installation


def plan_text(plan: Plan) -> str:
    """Show a plan as a table, and its notes."""
    rows = [
        [step.action, step.soft, step.version or "-", step.package or "", step.target, step.reason]
        for step in plan.steps
    ]
    text = table(rows, head=["ACTION", "SOFT", "VERSION", "PACKAGE", "TARGET", "REASON"])
    return text + "".join(f"note: {note}\n" for note in plan.notes)


def plan_data(plan: Plan) -> list[dict[str, Any]]:
    """Give the rows of a plan as the contract says."""
    return [
        {
            "action": step.action,
            "soft": step.soft,
            "package": step.package,
            "version": step.version,
            "target": step.target,
            "reason": step.reason,
            "variants": dict(step.variants),
            "key": step.key,
            "needs": dict(step.needs),
            "demanded_by": list(step.demanded_by),
        }
        for step in plan.steps
    ]


def step_text(step: Step) -> str:
    """Say in one line what a row is, why, and who asks for it."""
    by = f"; asked for by {', '.join(step.demanded_by)}" if step.demanded_by else ""
    return f"{step.soft} {step.version or '-'} for {step.target}: {step.action}, {step.reason}{by}"


def installation_data(done: Installation) -> dict[str, Any]:
    """Give an installation as the contract says."""
    entries = list({entry.id: entry for entry in done.entries.values()}.values())
    return {
        "plan": plan_data(done.plan),
        "entries": entries,
        "env": done.env if done.entries else (),
        "notes": list(done.plan.notes),
    }


def usage_text(entries: Sequence[Entry]) -> str:
    """Say what there is now, and how to use it."""
    lines = []
    for entry in entries:
        lines.append(f"{entry.id}")
        lines.append(f"  {entry.prefix}")
        width = max((len(role) for role in entry.files), default=0)
        lines += [f"  {role:<{width}}  {path}" for role, path in entry.files.items()]
    if entries:
        names = " ".join(f"entry:{entry.id}" for entry in entries)
        lines.append("use it:")
        lines.append(f"  ckpm exec {names} -- COMMAND")
        lines.append(f'  eval "$(ckpm export {names} --format sh)"')
    return "\n".join(lines) + "\n" if lines else ""
