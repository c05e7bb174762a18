"""Find softs on the host and remember them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from pkgmgr.detect.merging import best_first
from pkgmgr.detect.recall import ReportMemory, SeenVariables
from pkgmgr.detect.report import Report
from pkgmgr.detect.where import Where
from pkgmgr.host.files import LocalFiles
from pkgmgr.host.ports import Host
from pkgmgr.host.probe_environment import environment_digest, probe_variables
from pkgmgr.host.short_digest import short_digest
from pkgmgr.jobs.registry import Registry
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry, Rejection, spelled
from pkgmgr.model.errors import NotFoundError
from pkgmgr.model.reference import Reference, Tags
from pkgmgr.model.target import ANY, find_target, parse_target
from pkgmgr.model.version import Version, VersionRange

if TYPE_CHECKING:
    from pkgmgr.detect.engine import Detector
    from pkgmgr.model.soft import Soft

BUILD_FAMILIES = ("compiler", "tool", "lang")
"""Softs that serve a build: for a target, those that run on the host count."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """How to look."""

    where: Where = msgspec.field(default_factory=Where)
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
    files = LocalFiles()
    for text in paths:
        path = Path(text).expanduser().absolute()
        if not files.may_touch(str(path)):  # to look for it would wait for ever; the report says so
            found.append(str(path))
            continue
        if not path.exists():
            raise NotFoundError(f"the search path {text} does not exist")
        found.append(str(path if path.is_dir() else path.parent))
    return Where(search_paths=tuple(found), system=system)


def softs_named(workspace: Workspace, names: Sequence[str], *, strict: bool = True) -> list[Soft]:
    """Give the softs of these names, ``python.NAME`` among them.

    :param strict: whether a bad document is an error; else it is left out, and `Catalog.problems` tells.
    :raises NotFoundError: for an unknown name, with the nearest known one.
    """
    if strict:
        return [_soft_named(workspace, name) for name in names]
    return [soft for name in names if (soft := workspace.catalog.soft(name)) is not None]


def _soft_named(workspace: Workspace, name: str) -> Soft:
    soft = workspace.catalog.soft(name)
    if soft is None and name.startswith("python."):
        from pkgmgr.detect.distributions import distribution_soft  # 10 ms, where one is asked for

        return distribution_soft(name.removeprefix("python."))
    return soft if soft is not None else workspace.catalog.require_soft(name)


def make_detector(workspace: Workspace, search: Search, host: Host | None = None) -> Detector:
    """Make the detector of one search.

    :param host: in place of the workspace's.
    """
    from pkgmgr.detect.ask import Asker  # 40 ms together, where something has changed
    from pkgmgr.detect.engine import Detector

    asker = Asker(
        host=host or workspace.host, memory=workspace.memory, refresh=search.refresh, timeout=workspace.timeout
    )
    # Probes wait for processes more than they compute: twice the processors keeps them busy.
    return Detector(
        asker=asker,
        where=search.where,
        hook_folder=workspace.hook_folder,
        jobs=search.jobs or 2 * workspace.jobs,
        progress=search.progress,
        facts=lambda _host: workspace.platform(refresh=search.refresh),
    )


def look(workspace: Workspace, names: Sequence[str], search: Search, *, strict: bool = True) -> Report:
    """Give what is found of these softs, from memory if nothing that it depends on has changed.

    :param names: of softs, ``python.NAME`` among them.
    :param strict: whether a bad document is an error.
    """
    files = workspace.host.files
    if not isinstance(files, LocalFiles) or workspace.host_override is not None:
        return _look_now(make_detector(workspace, search), softs_named(workspace, names, strict=strict))
    memory = _report_memory(workspace, files)
    question = report_question(workspace, names, search)
    if not search.refresh:
        known = memory.recall(question)
        if known is not None:
            return known
    began = time.time()
    seen = SeenVariables(workspace.host.variables)
    detector = make_detector(workspace, search, replace(workspace.host, variables=seen))
    report = _look_now(detector, softs_named(workspace, names, strict=strict))
    if not workspace.catalog.problems:  # a bad document is to be told of each time
        memory.keep(
            question,
            report,
            asked=seen.asked,
            until=workspace.memory.earliest_end,
            began=began,
            uses_platform=detector.has_used_platform,
        )
    return report


def _look_now(detector: Detector, softs: Sequence[Soft]) -> Report:
    from pkgmgr.detect.owned import with_owners

    report = detector.detect(softs)
    return replace(report, entries=tuple(with_owners(report.entries, detector.host)))


def _report_memory(workspace: Workspace, files: LocalFiles) -> ReportMemory:
    return ReportMemory(
        folder=workspace.cache / "detections",
        files=files,
        variables=workspace.host.variables,
        platform=workspace.platform_key,
    )


def is_remembered(workspace: Workspace, question: str) -> bool:
    """Tell whether a new look at what a `report_question` asks would conclude what is remembered of it."""
    files = workspace.host.files
    return isinstance(files, LocalFiles) and _report_memory(workspace, files).recall(question) is not None


def report_question(workspace: Workspace, names: Sequence[str], search: Search) -> str:
    """Digest what is looked for, where, by which code and with which variables."""
    host = workspace.host
    parts = [
        _code_stamp(),
        host.target,
        host.home,
        repr(search.where),
        environment_digest(probe_variables(host.variables), with_path=True),
        *(f"{name}={workspace.catalog.stamp('soft', name)}" for name in names),
        *(f"{name}={value}" for name, value in host.variables.items() if name.startswith(("CKPM_OVERRIDE_", "EBROOT"))),
    ]
    return short_digest(parts)


def _code_stamp() -> str:
    """Change when the code that concludes does."""
    root = Path(__file__).resolve().parent.parent
    rooms = [item for room in ("model", "host", "detect") for item in os.scandir(root / room)]
    return str(max(item.stat().st_mtime_ns for item in rooms if item.name.endswith(".py")))


def detect(
    workspace: Workspace,
    references: Sequence[Reference] = (),
    *,
    tags: Tags | None = None,
    search: Search | None = None,
) -> Report:
    """Find softs, and register what was found.

    :param references: the softs to look for; none: all, or those with the tags.
    :return: the entries that fit the references' versions and variants and the target, and everything that was turned
        down.
    """
    search = search or Search()
    names = list(dict.fromkeys(reference.name for reference in references))
    if not references:
        names = [soft.name for soft in workspace.catalog.softs(tags)] if tags else workspace.catalog.names("soft")
    report = look(workspace, names, search, strict=bool(references))
    if search.register and workspace.host_override is None:
        registry = Registry(workspace.home)
        registry.update(
            report.entries, looked_for=names, whole_system=search.where.system, is_there=_still_there(workspace)
        )
    ranges = {reference.name: reference.range for reference in references}
    is_whole = search.where.system and workspace.host_override is None
    present = [
        *best_first(_installed(workspace, names) if is_whole else (), host=workspace.host.target),
        *report.entries,
    ]
    order = {name: place for place, name in enumerate(names)}
    present.sort(key=lambda entry: order[entry.soft])
    entries = [entry for entry in present if _in_range(entry, ranges.get(entry.soft))]
    if search.target is not None:
        entries = [entry for entry in entries if serves(entry, search.target, workspace.host.target)]
    variants = {reference.name: reference.variants for reference in references}
    unlike = {entry.id: reason for entry in entries if (reason := _unlike(entry, variants.get(entry.soft, {})))}
    others = [
        Rejection(soft=entry.soft, candidate=_main_file(entry), reason=unlike[entry.id])
        for entry in entries
        if entry.id in unlike
    ]
    entries = [entry for entry in entries if entry.id not in unlike]
    return Report(entries=tuple(entries), rejections=(*report.rejections, *others), skipped=report.skipped)


def _unlike(entry: Entry, wanted: Mapping[str, str]) -> str:
    """Say in what an entry differs from the form that is asked for; empty: in nothing."""
    for name, value in wanted.items():
        made_with = entry.attributes.get("variants")
        held = made_with.get(name) if isinstance(made_with, dict) else None
        held = entry.attributes.get(name) if held is None else held
        if held is None:
            return f"nothing tells its {name}, and {name}={value} is asked for"
        told = [*map(spelled, held if isinstance(held, list) else [held])]
        standards = entry.attributes.get("standards") if name == "languages" else None
        also = map(spelled, standards) if isinstance(standards, list) else ()
        if not set(value.split("/")) <= {*told, *also}:
            verb = "are" if isinstance(held, list) else "is"
            return f"its {name} {verb} {', '.join(told)}, and {value} is asked for"
    return ""


def _main_file(entry: Entry) -> str:
    return next(iter(entry.files.values()), entry.prefix)


def _still_there(workspace: Workspace) -> Callable[[str], bool]:
    """Give what tells whether a registered file is there; of one on a server that is gone nothing can be said."""
    files = workspace.host.files
    if not isinstance(files, LocalFiles):
        return lambda _path: True
    return lambda path: not files.may_touch(path) or files.stat(path) is not None


def _installed(workspace: Workspace, names: Sequence[str]) -> list[Entry]:
    """Give what packages installed of these softs; it is as much there as what was found."""
    if not (workspace.home / "store").is_dir():
        return []
    from pkgmgr.install.store import Store  # 10 ms, where something is installed

    return [entry for entry in Store(home=workspace.home).installed() if entry.soft in set(names)]


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
    """Tell whether one target is another, an Android API level of the same base being no difference.

    :param has: may be a word that is no target of ours (``avr``), which fits none.
    """
    mine, asked = find_target(has), parse_target(wanted)
    if mine is None:
        return False
    if mine == asked:
        return True
    return mine.os == asked.os == "android" and mine.base == asked.base
