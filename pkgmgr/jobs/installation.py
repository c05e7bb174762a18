"""Meet requirements: resolve, and do what the plan says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pkgmgr.detect.where import Where
from pkgmgr.host.local import local_host
from pkgmgr.install.fetch.progress import Progress, SilentProgress
from pkgmgr.install.reach import libraries_behind
from pkgmgr.install.store import Store, read_record
from pkgmgr.jobs.pythons.demands import makes_environment, separate
from pkgmgr.jobs.pythons.environment import Pythons
from pkgmgr.jobs.registry import Registry
from pkgmgr.jobs.standing import Installation as Installation
from pkgmgr.jobs.wishes import Wishes as Wishes
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.jobs.workspace import host_target as host_target
from pkgmgr.jobs.world import LocalWorld
from pkgmgr.model.condition import LateFacts, platform_facts
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.package import Package, Require
from pkgmgr.model.plan import Plan
from pkgmgr.model.soft import Soft
from pkgmgr.model.target import Target
from pkgmgr.resolve.option import Choice, Preference
from pkgmgr.resolve.solve import resolve

if TYPE_CHECKING:
    from pkgmgr.install.fetch.fetcher import Fetcher
    from pkgmgr.install.job import Installer


def wanted_target(workspace: Workspace, text: str | None) -> Target:
    """Read a target, or take the host's.

    :raises NotFoundError: for one without a document, naming the nearest.
    """
    return workspace.catalog.require_target(text)[0] if text else host_target(workspace)


def make_plan(workspace: Workspace, requirements: Sequence[str | Require], wishes: Wishes) -> tuple[Plan, LocalWorld]:
    """Resolve requirements; nothing is done yet but looking."""
    world = LocalWorld(workspace=workspace, search=wishes.search)
    target = wanted_target(workspace, wishes.target)
    return plan_in(world, requirements, target, choice_of(workspace, wishes), wishes), world


def choice_of(workspace: Workspace, wishes: Wishes) -> Choice:
    """Give what is to be preferred: what is wished for, else what the home's settings say."""
    prefer = wishes.prefer or _preference(workspace.config.prefer)
    return Choice(host=host_target(workspace), prefer=prefer, only=wishes.only)


def plan_in(
    world: LocalWorld, requirements: Sequence[str | Require], target: Target, choice: Choice, wishes: Wishes
) -> Plan:
    """Resolve requirements in a world, the Python packages among them together, as one environment."""
    if wishes.alone and len(requirements) == 1 and makes_environment(requirements[0], world, target, choice.host):
        return resolve(requirements, world=world, target=target, choice=choice)
    wanted = separate(requirements, world, target, choice.host)
    plan = resolve(wanted.others, world=world, target=target, choice=choice)
    if not wanted.pythons:
        return plan
    world.pythons = Pythons(
        workspace=world.workspace,
        wanted=wanted,
        world=world,
        host=choice.host,
        choice=choice,
        pins=wishes.pins,
        keep=wishes.keep,
        anew=wishes.anew,
        tell=wishes.tell,
    )
    return world.pythons.extend(plan)


def _preference(text: str) -> Preference | None:
    return "detected" if text == "detected" else "installed" if text == "installed" else None


def install(workspace: Workspace, requirements: Sequence[str | Require], wishes: Wishes) -> Installation:
    """Resolve requirements and make what is missing."""
    plan, world = make_plan(workspace, requirements, wishes)
    return carry_out(workspace, plan, world, wishes)


def carry_out(workspace: Workspace, plan: Plan, world: LocalWorld, wishes: Wishes) -> Installation:
    """Do what a plan says and register what it uses."""
    if not plan.installs:
        return _carry_out(workspace, plan, world, wishes)
    with Store(home=workspace.home).using():
        _require_still_there(plan)
        return _carry_out(workspace, plan, world, wishes)


def _require_still_there(plan: Plan) -> None:
    """:raises CkpmError: when another process removed something between planning and now."""
    for step in plan.steps:
        if step.entry is not None and step.entry.package and read_record(Path(step.entry.prefix)) is None:
            raise CkpmError(
                f"{step.entry.id} was removed by another process meanwhile", hint="run the same command again"
            )


