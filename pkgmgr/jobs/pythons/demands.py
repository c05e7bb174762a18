"""Which requirements are Python packages, and what they are as PEP 508. Pure but for the world."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pkgmgr.install.venv.wanted import package_requirements, requirement_text
from pkgmgr.model.condition import chosen_variants
from pkgmgr.model.errors import ConflictError
from pkgmgr.model.package import Package, Require
from pkgmgr.model.package import Python as PythonStep
from pkgmgr.model.soft import Soft
from pkgmgr.model.target import Target
from pkgmgr.model.version import VersionRange
from pkgmgr.resolve.demand import Demand, read_requirement
from pkgmgr.resolve.offers import package_versions
from pkgmgr.resolve.world import World

INTERPRETER = "lang.python"
_OLDEST = ">=3.9"
_FAMILIES = ("lib", "python")
"""Tools that Python packages bring stay tools: an env that asks for Meson does not want it among its libraries."""


@dataclass(frozen=True, kw_only=True)
class PythonDemand:
    """One requirement that is a Python package."""

    demand: Demand
    soft: Soft
    """What recognises it in an environment."""
    texts: tuple[str, ...]
    """What it is as PEP 508."""
    is_plain: bool
    """True: an installed distribution of a fitting version is all that is asked for; no extras, no package."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What requirements come to: those for the solver, and those for one Python environment."""

    others: tuple[str | Require, ...]
    pythons: tuple[PythonDemand, ...]
    target: Target
    """What the Python packages run on."""
    interpreters: tuple[Demand, ...] = ()
    """What is asked of the interpreter."""
    names_interpreter: bool = True
    """False: nobody asked for an interpreter; the demand for one follows from the packages."""

    @property
    def requirements(self) -> tuple[str, ...]:
        """All Python requirements as PEP 508, sorted, each once."""
        return tuple(sorted({text for python in self.pythons for text in python.texts}))

    @property
    def asked(self) -> tuple[str, ...]:
        """The Python packages as they were asked for."""
        return tuple(dict.fromkeys(python.demand.text for python in self.pythons))

    @property
    def asked_interpreters(self) -> tuple[str, ...]:
        """The interpreter as it was asked for; empty where nobody did."""
        return tuple(demand.text for demand in self.interpreters) if self.names_interpreter else ()

    @property
    def interpreter_root(self) -> str:
        """The name under which a plan has the interpreter."""
        return self.interpreters[0].text

    def interpreter_names(self) -> Iterator[str]:
        """Give all names that lead to the interpreter."""
        for demand in self.interpreters:
            yield from (demand.text, demand.role, INTERPRETER)


def separate(requirements: Sequence[str | Require], world: World, target: Target, host: Target) -> Wanted:
    """Tell the Python packages among requirements from everything else.

    :raises ConflictError: when some are to run here and some on another target: that is two environments.
    """
    others: list[str | Require] = []
    pythons: list[PythonDemand] = []
    for requirement in requirements:
        demand = read_requirement(requirement, target, host)
        python = read_python(demand, world)
        if python is None:
            others.append(requirement)
        else:
            pythons.append(python)
    if not pythons:
        return Wanted(others=tuple(others), pythons=(), target=host)
    runs_on = {python.demand.target for python in pythons}
    if len(runs_on) > 1:
        names = ", ".join(sorted(str(name) for name in runs_on))
        raise ConflictError(
            f"the Python packages are to run on {names}, and one environment runs on one of them",
            hint='write on = "host" for all, or for none',
        )
    demands = [read_requirement(row, target, host) for row in others]
    interpreters = [demand for demand in demands if demand.soft == INTERPRETER]
    names_interpreter = bool(interpreters)
    if not names_interpreter:
        others.insert(0, Require(soft=f"{INTERPRETER}@{_OLDEST}", on="host"))
        interpreters = [read_requirement(others[0], target, host)]
    return Wanted(
        others=tuple(others),
        pythons=tuple(pythons),
        target=runs_on.pop(),
        interpreters=tuple(interpreters),
        names_interpreter=names_interpreter,
    )


def read_python(demand: Demand, world: World) -> PythonDemand | None:
    """Give what a demand is inside a Python environment; None when it is no Python package."""
    if demand.package:
        package = world.package(demand.package)
        return _of_package(demand, package, world.soft(package.provides)) if package.python else None
    if demand.soft.partition(".")[0] not in _FAMILIES:
        return None
    soft = world.soft(demand.soft)
    find = soft.find
    if not find.python or find.executables or find.library or find.files or find.hook:
        return None
    if not demand.soft.startswith("python."):
        maker = next((package for package in world.providers(demand.soft) if package.python), None)
        if maker is not None:
            made = _of_package(demand, maker, soft)
            return dataclasses.replace(made, is_plain=not demand.variants)
    extras = _extras(demand.variants)
    text = requirement_text(find.python[0], demand.range, extras)
    return PythonDemand(demand=demand, soft=soft, texts=(text,), is_plain=not extras)


def makes_environment(requirement: str | Require, world: World, target: Target, host: Target) -> bool:
    """Tell whether a requirement is a package that makes a Python environment of its own, by its steps."""
    demand = read_requirement(requirement, target, host)
    return bool(demand.package) and any(isinstance(step, PythonStep) for step in world.package(demand.package).step)


def _extras(variants: Mapping[str, str]) -> list[str]:
    """Read ``+extra=cuda`` or ``+extras=a/b``: PEP 508's extras."""
    return [item for key in ("extra", "extras") for item in variants.get(key, "").split("/") if item]


def _of_package(demand: Demand, package: Package, soft: Soft) -> PythonDemand:
    variants = chosen_variants(package.variant, demand.variants, demand.target)
    # What a package was not made with, such as a later release that sends telemetry, it does not give unless asked.
    wanted = demand.range
    versions = package_versions(package)
    if wanted.is_any and versions:
        wanted = VersionRange(f"<={versions[0]}")
    texts = package_requirements(package.python, wanted, variants, where=package.name)
    return PythonDemand(demand=demand, soft=soft, texts=tuple(texts), is_plain=False)
