"""What a build is made of, what names it, and what it must turn out to be. Touches: a package's own folder (read)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pkgmgr.install.store import Recipe, folder_hash
from pkgmgr.model.condition import Circumstances, holds
from pkgmgr.model.entry import Entry
from pkgmgr.model.package import Condition, Package, Source
from pkgmgr.model.plan import Step
from pkgmgr.model.target import ANY
from pkgmgr.model.version import Version


def is_run_time(entry: Entry) -> bool:
    """Tell whether a result needs an entry when it runs; compilers, tools and converters only made it."""
    return entry.soft.partition(".")[0] not in ("compiler", "tool", "lang")


def is_product(entry: Entry, step: Step) -> bool:
    """Tell whether what was found in a new prefix is what the row was to make."""
    if entry.version is not None and step.version is not None and not _same_version(entry.version, step.version):
        return False
    for name, value in step.variants.items():
        held = entry.attributes.get(name)
        if held is not None and held != value:
            return False
    return True


def _same_version(found: str, stated: str) -> bool:
    return Version(found).begins_with(Version(stated)) or Version(stated).begins_with(Version(found))


def needed_sources(package: Package, circumstances: Circumstances) -> dict[str, list[Source]]:
    """Give the sources of a version that its target and variants need, by name.

    Rows of one name are the same thing packed differently: any of them will do, the first that can be had.
    """
    found: dict[str, list[Source]] = {}
    for row in package.source:
        if row.version == circumstances.version and holds(row.when, circumstances):
            found.setdefault(row.name, []).append(row)
    return found


def make_recipe(
    package: Package,
    folder: Path,
    step: Step,
    sources: Mapping[str, Sequence[Source]],
    roles: Mapping[str, Entry],
    facts: Mapping[str, str],
) -> Recipe:
    """Give what names a build: everything that its result depends on."""
    return Recipe(
        package=package.name,
        version=step.version or "",
        target=step.target if step.target == ANY else step.toolchain_target,
        variants=dict(step.variants),
        document=folder_hash(folder),
        sources={name: " or ".join(row.sha256 for row in rows) for name, rows in sources.items()},
        dependencies={role: entry.id if entry.package else entry.fingerprint for role, entry in roles.items()},
        facts=facts,
    )


def conditions(package: Package) -> list[Condition]:
    """Give every condition of a document."""
    rows = [*package.source, *package.step, *(row for row in package.requires if not isinstance(row, str))]
    return [*(row.when for row in rows), *package.conflicts]
