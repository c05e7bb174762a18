"""What installed entries need, and why each is kept: the entries that need it and the locks that name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from pkgmgr.install.store import Store
from pkgmgr.jobs.envs import LoadedEnv
from pkgmgr.jobs.exporting import all_entries
from pkgmgr.jobs.locks import read_lock
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import LockError
from pkgmgr.model.plan import Plan, Step


def needed_by(workspace: Workspace, entries: Sequence[Entry]) -> Mapping[str, tuple[str, ...]]:
    """Give for the id of each entry who needs it: installed entries by id, envs of the catalog by their locks."""
    found: dict[str, list[str]] = {entry.id: [] for entry in entries}
    for other in Store(home=workspace.home).installed():
        for name in other.deps:
            if name in found:
                found[name].append(f"entry:{other.id}")
    for env in workspace.catalog.envs():
        loaded = LoadedEnv(env=env, path=workspace.catalog.located("env", env.name).path)
        try:
            lock = read_lock(loaded)
        except LockError:
            continue  # 'verify' and 'sync' tell of it
        for target, part in lock.targets.items() if lock is not None else ():
            for entry in part.entries:
                if entry.id in found:
                    found[entry.id].append(f"env:{env.name} for {target}")
    return {name: tuple(dict.fromkeys(rows)) for name, rows in found.items()}


def with_what_they_need(workspace: Workspace, plan: Plan) -> Plan:
    """Put behind a plan's installed entries what each of them was made with, as its record says.

    A plan does not need that: what is there can be used as it is.
    """
    known = {entry.id: entry for entry in all_entries(workspace)}
    rows = {step.key: step for step in plan.steps}
    by_id = {step.entry.id: key for key, step in rows.items() if step.entry is not None}
    waiting = [key for key, step in rows.items() if step.entry is not None]
    while waiting:
        key = waiting.pop(0)
        entry = rows[key].entry
        assert entry is not None
        needs = dict(rows[key].needs)
        for name in entry.deps:
            other = known.get(name)
            if other is None or by_id.get(name) in needs.values():
                continue
            if name not in by_id:
                by_id[name] = name
                rows[name] = _row(other)
                waiting.append(name)
            asker = f"package:{entry.package}" if entry.package is not None else f"soft:{entry.soft}"
            asked = dict.fromkeys([*rows[by_id[name]].demanded_by, asker])
            rows[by_id[name]] = msgspec.structs.replace(rows[by_id[name]], demanded_by=tuple(asked))
            needs[other.soft if other.soft not in needs else name] = by_id[name]
        rows[key] = msgspec.structs.replace(rows[key], needs=needs)
    return msgspec.structs.replace(plan, steps=tuple(rows.values()))


def _row(entry: Entry) -> Step:
    place = f"installed by {entry.package}" if entry.package else f"found at {entry.prefix}"
    return Step(
        action="reuse",
        soft=entry.soft,
        package=entry.package,
        version=entry.version,
        target=entry.target,
        reason=place,
        key=entry.id,
        entry=entry,
    )
