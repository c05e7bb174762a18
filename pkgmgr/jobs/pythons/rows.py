"""What the Python packages of a result are in its plan: rows, each with its reason and who asked for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from pkgmgr.install.venv.wanted import ENVIRONMENT, PACKAGE
from pkgmgr.jobs.pythons.demands import INTERPRETER, Wanted
from pkgmgr.model.entry import Entry
from pkgmgr.model.plan import Plan, Step
from pkgmgr.resolve.world import World

KEY = "python-env"
"""The key of the environment's row in a plan."""
_BY_ENVIRONMENT = f"package:{PACKAGE}"
"""Asks for the interpreter that the environment links to."""


def with_pending(plan: Plan, wanted: Wanted, *, version: str | None, how: str) -> Plan:
    """Put an environment that is yet to be made into a plan.

    :param version: of the interpreter.
    """
    root = plan.roots[wanted.interpreter_root]
    step = Step(
        action="install",
        soft=ENVIRONMENT,
        package=PACKAGE,
        version=version,
        target=str(wanted.target),
        reason=f"{how}: {', '.join(wanted.requirements)}",
        key=KEY,
        needs={INTERPRETER: root},
        demanded_by=_askers_of_environment(wanted),
        python=wanted.requirements,
    )
    rows = [_with_askers(row, wanted) if row.key == root else row for row in plan.steps]
    return msgspec.structs.replace(plan, steps=(*rows, step), roots=_led_to_environment(plan, wanted))


def with_found(plan: Plan, wanted: Wanted, interpreter: Entry, entries: Sequence[Entry], world: World) -> Plan:
    """Put an environment of the host that holds all into a plan: its interpreter, and an entry for each package."""
    rows = {step.key: step for step in plan.steps}
    reason = f"all Python packages are in one environment: {interpreter.prefix}"
    by = _askers_of_interpreter(rows.get(interpreter.id), wanted, wanted.asked)
    rows[interpreter.id] = _row(interpreter, world.is_known(interpreter), reason, by=by)
    roots = {**plan.roots, **dict.fromkeys(wanted.interpreter_names(), interpreter.id)}
    askers = _askers(wanted, entries)
    for python, entry in zip(wanted.pythons, entries, strict=True):
        needs = {INTERPRETER: interpreter.id}
        rows[entry.id] = _row(entry, world.is_known(entry), reason, by=askers[entry.id], needs=needs)
        roots |= dict.fromkeys((python.demand.text, python.demand.role), entry.id)
    used = set(roots.values()) | {key for step in rows.values() for key in step.needs.values()}
    steps = tuple(step for step in rows.values() if step.key in used or step.action == "install")
    return msgspec.structs.replace(plan, steps=steps, roots=roots)


def with_made(
    plan: Plan, wanted: Wanted, environment: Entry, entries: Sequence[Entry], world: World, step: Step | None = None
) -> Plan:
    """Put an environment of the store into a plan. The interpreter's names lead to it, and so do its packages'.

    :param entries: one for each package that was asked for, as recognised in it.
    :param step: the row that it was to be made by, where it was made just now.
    """
    base = next((entry for entry in world.entries(INTERPRETER) if entry.id in environment.deps), None)
    if step is None:
        count = len(wanted.requirements)
        reason = f"{count} Python requirement{'s' if count != 1 else ''}, made before"
        step = _row(environment, True, reason, by=_askers_of_environment(wanted))
    roots = _led_to_environment(plan, wanted)
    needed = {key for row in plan.steps for key in row.needs.values()} | set(roots.values())
    rows = {row.key: row for row in plan.steps if row.key in needed or row.action == "install"}
    if base is not None:
        by = _askers_of_interpreter(rows.get(base.id), wanted, [_BY_ENVIRONMENT])
        rows[base.id] = _row(base, world.is_known(base), f"carries {environment.id}", by=by)
    rows[KEY] = msgspec.structs.replace(
        step, key=KEY, entry=environment, needs={INTERPRETER: base.id} if base is not None else {}
    )
    askers = _askers(wanted, entries)
    for python, entry in zip(wanted.pythons, entries, strict=True):
        rows[entry.id] = _row(entry, True, f"in {environment.id}", by=askers[entry.id], needs={ENVIRONMENT: KEY})
        roots |= dict.fromkeys((python.demand.text, python.demand.role), entry.id)
    return msgspec.structs.replace(plan, steps=tuple(rows.values()), roots=roots)


def _led_to_environment(plan: Plan, wanted: Wanted) -> dict[str, str]:
    """Give a plan's roots with all names of the interpreter and of the packages leading to the environment."""
    names = [name for python in wanted.pythons for name in (python.demand.text, python.demand.role)]
    return {**plan.roots, **dict.fromkeys([*wanted.interpreter_names(), *names], KEY)}


def _askers(wanted: Wanted, entries: Sequence[Entry]) -> Mapping[str, tuple[str, ...]]:
    """Give for each entry, by id, the demands that it meets: two may come to one distribution."""
    found: dict[str, dict[str, None]] = {}
    for python, entry in zip(wanted.pythons, entries, strict=True):
        found.setdefault(entry.id, {})[python.demand.text] = None
    return {name: tuple(texts) for name, texts in found.items()}


def _askers_of_environment(wanted: Wanted) -> tuple[str, ...]:
    return (*wanted.asked_interpreters, *wanted.asked)


def _askers_of_interpreter(row: Step | None, wanted: Wanted, further: Sequence[str]) -> tuple[str, ...]:
    """Give who asks for the interpreter: a person, others by its earlier row, and the Python packages."""
    followed = {demand.text for demand in wanted.interpreters}  # from the packages, where nobody asked
    before = [text for text in (row.demanded_by if row is not None else ()) if text not in followed]
    return tuple(dict.fromkeys([*wanted.asked_interpreters, *before, *further]))


def _with_askers(row: Step, wanted: Wanted) -> Step:
    by = _askers_of_interpreter(row, wanted, [_BY_ENVIRONMENT])
    return msgspec.structs.replace(row, demanded_by=by)


def _row(
    entry: Entry, is_known: bool, reason: str, *, by: tuple[str, ...], needs: Mapping[str, str] | None = None
) -> Step:
    return Step(
        action="reuse" if is_known else "detect",
        soft=entry.soft,
        package=entry.package,
        version=entry.version,
        target=entry.target,
        reason=reason,
        key=entry.id,
        entry=entry,
        needs=needs or {},
        demanded_by=by,
    )
