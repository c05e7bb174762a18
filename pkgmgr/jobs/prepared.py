"""Envs that are ready to run, remembered: to run one again needs no resolution. Light: no resolver is loaded for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from pkgmgr.catalog.document import nearest_name
from pkgmgr.host.probe_environment import environment_digest, probe_variables
from pkgmgr.jobs.envs import LoadedEnv, files_of
from pkgmgr.jobs.remembered import as_reused, keep_met_by, recall
from pkgmgr.jobs.standing import Installation
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.env import Task
from pkgmgr.model.errors import NotFoundError
from pkgmgr.model.operation import Operation
from pkgmgr.model.target import Target, TargetDocument, parse_target


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An env made ready for one target."""

    loaded: LoadedEnv
    target: Target
    """What it was built for."""
    place: TargetDocument
    """Where its programs are to run: the target that was asked for, which runs what was built."""
    done: Installation
    operations: tuple[Operation, ...]
    notes: tuple[str, ...] = ()
    detections: tuple[str, ...] = ()
    """What was looked for, as questions that can be asked again."""

    @property
    def roles(self) -> dict[str, Entry]:
        """Role → the entry that meets it; the name of its soft is a role, too."""
        found = {role: self.done.entries[key] for role, key in self.done.plan.roots.items() if key in self.done.entries}
        return {**{entry.soft: entry for entry in found.values()}, **found}


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    target: str
    place: TargetDocument
    done: Installation
    operations: tuple[Operation, ...]
    notes: tuple[str, ...]


def choose_task(loaded: LoadedEnv, name: str | None) -> tuple[str, Task]:
    """Give a task by name, the default one, or the only one.

    :raises NotFoundError: naming the nearest one.
    """
    tasks = loaded.env.tasks
    chosen = name or loaded.env.default_task or (next(iter(tasks)) if len(tasks) == 1 else "")
    if chosen in tasks:
        return chosen, tasks[chosen]
    nearest = nearest_name(chosen, tasks)
    have = f"did you mean {nearest!r}?" if nearest else f"its tasks: {', '.join(tasks) or 'none'}"
    raise NotFoundError(f"env {loaded.env.name} has no task {chosen!r}" if chosen else "which task?", hint=have)


def recall_prepared(
    workspace: Workspace, loaded: LoadedEnv, steered: Sequence[str], settings: Mapping[str, str]
) -> Prepared | None:
    """Give an env as it was made ready; None when that is not known, or anything that it hangs on has changed.

    :param steered: whatever steers a resolution beside the settings: target, preferences, where to look.
    """
    known = recall(workspace, _question(workspace, loaded, steered, settings), _Kept)
    if known is None:
        return None
    return Prepared(
        loaded=loaded,
        target=parse_target(known.target),
        place=known.place,
        done=known.done,
        operations=known.operations,
        notes=known.notes,
    )


def keep_prepared(
    workspace: Workspace, prepared: Prepared, steered: Sequence[str], settings: Mapping[str, str]
) -> None:
    """Remember how an env was made ready, where nothing had to be installed for it."""
    done, loaded = prepared.done, prepared.loaded
    if done.plan.installs:
        return
    known = _Kept(
        target=str(prepared.target),
        place=prepared.place,
        done=msgspec.structs.replace(done, plan=as_reused(done.plan)),
        operations=prepared.operations,
        notes=prepared.notes,
    )
    paths = [str(loaded.lock_path), *map(str, files_of(workspace, loaded))]
    # A target's C library that comes or goes decides for which target programs are made.
    paths += [f"{sysroot}/lib" for sysroot in prepared.place.sysroots]
    question = _question(workspace, loaded, steered, settings)
    keep_met_by(workspace, question, known, done.entries.values(), paths=paths, detections=prepared.detections)


def _question(
    workspace: Workspace, loaded: LoadedEnv, steered: Sequence[str], settings: Mapping[str, str]
) -> list[str]:
    probed = environment_digest(probe_variables(workspace.host.variables), with_path=True)
    chosen = sorted(f"--set {name}={value}" for name, value in settings.items())
    return ["prepared", probed, str(loaded.path), *steered, *chosen]
