"""Make the machine match a lock, or say why it can't: nothing is ever taken in place of what is locked."""

from __future__ import annotations

import dataclasses

from pkgmgr.install.venv.wanted import ENVIRONMENT
from pkgmgr.jobs.drift import entry_drifts
from pkgmgr.jobs.envs import LoadedEnv, request_for
from pkgmgr.jobs.installation import Installation, Wishes, carry_out, host_target, plan_in, wanted_target
from pkgmgr.jobs.locking import PinnedWorld
from pkgmgr.jobs.locks import carrier_id, changed_packages, locked_host, locked_target
from pkgmgr.jobs.served import note_env
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.jobs.world import LocalWorld
from pkgmgr.lock.verdict import Substitute, Verdict, judge, judge_all, substitutes, unmet
from pkgmgr.model.errors import ConflictError, LockError, NotFoundError
from pkgmgr.model.lock import Lock, LockedTarget
from pkgmgr.model.plan import Plan
from pkgmgr.resolve.option import Choice

_FEW = 3


class UnmetLock(LockError):
    """A lock that can't be met on this host: a verdict for each target, and what could be taken instead."""

    def __init__(
        self, message: str, *, hint: str | None, verdicts: tuple[Verdict, ...], choices: tuple[Substitute, ...] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.verdicts = verdicts
        self.substitutes = choices


def verdicts_of(workspace: Workspace, loaded: LoadedEnv, lock: Lock) -> tuple[Verdict, ...]:
    """Judge each target of a lock on this host, the best first."""
    here = str(host_target(workspace))
    runs = workspace.catalog.require_target(here)[1].runs
    return tuple(judge_all(lock, locked_host(workspace), here, runs, loaded.command))


def lesser(workspace: Workspace, lock: Lock, target: str) -> tuple[str, ...]:
    """Say what the host that a part of a lock was resolved on had and this one has not, where it fits none the less."""
    part = lock.targets.get(target)
    verdict, reasons = judge(part, locked_host(workspace)) if part is not None else ("fits", ())
    return reasons if verdict == "fits only the least" else ()


def meet_lock(
    workspace: Workspace, loaded: LoadedEnv, lock: Lock, wishes: Wishes, settings: dict[str, str] | None = None
) -> Installation:
    """Make the machine match a lock: install what it names, take what it found, substitute nothing.

    :raises UnmetLock: when it can't be met here, saying what differs and what could be done.
    """
    target = wanted_target(workspace, wishes.target)
    try:
        part = locked_target(lock, target)
    except LockError as error:
        raise _unmet(workspace, loaded, lock, error.message) from error
    below = unmet(part.least, locked_host(workspace))
    if below:
        raise _unmet(
            workspace,
            loaded,
            lock,
            f"this host is below the least that the lock of {lock.name} needs: {'; '.join(below)}",
        )
    request = request_for(workspace, loaded, target, settings)
    world = PinnedWorld(workspace=workspace, search=wishes.search, pins=part.entries)
    pins = next((pin.python for pin in part.entries if pin.python is not None), None)
    mine = dataclasses.replace(wishes, pins=pins)
    try:
        plan = plan_in(world, request.requirements, target, Choice(host=host_target(workspace)), mine)
        _refuse_other_documents(workspace, loaded, plan, part)
        done = carry_out(workspace, plan, world, mine)
    except (NotFoundError, ConflictError) as error:
        what = _what_differs(workspace, part) or error.message
        raise _unmet(
            workspace, loaded, lock, f"the lock of {lock.name} can't be met on this host: {what}", part
        ) from error
    note_env(workspace.home, loaded, target=str(target), given=map(carrier_id, done.roots))
    wanted = set(part.roots.values())
    # A Python environment is the locked one by its wheels; its id names the interpreter, too.
    built = [entry for entry in done.roots if entry.package is not None and entry.soft != ENVIRONMENT]
    other = [entry for entry in built if entry.id not in wanted]
    if other:
        raise LockError(
            f"{other[0].package} would be made differently from the lock of {lock.name}: its document, its toolchain "
            f"or its dependencies have changed",
            hint=f"'{loaded.command('lock')}' accepts the new ones",
        )
    return done


def _refuse_other_documents(workspace: Workspace, loaded: LoadedEnv, plan: Plan, part: LockedTarget) -> None:
    """:raises LockError: before anything is built by a document that is not the locked one."""
    changed = changed_packages(workspace, part.entries)
    told = [changed[step.package] for step in plan.installs if step.package in changed]
    if told:
        raise LockError(
            f"what the lock of {loaded.env.name} names is not here and can't be made as it was: {'; '.join(told)}",
            hint=f"'{loaded.command('lock')}' accepts the new ones",
        )


def _unmet(
    workspace: Workspace, loaded: LoadedEnv, lock: Lock, message: str, part: LockedTarget | None = None
) -> UnmetLock:
    verdicts = verdicts_of(workspace, loaded, lock)
    choices = _choices(workspace, loaded, part) if part is not None else ()
    lines = [message]
    for row in verdicts:
        lines.append(f"  {row.target}: {row.verdict}" + (f": {'; '.join(row.reasons)}" if row.reasons else ""))
    for place, choice in enumerate(choices, 1):
        lines.append(f"  {place}. {choice.id} at {choice.prefix} ({choice.why}): {choice.type}")
    hints = [row.type for row in verdicts if row.type and part is None]
    hint = hints[0] if hints else f"'{loaded.command('lock')}' accepts this host as it is"
    return UnmetLock("\n".join(lines), hint=hint, verdicts=verdicts, choices=choices)


def _choices(workspace: Workspace, loaded: LoadedEnv, part: LockedTarget) -> tuple[Substitute, ...]:
    """Rank what is here of the softs whose locked entries are not."""
    world = LocalWorld(workspace=workspace)
    found: list[Substitute] = []
    for pin in part.entries:
        if pin.package is None and pin.prefix is not None:
            entries = world.entries(pin.soft)
            if all(entry.id != pin.id or entry.fingerprint != pin.fingerprint for entry in entries):
                found += substitutes(pin, entries, loaded.command)[:_FEW]
    return tuple(found)


def _what_differs(workspace: Workspace, part: LockedTarget) -> str:
    """Say what differs of what was found; what was installed is no reason: that it is not there is why it is made."""
    found = [pin for pin in part.entries if pin.prefix is not None]
    drifts = [drift for drift in entry_drifts(workspace, found) if not drift.is_accepted]
    return "; ".join(f"{drift.name} {drift.what}: {drift.before} → {drift.after}" for drift in drifts[:_FEW])