def _carry_out(workspace: Workspace, plan: Plan, world: LocalWorld, wishes: Wishes) -> Installation:
    registry = Registry(workspace.home)
    used = [step.entry for step in plan.steps if step.entry is not None and step.entry.package is None]
    registry.update(used, looked_for=(), whole_system=True)
    entries = {step.key: step.entry for step in plan.steps if step.entry is not None}
    pythons = world.pythons if any(step.python for step in plan.installs) else None
    rows = tuple(step for step in plan.steps if not step.python)
    if any(step.action == "install" for step in rows):
        entries = make_installer(workspace, wishes).install(msgspec.structs.replace(plan, steps=rows))
    if pythons is not None:
        made = pythons.make(plan, entries, make_fetcher(workspace, wishes.progress))
        plan, further = pythons.finished(plan, made)
        entries |= further
    done = Installation(plan=plan, entries=entries)
    behind = libraries_behind(done.roots, Store(home=workspace.home).installed)
    return msgspec.structs.replace(done, libraries=tuple(behind))


def make_fetcher(workspace: Workspace, progress: Progress | None = None) -> Fetcher:
    """Make the fetcher of a workspace."""
    from pkgmgr.install.fetch.fetcher import Fetcher  # 40 ms, where something is missing

    return Fetcher(
        cache=workspace.cache / "downloads",
        offline=workspace.offline,
        mirrors=workspace.config.mirrors,
        progress=progress or SilentProgress(),
    )


def make_installer(workspace: Workspace, wishes: Wishes) -> Installer:
    """Make the installer of a workspace."""
    from pkgmgr.detect.ask import Asker  # 150 ms together, where something is missing
    from pkgmgr.detect.engine import Detector
    from pkgmgr.install.job import Installer

    def package(name: str) -> tuple[Package, Path]:
        folder = workspace.catalog.located("package", name).folder
        return with_own_files(workspace.catalog.require_package(name), folder), folder

    def recognise(soft: str, folder: Path) -> Sequence[Entry]:
        # A new host: the files of this one are remembered as they were before.
        host = local_host(variables=workspace.variables)
        asker = Asker(host=host, memory=workspace.memory, timeout=workspace.timeout)
        where = Where(search_paths=(str(folder),), system=False)
        detector = Detector(asker=asker, where=where, hook_folder=workspace.hook_folder, jobs=1)
        document = workspace.catalog.soft(soft) or own_distribution(soft) or workspace.catalog.require_soft(soft)
        return detector.detect([document]).entries

    return Installer(
        store=Store(home=workspace.home),
        fetcher=make_fetcher(workspace, wishes.progress),
        cache=workspace.cache,
        host=host_target(workspace),
        package=package,
        target=lambda name: workspace.catalog.require_target(name)[1],
        recognise=recognise,
        facts=LateFacts(lambda: platform_facts(workspace.platform())),
        tell=wishes.tell,
        jobs=wishes.jobs or workspace.jobs,
        keep_failed=wishes.keep_failed,
    )


def own_distribution(soft: str) -> Soft | None:
    """Give the soft of a Python distribution, ``python.NAME``, which needs no document."""
    name = soft.removeprefix("python.")
    if name == soft:
        return None
    from pkgmgr.detect.distributions import distribution_soft  # 10 ms, where one is asked for

    return distribution_soft(name)


def with_own_files(package: Package, folder: Path) -> Package:
    """Let addresses that begin with ``file:{package}/`` lead into a package's own folder.

    Its requirement files are sources: pinned, recorded in a lock, and one for each version. A lock keeps the address as
    it is written, so it is the same on every machine.
    """
    own = "file:{package}/"
    if not any(url.startswith(own) for row in package.source for url in row.urls):
        return package
    place = f"{folder.absolute().as_uri()}/"
    rows = [
        msgspec.structs.replace(
            row, urls=tuple(place + url.removeprefix(own) if url.startswith(own) else url for url in row.urls)
        )
        for row in package.source
    ]
    return msgspec.structs.replace(package, source=tuple(rows))
