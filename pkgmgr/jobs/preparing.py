"""Make an env ready for a target: which target to build for, the plan, what is missing, the operations."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import msgspec

from pkgmgr.environ.compose import compose
from pkgmgr.jobs.envs import EnvRequest, LoadedEnv, find_env, request_for
from pkgmgr.jobs.installation import Wishes, carry_out, host_target, make_plan, wanted_target
from pkgmgr.jobs.locking import with_locked_pythons
from pkgmgr.jobs.locks import carrier_id
from pkgmgr.jobs.prepared import Prepared
from pkgmgr.jobs.served import note_env
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.jobs.world import LocalWorld
from pkgmgr.model.errors import ConflictError
from pkgmgr.model.plan import Plan
from pkgmgr.model.reference import Reference
from pkgmgr.model.target import Target, parse_target
from pkgmgr.run.emulate import runs_natively, sysroot_of


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What is going to be done for an env, and for which target."""

    target: Target
    request: EnvRequest
    wishes: Wishes
    plan: Plan
    """Its notes say why another target stands in for the one wanted."""
    world: LocalWorld


def runnable_target(workspace: Workspace, loaded: LoadedEnv, wanted: Target) -> tuple[Target, str]:
    """Give the target to build for so that the result can be run, and a note if it is another one.

    A dynamic program needs the target's C library on this host to be emulated; where that is not there and the env
    does not bring it, a program of another target that runs there too is built instead.
    """
    host = host_target(workspace)
    document = workspace.catalog.require_target(str(wanted))[1]
    if runs_natively(wanted, host) or document.command or document.libc != "glibc":
        return wanted, ""
    from pkgmgr.install.store import Store  # where a C library is looked for

    mine = Store(home=workspace.home).installed()
    compilers = [entry for entry in mine if "compiler" in entry.tags and str(wanted) in entry.emits]
    if sysroot_of(document, workspace.host.files, compilers) is not None or not document.runs:
        return wanted, ""
    if request_for(workspace, loaded, wanted).sysroot:
        return wanted, ""
    other = parse_target(document.runs[0])
    kind = "static programs" if workspace.catalog.require_target(str(other))[1].is_static else "programs"
    return other, (
        f"no C library for {wanted} is here to run its programs with, so they are built for {other}, whose {kind} run "
        f"there too"
    )


def _locked_wishes(
    workspace: Workspace, loaded: LoadedEnv, target: Target, wishes: Wishes, request: EnvRequest
) -> Wishes:
    """Hold a run to the env's lock, unless settings have made other requirements of it than those that are locked."""
    mine = dataclasses.replace(wishes, target=str(target))
    if request.requirements != request_for(workspace, loaded, target).requirements:
        return mine
    return with_locked_pythons(workspace, loaded, target, mine)


def settle(workspace: Workspace, loaded: LoadedEnv, wishes: Wishes, settings: Mapping[str, str]) -> Settled:
    """Resolve an env, for another target in place of the one wanted where only so its programs can run there.

    :raises ConflictError: when nothing meets it.
    """
    wanted, note = runnable_target(workspace, loaded, wanted_target(workspace, wishes.target))
    notes = (note,) if note else ()
    other = instead_of(loaded, wanted)
    try:
        settled = _settle(workspace, loaded, wanted, wishes, settings, notes)
    except ConflictError:
        if other is None:
            raise
    else:
        if other is None or served_target(workspace, settled.plan, wanted).base == wanted.base:
            return settled
    note = f"nothing here makes programs for {wanted}: built for {other}, whose C library is carried along"
    return _settle(workspace, loaded, other, wishes, settings, (f"{note}; not tried on a device",))


def _settle(
    workspace: Workspace,
    loaded: LoadedEnv,
    target: Target,
    wishes: Wishes,
    settings: Mapping[str, str],
    notes: tuple[str, ...],
) -> Settled:
    request = request_for(workspace, loaded, target, settings)
    mine = _locked_wishes(workspace, loaded, target, wishes, request)
    plan, world = make_plan(workspace, request.requirements, mine)
    plan = msgspec.structs.replace(plan, notes=(*notes, *plan.notes))
    return Settled(target=target, request=request, wishes=mine, plan=plan, world=world)


def instead_of(loaded: LoadedEnv, wanted: Target) -> Target | None:
    """Give the target that an env builds for where nothing makes programs of the one wanted."""
    names = (str(wanted), str(wanted.base))
    rows = loaded.env.instead.items()
    found = (other for glob, other in rows if any(fnmatchcase(name, glob) for name in names))
    name = next(found, None)
    return parse_target(name) if name else None


def plan_env(
    workspace: Workspace, loaded: LoadedEnv, wishes: Wishes, settings: Mapping[str, str]
) -> tuple[Plan, Target]:
    """Resolve an env without doing anything."""
    settled = settle(workspace, loaded, wishes, settings)
    return settled.plan, settled.target


def prepare(
    workspace: Workspace,
    reference: Reference | None,
    wishes: Wishes,
    settings: Mapping[str, str],
    *,
    show: Callable[[Plan], None] = lambda _plan: None,
) -> Prepared:
    """Resolve an env and make what is missing.

    :param show: called with the plan before anything is done.
    """
    loaded = find_env(workspace, reference)
    settled = settle(workspace, loaded, wishes, settings)
    show(settled.plan)
    done = carry_out(workspace, settled.plan, settled.world, settled.wishes)
    served = served_target(workspace, settled.plan, settled.target)
    note_env(workspace.home, loaded, target=str(served), given=map(carrier_id, done.roots))
    notes = list(settled.plan.notes)
    if served != settled.target and not settled.plan.notes:
        notes.append(f"no toolchain for {settled.target} is here: built as {served} programs, not tried on a device")
    wanted = wanted_target(workspace, wishes.target)
    return Prepared(
        loaded=loaded,
        target=served,
        place=workspace.catalog.require_target(str(wanted))[1],
        done=done,
        operations=compose(done.parts, settled.request.operations, target=str(served)),
        notes=tuple(notes),
        detections=tuple(settled.world.detections),
    )


def served_target(workspace: Workspace, plan: Plan, target: Target) -> Target:
    """Give the target that the compiler of a plan serves: the one wanted, or one whose programs run there.

    One that is yet to be installed is made for this host; what it will emit is in its package.
    """
    compilers = [step for step in plan.steps if step.soft.startswith("compiler.") and step.toolchain_target]
    if not compilers:
        return target
    served = parse_target(compilers[0].toolchain_target)
    if compilers[0].entry is None and compilers[0].package:
        emits = workspace.catalog.require_package(compilers[0].package).emits
        document = workspace.catalog.require_target(str(target))[1]
        names = [str(target), str(target.base), *document.runs]
        served = next((parse_target(name) for name in names if any(fnmatchcase(name, glob) for glob in emits)), served)
    return target if served.base == target.base and not served.detail else served
