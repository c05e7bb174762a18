"""Locks that were met here, remembered: that there is nothing to do is known without a resolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from pkgmgr.jobs.envs import LoadedEnv, inputs_digest
from pkgmgr.jobs.remembered import keep_met_by, recall
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.plan import Plan, Step


class Met(msgspec.Struct, frozen=True, kw_only=True):
    """A lock's part that this machine meets."""

    inputs: str
    plan: Plan
    """Nothing is to be installed: its rows say what was found or made."""
    entries: Mapping[str, Entry]
    """Key of the plan's row → entry."""
    libraries: tuple[Entry, ...] = ()
    """What the libraries that were asked for need."""

    @property
    def roots(self) -> list[Entry]:
        """The entries that were asked for, each once, in the order of asking."""
        keys = dict.fromkeys(key for key in self.plan.roots.values() if key in self.entries)
        return [self.entries[key] for key in keys]


def recall_met(workspace: Workspace, loaded: LoadedEnv, target: str, asked: Sequence[str] = ()) -> Met | None:
    """Give how an env's current lock is met here; None when that is not known, or something has changed.

    :param asked: whatever else steers a resolution: settings, preferences.
    """
    known = recall(workspace, _question(loaded, target, asked), Met)
    return known if known is not None and known.inputs == inputs_digest(workspace, loaded) else None


def keep_met(
    workspace: Workspace,
    loaded: LoadedEnv,
    target: str,
    plan: Plan,
    entries: Mapping[str, Entry],
    libraries: tuple[Entry, ...],
    asked: Sequence[str] = (),
) -> None:
    """Remember that an env's current lock is met by these entries."""
    known = Met(
        inputs=inputs_digest(workspace, loaded),
        plan=msgspec.structs.replace(plan, steps=tuple(_as_it_is(step, entries) for step in plan.steps)),
        entries=entries,
        libraries=libraries,
    )
    keep_met_by(workspace, _question(loaded, target, asked), known, entries.values(), paths=[str(loaded.lock_path)])


def _question(loaded: LoadedEnv, target: str, asked: Sequence[str]) -> list[str]:
    return ["met", str(loaded.path), target, *asked]


def _as_it_is(step: Step, entries: Mapping[str, Entry]) -> Step:
    """Say of a row that was made just now what is true from now on."""
    if step.action != "install" or step.key not in entries:
        return step
    entry = entries[step.key]
    return msgspec.structs.replace(step, action="reuse", entry=entry, reason=f"installed by {entry.package}")
