"""What could meet a demand: entries that are there, and packages that make one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pkgmgr.model.condition import chosen_variants
from pkgmgr.model.entry import Entry, spelled
from pkgmgr.model.target import ANY, Target, find_target
from pkgmgr.resolve.demand import BUILD_FAMILIES, Demand
from pkgmgr.resolve.languages import languages_of_entry, languages_of_package
from pkgmgr.resolve.offers import offers
from pkgmgr.resolve.option import Choice, Option, Settings, place_of, read_version
from pkgmgr.resolve.world import World


def options(
    soft: str, target: Target, world: World, choice: Choice, *, settings: Sequence[Settings] = ({},), any_form: bool
) -> list[Option]:
    """Give everything that is, or can make, a soft for a target, the best first.

    :param settings: for packages: each set of variants that is asked for somewhere.
    :param any_form: whether substitutes may stand for it.
    """
    is_build = soft.partition(".")[0] in BUILD_FAMILIES
    found: list[Option] = []
    for number, entry in enumerate(world.entries(soft)):
        if choice.only is not None and (choice.only == "installed") != (entry.package is not None):
            continue
        option = _from_entry(entry, target, world, choice, is_build=is_build, number=number)
        if option is not None:
            found.append(option)
    if choice.only != "detected":
        made: dict[str, Option] = {}
        for place, package in enumerate(world.providers(soft)):
            for number, wanted in enumerate(settings):
                if all(
                    value in package.variant[name].values if name in package.variant else False
                    for name, value in wanted.items()
                ):
                    for option in offers(package, wanted, (place, number), target, world, choice):
                        made.setdefault(option.ident, option)
        found += made.values()
    usable = [option for option in found if not option.is_substitute or (choice.substitutes and any_form)]
    return sorted(usable, key=lambda option: option.order)


def fits(option: Option, demand: Demand, world: World, settings: Sequence[Settings] = ({},)) -> bool:
    """Tell whether an option meets a demand for its soft.

    :param settings: of the whole request: a variant that a demand for a package leaves open means the target's
        default or what another demand asks for, not whatever form an earlier request has left behind.
    """
    if option.is_substitute and not demand.takes_substitutes:
        return False
    if not _version_fits(option, demand):
        return False
    entry, package = option.entry, option.package
    if package is not None:
        return (
            (not demand.package or package.name == demand.package)
            and not untaken(option, demand, world)
            and all(option.variants.get(name) == value for name, value in demand.variants.items())
        )
    assert entry is not None
    if demand.package and entry.package != demand.package:
        return False
    if untaken(option, demand, world):
        return False
    if _wants_current(demand, entry) and world.is_outdated(entry):
        return False
    return _is_whole(entry, demand) and _variants_fit(entry, demand, world, settings)


def untaken(option: Option, demand: Demand, world: World) -> list[str]:
    """Give the languages and standards that a demand asks for and an option does not take."""
    if not demand.languages:
        return []
    soft = world.soft(option.soft)
    if option.entry is not None:
        taken = languages_of_entry(option.entry, soft)
    else:
        taken = languages_of_package(option.package, option.version, soft) if option.package is not None else set()
    return [name for name in demand.languages if name not in taken]


def _wants_current(demand: Demand, entry: Entry) -> bool:
    """Tell whether what another document of a package made will not do.

    Who names a package means it as it is now, and so does what is built of its product. A soft that a person asks for
    is a question of what is there, and a tool or a compiler is none the worse for its age.
    """
    is_part = bool(demand.by) and entry.soft.partition(".")[0] not in BUILD_FAMILIES
    return entry.package is not None and (bool(demand.package) or is_part)


def softs_of(demand: Demand, world: World) -> Sequence[str]:
    """Give the softs that a demand may mean, those to be preferred first."""
    if demand.package:
        return [world.package(demand.package).provides]
    if demand.soft:
        return [world.soft(demand.soft).name]
    softs = [soft.name for soft in world.softs_tagged(demand.tags)]
    preferred = [name for name in demand.prefer if name in softs]
    return [*preferred, *(name for name in softs if name not in preferred)]


def _from_entry(
    entry: Entry, target: Target, world: World, choice: Choice, *, is_build: bool, number: int
) -> Option | None:
    fit = _fitting_target(entry.target, choice.host if is_build else target, world)
    if fit is None:
        return None
    serves, is_substitute = entry.target, not is_build and fit == "runs"
    if entry.emits:
        served = [(text, _fitting_target(text, target, world)) for text in entry.emits]
        exact = [text for text, fit in served if fit == "exact"]
        loose = [text for text, fit in served if fit == "runs"]
        if not exact and not loose:
            return None
        serves = (exact or loose)[0]
        is_substitute = not exact
    return Option(
        ident=entry.id,
        soft=entry.soft,
        version=entry.version,
        runs_on=entry.target,
        serves=serves,
        entry=entry,
        target=target,
        is_substitute=is_substitute,
        order=(is_substitute, place_of(entry, choice), entry.package is not None and world.is_outdated(entry), number),
    )


def _version_fits(option: Option, demand: Demand) -> bool:
    version = option.version
    if demand.range.is_any:
        # A pre-release is taken only when asked for; what is there without a version may be anything, and what was
        # installed had been asked for, whatever it calls itself (`1.13.2.git.kitware.jobserver-pipe-1`).
        is_installed = option.entry is not None and option.entry.package is not None
        return version is None or is_installed or not read_version(version).is_prerelease
    return version is not None and demand.range.admits(read_version(version))


def _is_whole(entry: Entry, demand: Demand) -> bool:
    """Tell whether a model or a data set is all there, unless what is not is asked for: ``+state=partial``."""
    if entry.soft.partition(".")[0] not in ("model", "dataset") or "state" in demand.variants:
        return True
    return entry.is_whole


def _variants_fit(entry: Entry, demand: Demand, world: World, settings: Sequence[Settings]) -> bool:
    """Tell whether an entry is of the form that is wanted."""
    made_with = entry.attributes.get("variants", {})
    held = made_with if isinstance(made_with, dict) else {}

    def value(name: str) -> object:
        return held.get(name, entry.attributes.get(name))

    told = ((value(name), wanted) for name, wanted in demand.variants.items())
    if not all(held is not None and spelled(held) == wanted for held, wanted in told):
        return False
    if not demand.package:
        return True
    declared = world.package(demand.package).variant
    forms = [chosen_variants(declared, {**wanted, **demand.variants}, demand.target) for wanted in settings]
    return any(all(value(name) == wanted for name, wanted in form.items()) for form in forms)


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
