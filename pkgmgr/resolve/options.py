"""What could meet a demand: entries that are there, and packages that make one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from pkgmgr.catalog.document import nearest_name
from pkgmgr.model.condition import Circumstances, chosen_variants, holds
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import NotFoundError, UsageError
from pkgmgr.model.package import Package
from pkgmgr.model.target import ANY, Target, find_target
from pkgmgr.model.version import Version
from pkgmgr.resolve.demand import BUILD_FAMILIES, Demand
from pkgmgr.resolve.world import World

Preference = Literal["detected", "installed"]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One way to meet a demand."""

    soft: str
    version: str | None
    runs_on: str
    serves: str
    """The target that a compiler among them generates code for; else where it runs."""
    entry: Entry | None = None
    package: Package | None = None
    variants: Mapping[str, str] = field(default_factory=dict)
    target: Target
    """What a package is built for, with its detail."""
    is_substitute: bool = False
    """Serves a target whose programs run on the one asked for, not that target itself."""

    def key(self) -> str:
        """Name it inside a plan."""
        return f"{self.soft}@{self.runs_on}" + (f">{self.serves}" if self.serves != self.runs_on else "")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a person wants options to be chosen."""

    host: Target
    prefer: Preference | None = None
    only: Preference | None = None
    substitutes: bool = False
    """Whether something for another target, whose programs run on the one wanted, will do."""


def options(demand: Demand, world: World, choice: Choice) -> list[Option]:
    """Give every option for a demand, the best first."""
    loose = choice.substitutes and demand.takes_substitutes
    found: list[tuple[tuple[object, ...], Option]] = []
    for place, soft in enumerate(_softs(demand, world)):
        is_build = soft.partition(".")[0] in BUILD_FAMILIES
        if choice.only != "installed" or demand.package:
            for number, entry in enumerate(world.entries(soft)):
                option = _from_entry(entry, demand, world, choice.host, is_build=is_build)
                if option is not None and _is_allowed(option, choice) and (loose or not option.is_substitute):
                    found.append(((option.is_substitute, _order(option, choice), place, number), option))
        elif choice.only == "installed":
            for number, entry in enumerate(world.entries(soft)):
                option = _from_entry(entry, demand, world, choice.host, is_build=is_build)
                if option is not None and entry.package is not None and (loose or not option.is_substitute):
                    found.append(((option.is_substitute, _order(option, choice), place, number), option))
        if choice.only != "detected":
            for number, option in enumerate(_from_packages(soft, demand, world, choice.host)):
                if option.is_substitute and not loose:
                    continue
                found.append(((option.is_substitute, _order(option, choice), place, number), option))
    return [option for _, option in sorted(found, key=lambda row: row[0])]


def _is_allowed(option: Option, choice: Choice) -> bool:
    is_installed = option.entry is not None and option.entry.package is not None
    return not (choice.only == "installed" and not is_installed) and not (choice.only == "detected" and is_installed)


def _order(option: Option, choice: Choice) -> int:
    """Put what is there before what would have to be made, unless a person prefers otherwise."""
    if option.entry is None:
        return 0 if choice.prefer == "installed" else 2
    is_installed = option.entry.package is not None
    if choice.prefer == "installed":
        return -1 if is_installed else 1
    return 1 if choice.prefer == "detected" and is_installed else 0


def _softs(demand: Demand, world: World) -> Sequence[str]:
    if demand.package:
        return [world.package(demand.package).provides]
    if demand.soft:
        return [world.soft(demand.soft).name]
    softs = [soft.name for soft in world.softs_tagged(demand.tags)]
    preferred = [name for name in demand.prefer if name in softs]
    return [*preferred, *(name for name in softs if name not in preferred)]


def _from_entry(entry: Entry, demand: Demand, world: World, host: Target, *, is_build: bool) -> Option | None:
    if demand.package and entry.package != demand.package:
        return None
    if not _version_fits(entry.version, demand):
        return None
    if not _variants_fit(entry, demand, world):
        return None
    languages = entry.attributes.get("languages", [])
    if not set(demand.languages).issubset(languages if isinstance(languages, list) else ()):
        return None
    runs_on = host if is_build else demand.target
    fits = _fitting_target(entry.target, runs_on, world)
    if fits is None:
        return None
    serves, is_substitute = entry.target, False
    if entry.emits:
        served = [(text, _fitting_target(text, demand.target, world)) for text in entry.emits]
        exact = [text for text, fit in served if fit == "exact"]
        loose = [text for text, fit in served if fit == "runs"]
        if not exact and not loose:
            return None
        serves = (exact or loose)[0]
        is_substitute = not exact
    elif not is_build:
        is_substitute = fits == "runs"
    return Option(
        soft=entry.soft,
        version=entry.version,
        runs_on=entry.target,
        serves=serves,
        entry=entry,
        target=demand.target,
        is_substitute=is_substitute,
    )


def _version_fits(version: str | None, demand: Demand) -> bool:
    if demand.range.is_any:
        # A pre-release is taken only when asked for; what is there without a version may be anything.
        return version is None or not Version(version).is_prerelease
    return version is not None and demand.range.admits(Version(version))


def _variants_fit(entry: Entry, demand: Demand, world: World) -> bool:
    """Tell whether an entry is of the form that is wanted.

    A variant that a demand for a package leaves open means the target's default, not whatever form an earlier
    request has left behind.
    """
    made_with = entry.attributes.get("variants", {})
    held = made_with if isinstance(made_with, dict) else {}
    wanted = dict(demand.variants)
    if demand.package:
        wanted = chosen_variants(world.package(demand.package).variant, demand.variants, demand.target)
    return all(held.get(name, entry.attributes.get(name)) == value for name, value in wanted.items())


def _fitting_target(has: str, wanted: Target, world: World) -> Literal["exact", "runs"] | None:
    """Say whether something for one target does for another: the same, or one whose programs run there."""
    if has == ANY:
        return "exact"
    mine = find_target(has)
    if mine == wanted or (mine is not None and mine.os == wanted.os == "android" and _api_fits(mine, wanted)):
        return "exact"
    return "runs" if has in world.target(str(wanted)).runs else None


def _api_fits(mine: Target, wanted: Target) -> bool:
    """Tell whether what was built for one API level runs at another: an older one always does on a newer."""
    if mine.base != wanted.base:
        return False
    return mine.api_level is None or wanted.api_level is None or mine.api_level <= wanted.api_level


def _from_packages(soft: str, demand: Demand, world: World, host: Target) -> Iterator[Option]:
    packages = [world.package(demand.package)] if demand.package else world.providers(soft)
    for package in packages:
        check_variants(package, demand)
        for target, is_substitute in _build_targets(package, demand, world, host):
            yield from _versions(package, demand, world, target, host, is_substitute=is_substitute)


def _build_targets(package: Package, demand: Demand, world: World, host: Target) -> Iterator[tuple[Target, bool]]:
    """Give the targets to build a package for: the one wanted, and those whose programs run there."""
    if package.product == "host":
        if not _can_serve(package, demand, world):
            return
        is_substitute = bool(package.emits) and not _matches(str(demand.target), package.emits)
        yield host, is_substitute
        return
    names = [(str(demand.target), False)]
    if package.product == "target":
        names += [(name, True) for name in world.target(str(demand.target)).runs]
    for name, is_substitute in names:
        target = find_target(name)
        if target is not None and any(
            fnmatchcase(part, glob) for part in (name, str(target.base)) for glob in package.targets
        ):
            yield target, is_substitute


def _can_serve(package: Package, demand: Demand, world: World) -> bool:
    if not set(demand.languages).issubset(package.languages):
        return False
    if not package.emits:
        return True
    served = [str(demand.target), *world.target(str(demand.target)).runs]
    return any(_matches(name, package.emits) for name in served)


def _matches(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _versions(
    package: Package, demand: Demand, world: World, target: Target, host: Target, *, is_substitute: bool
) -> Iterator[Option]:
    variants = chosen_variants(package.variant, demand.variants, target)
    libc = world.target(str(target)).libc
    for version in package_versions(package):
        if not demand.range.admits(Version(version)):
            continue
        circumstances = Circumstances(target=target, libc=libc, version=version, variants=variants)
        if any(holds(row, circumstances) for row in package.conflicts):
            continue
        rows = [row for row in package.source if row.version == version]
        if rows and not any(holds(row.when, circumstances) for row in rows):
            continue
        runs_on = {"any": ANY, "host": str(host)}.get(package.product, str(target))
        yield Option(
            soft=package.provides,
            version=version,
            runs_on=runs_on,
            serves=str(demand.target) if package.emits else runs_on,
            package=package,
            variants=variants,
            target=target,
            is_substitute=is_substitute,
        )


def package_versions(package: Package) -> list[str]:
    """Give the versions that a package can make, the newest first."""
    return sorted({row.version for row in package.source}, key=Version, reverse=True)


def check_variants(package: Package, demand: Demand) -> None:
    """Raise for a variant or a value that a package does not have, or a version that it can't make."""
    if not demand.package:
        return
    for name, value in demand.variants.items():
        if name not in package.variant:
            nearest = nearest_name(name, package.variant)
            known = f"did you mean {nearest!r}?" if nearest else f"its variants: {', '.join(package.variant) or 'none'}"
            raise UsageError(f"{package.name} has no variant {name!r}", hint=known)
        values = package.variant[name].values
        if value not in values:
            nearest = nearest_name(value, values)
            hint = f"did you mean {nearest!r}?" if nearest else f"its values: {', '.join(values)}"
            raise UsageError(f"{package.name}: variant {name!r} has no value {value!r}", hint=hint)
    versions = package_versions(package)
    if not any(demand.range.admits(Version(version)) for version in versions):
        raise NotFoundError(f"{package.name} has no version {demand.range}", hint=f"there are {', '.join(versions)}")
