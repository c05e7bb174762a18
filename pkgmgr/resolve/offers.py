"""What packages can make: their versions, forms and targets, and why one can't be. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from pkgmgr.catalog.document import nearest_name
from pkgmgr.model.condition import Circumstances, chosen_variants, holds
from pkgmgr.model.errors import NotFoundError, UsageError
from pkgmgr.model.package import Condition, Package
from pkgmgr.model.target import ANY, Target, find_target
from pkgmgr.resolve.demand import Demand
from pkgmgr.resolve.option import Choice, Option, Settings, place_of, read_version
from pkgmgr.resolve.world import World


def offers(
    package: Package, wanted: Settings, place: tuple[int, int], target: Target, world: World, choice: Choice
) -> Iterator[Option]:
    """Give what a package can make for a target in one form, and for those whose programs run there.

    :param place: among the other packages and forms, the least first.
    """
    for built_for, is_substitute in _build_targets(package, target, world, choice.host):
        variants = chosen_variants(package.variant, wanted, built_for)
        runs_on = {"any": ANY, "host": str(choice.host)}.get(package.product, str(built_for))
        serves = str(target) if package.emits else runs_on
        form = "".join(f"+{key}={value}" for key, value in sorted(variants.items()))
        for number, version in enumerate(package_versions(package)):
            if why_not(package, version, variants, built_for, world):
                continue
            yield Option(
                ident=f"{package.name}@{version}{form}:{runs_on}" + (f">{serves}" if serves != runs_on else ""),
                soft=package.provides,
                version=version,
                runs_on=runs_on,
                serves=serves,
                package=package,
                variants=variants,
                target=built_for,
                is_substitute=is_substitute,
                order=(is_substitute, place_of(None, choice), place[0], place[1], number),
            )


def why_not(package: Package, version: str, variants: Settings, target: Target, world: World) -> str:
    """Say why a package can't make a version in a form for a target; empty when it can."""
    if not package.conflicts and not any(row.when for row in package.source):
        return ""
    circumstances = circumstances_of(world, target, version, variants)
    for conflict in package.conflicts:
        if holds(conflict, circumstances):
            return f"it can't be made with {_condition_text(conflict)}"
    rows = [row for row in package.source if row.version == version]
    if rows and not any(holds(row.when, circumstances) for row in rows):
        return f"no source of {version} is for {target}" + (f" with {_settings_text(variants)}" if variants else "")
    return ""


def circumstances_of(world: World, target: Target, version: str | None, variants: Settings) -> Circumstances:
    """Give what the conditions of a package are held against."""
    return Circumstances(
        target=target,
        libc=world.target(str(target)).libc,
        version=version,
        variants=variants,
        facts=world.facts(target),
    )


def _condition_text(condition: Condition) -> str:
    return ", ".join(
        f"{key}={wanted if isinstance(wanted, str) else '|'.join(wanted)}" for key, wanted in condition.items()
    )


def _settings_text(settings: Settings) -> str:
    return ", ".join(f"{key}={value}" for key, value in settings.items())


def _build_targets(package: Package, wanted: Target, world: World, host: Target) -> Iterator[tuple[Target, bool]]:
    """Give the targets to build a package for: the one wanted, and those whose programs run there."""
    name, runs = str(wanted), world.target(str(wanted)).runs
    if package.product == "host":
        if not any(_matches((str(host), str(host.base)), glob) for glob in package.targets):
            return
        served = [other for other in (name, *runs) if any(_matches((other,), glob) for glob in package.emits)]
        if served or not package.emits:
            yield host, bool(package.emits) and served[0] != name
        return
    names = [(name, False)]
    if package.product == "target":
        names += [(other, True) for other in runs]
    for other, is_substitute in names:
        target = find_target(other)
        if target is not None and any(_matches((other, str(target.base)), glob) for glob in package.targets):
            yield target, is_substitute


def _matches(names: Sequence[str], glob: str) -> bool:
    return any(fnmatchcase(name, glob) for name in names)


def package_versions(package: Package) -> list[str]:
    """Give the versions that a package can make, the newest first."""
    return sorted({row.version for row in package.source}, key=read_version, reverse=True)


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
    if not any(demand.range.admits(read_version(version)) for version in versions):
        raise NotFoundError(f"{package.name} has no version {demand.range}", hint=f"there are {', '.join(versions)}")
