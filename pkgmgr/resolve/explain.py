"""Why there is no solution: which demands collide, who made them, what would help. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError, ConflictError, NotFoundError
from pkgmgr.model.package import Package
from pkgmgr.resolve.demand import Demand
from pkgmgr.resolve.languages import lack
from pkgmgr.resolve.offers import package_versions, why_not
from pkgmgr.resolve.option import Choice, Option
from pkgmgr.resolve.options import fits, options, untaken
from pkgmgr.resolve.rule import Rule
from pkgmgr.resolve.slots import Origin, Slot, Slots
from pkgmgr.resolve.world import World

_MOST = 8


def explain(rules: Iterable[Rule[Slot]], slots: Slots, relaxed: Sequence[tuple[Demand, str]]) -> CkpmError:
    """Make the error of the rules that leave no choice.

    :param relaxed: the demands of the person without which there is a solution, and what it would take there.
    """
    origins = [rule.origin for rule in rules if isinstance(rule.origin, Origin)]
    colliding = _colliding(origins)
    dead = [origin for origin in origins if not origin.mask]
    if dead and not colliding:
        failure = dead[0].failure
        return failure if failure is not None else nothing_fits(dead[0].demand, slots.world, slots.choice)
    places = list(dict.fromkeys(origin.slot for origin in (colliding or origins)))
    what = ", ".join(f"{slot.name} for {slot.target}" for slot in places[:3])
    ordered = sorted(origins, key=lambda origin: (bool(origin.by), origin.slot not in places, origin.demand.text))
    lines = list(dict.fromkeys(_line(origin, slots) for origin in ordered))
    text = "".join(f"\n  {line}" for line in lines[:_MOST])
    if len(lines) > _MOST:
        text += f"\n  and {len(lines) - _MOST} more"
    return ConflictError(f"no common solution for {what}:{text}", hint=_hint(relaxed, slots.choice))


def _colliding(origins: Sequence[Origin]) -> list[Origin]:
    """Give the demands that can each be met, but not with the others on the same slot."""
    found: list[Origin] = []
    for slot in dict.fromkeys(origin.slot for origin in origins):
        here = [origin for origin in origins if origin.slot == slot and origin.mask]
        left = -1
        for origin in here:
            left &= origin.mask
        if not left:
            found += here
    return found


def _line(origin: Origin, slots: Slots) -> str:
    who = _name(origin.by) + " needs" if origin.by else "you asked for"
    met = ", ".join(dict.fromkeys(_version(option) for option in slots.options_of(origin.slot, origin.mask)[:4]))
    if origin.slot.kind == "one":
        return f"{_name(origin.by)} can't stand beside another {origin.slot.name}"
    return f"{who} {origin.demand.text}" + (f" (there is {met})" if met else ", and nothing meets it")


def _version(option: Option) -> str:
    name = "" if option.version is None else option.version
    place = "" if option.entry is None else f" at {option.entry.prefix}"
    return f"{option.soft} {name}".rstrip() + place


def _name(by: Sequence[Option]) -> str:
    first = by[0]
    name = f"package:{first.package.name}" if first.package is not None else first.soft
    versions = list(dict.fromkeys(option.version or "" for option in by))
    return f"{name} {versions[0]}" if len(versions) == 1 else f"{name} {versions[-1]} to {versions[0]}"


def _hint(relaxed: Sequence[tuple[Demand, str]], choice: Choice) -> str:
    if relaxed:
        ways = [f"without the limits of {demand.text} it can be done, with {taken}" for demand, taken in relaxed]
        return "; or ".join(ways)
    if choice.only is not None:
        return f"without --only {choice.only} more could be taken"
    return "ask for them separately, in two envs"


def gave_up(dead_ends: int, slots: Sequence[Slot]) -> CkpmError:
    """Make the error of a search that took too long; what most dead ends were about is where a person can help."""
    names = ", ".join(dict.fromkeys(slot.name for slot in slots))
    return CkpmError(
        f"gave up after {dead_ends} dead ends: no solution was found, nor shown to be impossible; "
        f"most dead ends were about {names}",
        hint=f"ask for less at once, or name the versions that you want of {names}",
    )


def nothing_fits(demand: Demand, world: World, choice: Choice) -> CkpmError:
    """Make the error of a demand that nothing meets, telling what there is and why it does not do."""
    wanted = demand.text + (f" for {demand.target}" if demand.target != choice.host else "")
    by = f" (needed by {demand.by})" if demand.by else ""
    softs = (
        [demand.soft] if demand.soft else [soft.name for soft in world.softs_tagged(demand.tags)] if demand.tags else []
    )
    present = [entry for soft in softs for entry in world.entries(soft)]
    told = dict.fromkeys(_known(entry) for entry in present)
    have = ", ".join([*told][:4])
    message = f"nothing meets {wanted}{by}"
    if have:
        message += f"; there is {have}"
    message += _nearest(demand, softs, world, choice)
    reason = _why_not_made(demand, world)
    if reason:
        kind = ConflictError if reason.startswith("it can't be made with") else NotFoundError
        return kind(f"{message}: {reason}", hint=f"'ckpm show package:{demand.package}' lists what it can make")
    return NotFoundError(message, hint=_what_would_do(demand, softs, world, choice))


def _known(entry: Entry) -> str:
    version = f" {entry.version}" if entry.version is not None else ""
    return f"{entry.soft}{version} for {', '.join(entry.emits) or entry.target}"


def _nearest(demand: Demand, softs: Sequence[str], world: World, choice: Choice) -> str:
    """Say what the compiler lacks that would do but for its languages: of several, the one that lacks least."""
    if not demand.languages:
        return ""
    anything = replace(demand, languages=())
    rows = [
        (untaken(option, demand, world), option)
        for soft in softs
        for option in options(soft, demand.target, world, choice, any_form=True)
        if fits(option, anything, world)
    ]
    lacking = sorted((row for row in rows if row[0]), key=lambda row: (len(row[0]), row[1].order[:2]))
    if not lacking:
        return ""
    names, option = lacking[0]
    soft = world.soft(option.soft)
    return "".join(f"; {lack(name, option.entry, option.version, soft)}" for name in names)


def _what_would_do(demand: Demand, softs: Sequence[str], world: World, choice: Choice) -> str:
    """Say what a person could ask for in place of what nothing meets."""
    makers = [package for soft in softs for package in world.providers(soft)]
    if demand.package:
        makers = [world.package(demand.package)]
    if makers and choice.only == "detected":
        able = _able(demand, softs, world, replace(choice, only=None))
        makers = [package for package in makers if package.name in able] or makers
        return f"without --only detected, {', '.join(package.name for package in makers[:4])} may make it"
    ways = "; ".join(_makes(package) for package in makers[:4])
    if choice.only == "installed":
        return f"without --only installed, what is on this machine counts too{f'; {ways}' if ways else ''}"
    if makers:
        return f"{ways}; 'ckpm show package:{makers[0].name}' tells more"
    if softs:
        return f"no package makes it; 'ckpm why {softs[0]}' tells what was turned down"
    if demand.tags:
        return f"no soft has all of these tags; 'ckpm list soft --tags {demand.tags[0]}' shows what has the first"
    return "'ckpm list soft' shows what can be asked for"


def _able(demand: Demand, softs: Sequence[str], world: World, choice: Choice) -> set[str]:
    """Give the packages that make what would meet a demand."""
    made = [
        option
        for soft in softs
        for option in options(soft, demand.target, world, choice, any_form=True)
        if option.package is not None and fits(option, demand, world)
    ]
    return {option.package.name for option in made if option.package is not None}


def _makes(package: Package) -> str:
    targets = package.emits if package.product == "host" and package.emits else package.targets
    return f"{package.name} makes {', '.join(package_versions(package)[:4])} for {', '.join(targets)}"


def _why_not_made(demand: Demand, world: World) -> str:
    """Say why the package that a person names can't make what is wanted of it."""
    from pkgmgr.model.condition import chosen_variants
    from pkgmgr.model.version import Version

    if not demand.package:
        return ""
    package = world.package(demand.package)
    variants = chosen_variants(package.variant, demand.variants, demand.target)
    versions = [version for version in package_versions(package) if demand.range.admits(Version(version))]
    reasons = [why_not(package, version, variants, demand.target, world) for version in versions]
    return next((reason for reason in reasons if reason), "")
