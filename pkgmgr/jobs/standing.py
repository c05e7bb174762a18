"""Requests that were met by what is there, remembered: to say so again needs no resolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from pkgmgr.environ.compose import compose
from pkgmgr.host.probe_environment import environment_digest, probe_variables
from pkgmgr.jobs.remembered import as_reused, keep_met_by, recall
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.operation import Operation
from pkgmgr.model.plan import Plan


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation gave."""

    plan: Plan
    entries: Mapping[str, Entry]
    """Key of the plan's row → entry; empty for a dry run."""
    libraries: tuple[Entry, ...] = ()
    """What the libraries that were asked for need: who builds or runs with them needs it, too."""

    @property
    def roots(self) -> list[Entry]:
        """The entries that were asked for, each once."""
        keys = dict.fromkeys(key for key in self.plan.roots.values() if key in self.entries)
        return [self.entries[key] for key in keys]

    @property
    def parts(self) -> list[Entry]:
        """What makes up the environment: what was asked for, then the libraries that it needs."""
        return [*self.roots, *self.libraries]

    @property
    def env(self) -> tuple[Operation, ...]:
        """What the entries that were asked for, and the libraries that they need, add to an environment."""
        return compose(self.parts, target=self.plan.target)


def recall_standing(workspace: Workspace, asked: Sequence[str]) -> Installation | None:
    """Give what meets a request; None when that is not known, or anything that it hangs on has changed.

    :param asked: the requirements, and all that steers how they are met.
    """
    return recall(workspace, _question(workspace, asked), Installation)


def keep_standing(workspace: Workspace, asked: Sequence[str], done: Installation, *, detections: Sequence[str]) -> None:
    """Remember what meets a request, where nothing had to be installed for it.

    :param detections: the questions of the reports that were looked at.
    """
    if done.plan.installs:
        return
    known = msgspec.structs.replace(done, plan=as_reused(done.plan))
    keep_met_by(workspace, _question(workspace, asked), known, done.entries.values(), detections=detections)


def _question(workspace: Workspace, asked: Sequence[str]) -> list[str]:
    return ["standing", environment_digest(probe_variables(workspace.host.variables), with_path=True), *asked]
