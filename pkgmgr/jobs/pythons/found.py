"""One environment of the host that holds all Python packages of a result already."""

from __future__ import annotations

from collections.abc import Sequence

from pkgmgr.jobs.pythons.demands import PythonDemand
from pkgmgr.jobs.pythons.interpreters import Interpreters, fits
from pkgmgr.model.entry import Entry
from pkgmgr.resolve.world import World


def find_together(
    pythons: Sequence[PythonDemand], world: World, interpreters: Interpreters
) -> tuple[Entry, list[Entry]] | None:
    """Give one environment of the host that holds fitting versions of all: its interpreter, and an entry for each."""
    sets: list[dict[str, Entry]] = []
    for python in pythons:
        fitting: dict[str, Entry] = {}
        for entry in world.entries(python.soft.name):
            if entry.package is None and fits(entry, python.demand):
                fitting.setdefault(entry.prefix, entry)
        sets.append(fitting)
        if not fitting:
            return None
    prefixes = [prefix for prefix in sets[0] if all(prefix in other for other in sets)]
    for interpreter in interpreters.allowed():
        if interpreter.prefix in prefixes:
            return interpreter, [fitting[interpreter.prefix] for fitting in sets]
    return None
