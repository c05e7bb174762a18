"""Which interpreters of this host can carry the Python packages of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pkgmgr.jobs.pythons.demands import INTERPRETER, Wanted
from pkgmgr.model.entry import Entry, version_key
from pkgmgr.model.lock import LockedPython
from pkgmgr.model.plan import Plan
from pkgmgr.model.target import Target
from pkgmgr.model.version import Version
from pkgmgr.resolve.demand import Demand
from pkgmgr.resolve.world import World


@dataclass(frozen=True, kw_only=True)
class Interpreters:
    """The interpreters of a world, held against what is wanted of them."""

    world: World
    wanted: Wanted
    host: Target

    def allowed(self, *, is_base: bool = False) -> list[Entry]:
        """Give the interpreters that all demands allow.

        :param is_base: only those that are no virtual environments themselves.
        """
        rows = [entry for entry in self.world.entries(INTERPRETER) if entry.target == str(self.host)]
        rows = [entry for entry in rows if all(fits(entry, demand) for demand in self.wanted.interpreters)]
        if is_base:
            rows = [entry for entry in rows if entry.attributes.get("base_prefix", entry.prefix) == entry.prefix]
            rows = [entry for entry in rows if entry.attributes.get("implementation", "CPython") == "CPython"]
        return rows

    def candidates(self, plan: Plan, made: Mapping[str, Entry]) -> list[Entry]:
        """Give the interpreters to try: the plan's own, then one of each other minor version, the newest first.

        :param made: entries of the plan that were installed by now.
        """
        key = plan.roots[self.wanted.interpreter_root]
        chosen = made.get(key) or next((step.entry for step in plan.steps if step.key == key), None)
        rows = sorted(self.allowed(is_base=True), key=version_key, reverse=True)
        if chosen is not None and (chosen in rows or chosen.package is not None):
            rows = [chosen, *rows]
        found: dict[object, Entry] = {}
        for entry in rows:
            found.setdefault(Version(entry.version or "").release[:2], entry)
        return list(found.values())

    def planned_version(self, plan: Plan) -> str | None:
        """Give the version of the interpreter that a plan has, there or yet to be installed."""
        key = plan.roots[self.wanted.interpreter_root]
        return next((step.version for step in plan.steps if step.key == key), None)


def fits(entry: Entry, demand: Demand) -> bool:
    """Tell whether a found entry is of a version that is demanded; of any version means: of any release."""
    if entry.version is None:
        return demand.range.is_any
    version = Version(entry.version)
    return not version.is_prerelease if demand.range.is_any else demand.range.admits(version)


def same_minor(entry: Entry, pins: LockedPython) -> bool:
    """Tell whether an interpreter can carry what was locked with another: wheels fit one minor version."""
    return Version(entry.version or "").release[:2] == Version(pins.python).release[:2]
