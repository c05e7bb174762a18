"""Python demands that exclude each other by what they say themselves: no index needs to be asked. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pkgmgr.install.venv.tags import marker_values
from pkgmgr.install.venv.wanted import normalized
from pkgmgr.jobs.pythons.demands import PythonDemand, Wanted, read_python
from pkgmgr.model.errors import ConflictError
from pkgmgr.model.version import VersionRange
from pkgmgr.resolve.world import World

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_MOST = 8


def require_no_collision(wanted: Wanted, versions: Sequence[str], world: World) -> None:
    """Refuse demands of which no version of one distribution can meet all.

    :param versions: of the interpreters that may carry the packages; what a marker rules out with one of them
        does not collide there.
    :raises ConflictError: saying which demands, who made them, and what would help.
    """
    colliding = find_collisions(wanted, versions)
    if not colliding:
        return
    rows = [row for rows in colliding.values() for row in rows]
    ways = [python.demand.text for python in _asked_with_limits(rows) if _helps(python, wanted, versions, world)]
    loosened = f"without the limits of {' or of '.join(ways)} they do not collide; or " if ways else ""
    raise ConflictError(
        f"no common solution for {', '.join(colliding)} in one Python environment for {wanted.target}:{_lines(rows)}",
        hint=f"{loosened}ask for them separately, in two envs",
    )


def find_collisions(wanted: Wanted, versions: Sequence[str]) -> Mapping[str, Sequence[tuple[PythonDemand, str]]]:
    """Give for each distribution that no version of can meet all demands the fewest of them that collide, by name.

    Empty where the demands can be met with one interpreter, as far as they say themselves.
    """
    suspects = _suspects(wanted.pythons)
    if not suspects:
        return {}
    first: Mapping[str, Sequence[tuple[PythonDemand, str]]] = {}
    for version in versions or ("",):
        markers = marker_values(version, wanted.target) if version else {}
        found = {name: fewest for name, rows in suspects.items() if (fewest := _fewest(rows, markers))}
        if not found:
            return {}
        first = first or found
    return first


def _suspects(pythons: Sequence[PythonDemand]) -> dict[str, list[tuple[PythonDemand, str]]]:
    """Give the distributions of which more than one thing is said, by name. Cheap: nothing is parsed for it."""
    rows: dict[str, dict[str, tuple[PythonDemand, str]]] = {}
    for python in pythons:
        for text in python.texts:
            found = _NAME.match(text)
            if found is not None:
                rows.setdefault(normalized(found[1]), {}).setdefault(text, (python, text))
    several = {name: group for name, group in rows.items() if len(group) > 1 or "," in next(iter(group))}
    return {name: [several[name][text] for text in sorted(several[name])] for name in sorted(several)}


def _fewest(rows: Sequence[tuple[PythonDemand, str]], markers: Mapping[str, str]) -> list[tuple[PythonDemand, str]]:
    """Give the fewest rows that exclude each other; empty where all can be met, or that can't be told."""
    parsed = [(row, requirement) for row in rows if (requirement := _read(row[1], markers)) is not None]
    if not _excludes([requirement for _, requirement in parsed]):
        return []
    for row in list(parsed):
        rest = [other for other in parsed if other is not row]
        if _excludes([requirement for _, requirement in rest]):
            parsed = rest
    return [row for row, _ in parsed]


def _read(text: str, markers: Mapping[str, str]) -> Requirement | None:
    """Read a PEP 508 text; None where it does not count, or is not one: pip or uv will say so."""
    from packaging.requirements import InvalidRequirement, Requirement  # 60 ms, where a distribution is named twice

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    if requirement.url is not None:
        return None
    if requirement.marker is not None and not (markers and requirement.marker.evaluate({"extra": "", **markers})):
        return None
    return requirement


def _excludes(requirements: Sequence[Requirement]) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(",".join(str(row.specifier) for row in requirements)).is_unsatisfiable()


def _asked_with_limits(rows: Sequence[tuple[PythonDemand, str]]) -> list[PythonDemand]:
    found = {python.demand.text: python for python, _ in rows if not python.demand.range.is_any}
    return list(found.values())


def _helps(python: PythonDemand, wanted: Wanted, versions: Sequence[str], world: World) -> bool:
    """Tell whether all could go together if one demand were for any version."""
    open_ = read_python(dataclasses.replace(python.demand, range=VersionRange("")), world)
    if open_ is None:
        return False
    rest = [open_ if other.demand.text == python.demand.text else other for other in wanted.pythons]
    return not find_collisions(dataclasses.replace(wanted, pythons=tuple(rest)), versions)


def asked_for(wanted: Wanted, version: str) -> str:
    """Say on a line for each who asks for which PEP 508 requirement, of those that count with an interpreter."""
    markers = marker_values(version, wanted.target)
    rows = [(python, text) for python in wanted.pythons for text in python.texts]
    return _lines([row for row in rows if ";" not in row[1] or _read(row[1], markers) is not None])


def _lines(rows: Sequence[tuple[PythonDemand, str]]) -> str:
    lines = list(dict.fromkeys(_line(python, text) for python, text in rows))
    more = f"\n  and {len(lines) - _MOST} more" if len(lines) > _MOST else ""
    return "".join(f"\n  {line}" for line in lines[:_MOST]) + more


def _line(python: PythonDemand, text: str) -> str:
    return f"you asked for {python.demand.text}, which takes {text.partition(';')[0].rstrip()}"
