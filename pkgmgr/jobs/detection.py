"""Find softs on the host and remember them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pkgmgr.detect.ask import Asker
from pkgmgr.detect.distributions import distribution_soft
from pkgmgr.detect.engine import Detector, Report
from pkgmgr.detect.folders import Where
from pkgmgr.detect.owned import with_owners
from pkgmgr.jobs.registry import Registry
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import NotFoundError
from pkgmgr.model.reference import Reference, Tags
from pkgmgr.model.soft import Soft
from pkgmgr.model.target import ANY, parse_target
from pkgmgr.model.version import Version, VersionRange

BUILD_FAMILIES = ("compiler", "tool", "lang")
"""Softs that serve a build: for a target, those that run on the host count."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """How to look."""

    where: Where = field(default_factory=Where)
    target: str | None = None
    """Only what runs on this target, or serves a build for it."""
    refresh: bool = False
    register: bool = True
    jobs: int | None = None
    progress: Callable[[int, int], None] = lambda _done, _all: None


def search_places(paths: Sequence[str], *, system: bool = True) -> Where:
    """Check search paths and make them absolute.

    :raises NotFoundError: for one that is not there; another is never taken in its place.
    """
    found = []
    for text in paths:
        path = Path(text).expanduser().absolute()
        if not path.exists():
            raise NotFoundError(f"the search path {text} does not exist")
        found.append(str(path if path.is_dir() else path.parent))
    return Where(search_paths=tuple(found), system=system)


def softs_named(workspace: Workspace, references: Sequence[Reference], tags: Tags | None = None) -> list[Soft]:
    """Give the softs that references name, ``python.NAME`` among them; all (with the tags) when none is named.

    :raises NotFoundError: for an unknown name, with the nearest known one.
    """
    if not references:
        return workspace.catalog.softs(tags)
    softs = []
    for reference in references:
        soft = workspace.catalog.soft(reference.name)
        if soft is None and reference.name.startswith("python."):
            soft = distribution_soft(reference.name.removeprefix("python."))
        softs.append(soft if soft is not None else workspace.catalog.require_soft(reference.name))
    return list({soft.name: soft for soft in softs}.values())


def make_detector(workspace: Workspace, search: Search) -> Detector:
    """Make the detector of one search."""
    asker = Asker(host=workspace.host, memory=workspace.memory, refresh=search.refresh, timeout=workspace.timeout)
    # Probes wait for processes more than they compute: twice the processors keeps them busy.
    return Detector(
        asker=asker,
        where=search.where,
        hook_folder=workspace.hook_folder,
        jobs=search.jobs or 2 * workspace.jobs,
        progress=search.progress,
        facts=lambda _host: workspace.platform(refresh=search.refresh),
    )


def detect(
    workspace: Workspace,
    references: Sequence[Reference] = (),
    *,
    tags: Tags | None = None,
    search: Search | None = None,
) -> Report:
    """Find softs, and register what was found.

    :param references: the softs to look for; none: all, or those with the tags.
    :return: the entries that fit the references' versions and the target, and everything that was turned down.
    """
    search = search or Search()
    softs = softs_named(workspace, references, tags)
    report = make_detector(workspace, search).detect(softs)
    report = replace(report, entries=tuple(with_owners(report.entries, workspace.host)))
    if search.register and workspace.host_override is None:
        registry = Registry(workspace.home)
        names = [soft.name for soft in softs]
        registry.update(report.entries, looked_for=names, whole_system=search.where.system)
    ranges = {reference.name: reference.range for reference in references}
    is_whole = search.where.system and workspace.host_override is None
    present = [*(_installed(workspace, softs) if is_whole else ()), *report.entries]
    order = {soft.name: place for place, soft in enumerate(softs)}
    present.sort(key=lambda entry: order[entry.soft])
    entries = [entry for entry in present if _in_range(entry, ranges.get(entry.soft))]
    if search.target is not None:
        entries = [entry for entry in entries if serves(entry, search.target, workspace.host.target)]
    return Report(entries=tuple(entries), rejections=report.rejections, skipped=report.skipped)


def _installed(workspace: Workspace, softs: Sequence[Soft]) -> list[Entry]:
    """Give what packages installed of these softs; it is as much there as what was found."""
    if not (workspace.home / "store").is_dir():
        return []
    from pkgmgr.install.store import Store  # 10 ms, where something is installed

    names = {soft.name for soft in softs}
    return [entry for entry in Store(home=workspace.home).installed() if entry.soft in names]


def _in_range(entry: Entry, wanted: object) -> bool:
    if not isinstance(wanted, VersionRange) or wanted.is_any:
        return True
    return entry.version is not None and wanted.admits(Version(entry.version), prereleases=True)


def serves(entry: Entry, target: str, host: str) -> bool:
    """Tell whether an entry is for a target: runs there, or runs here and emits code for it."""
    if entry.target == ANY:
        return True
    if entry.soft.partition(".")[0] in BUILD_FAMILIES and entry.target == host:
        return not entry.emits or any(fits_target(emitted, target) for emitted in entry.emits)
    return fits_target(entry.target, target)


def fits_target(has: str, wanted: str) -> bool:
    """Tell whether one target is another, an Android API level of the same base being no difference."""
    mine, asked = parse_target(has), parse_target(wanted)
    if mine == asked:
        return True
    return mine.os == asked.os == "android" and mine.base == asked.base
