"""The environment of requirements, entries and envs; nothing is installed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkgmgr.environ.compose import compose
from pkgmgr.environ.tools import aimed
from pkgmgr.jobs.envs import EnvRequest, LoadedEnv, find_env, inputs_digest, read_word, request_for
from pkgmgr.jobs.met import keep_met, recall_met
from pkgmgr.jobs.registry import Registry
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError, ConflictError, LockError, NotFoundError
from pkgmgr.model.operation import Operation
from pkgmgr.model.package import Require
from pkgmgr.model.target import Target, parse_target

_ASKED = ("export",)
"""Kept apart from what `sync` found: an export does not ask whether the host is the least that the lock needs."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Entries and what they do to variables."""

    entries: tuple[Entry, ...]
    operations: tuple[Operation, ...]
    target: str
    path_separator: str


def environment_of(workspace: Workspace, words: Sequence[str], *, target: str | None = None) -> Environment:
    """Give the environment that references name together; of one env alone, as its current lock says.

    :raises NotFoundError: when something would have to be installed first.
    """
    wanted = workspace.catalog.require_target(target or workspace.host.target)[0]
    requirements: list[str | Require] = []
    own: list[Operation] = []
    entries: list[Entry] = []
    for word in words:
        reference = read_word(word)
        if reference.kind == "entry":
            entries.append(require_entry(workspace, reference.name))
        elif reference.kind == "env":
            loaded = find_env(workspace, reference)
            request = request_for(workspace, loaded, wanted)
            own += request.operations
            locked = _locked_entries(workspace, loaded, wanted, request) if len(words) == 1 else None
            if locked is None:
                requirements += request.requirements
            else:
                entries += locked
        else:
            requirements.append(str(reference))
    if requirements:
        entries += _found_entries(workspace, requirements, wanted, words)
    document = workspace.catalog.require_target(str(wanted))[1]
    return Environment(
        entries=tuple(entries),
        operations=compose([aimed(entry, wanted, document.triples[0]) for entry in entries], own),
        target=str(wanted),
        path_separator=document.path_separator,
    )


def _found_entries(
    workspace: Workspace, requirements: Sequence[str | Require], wanted: Target, words: Sequence[str]
) -> list[Entry]:
    from pkgmgr.jobs.installation import Wishes, make_plan  # 40 ms, where something is to be resolved

    plan, _ = make_plan(workspace, requirements, Wishes(target=str(wanted), alone=True))
    if plan.installs:
        missing = ", ".join(f"{step.package} {step.version}" for step in plan.installs)
        raise NotFoundError(f"not all of it is here: {missing}", hint=f"ckpm install {' '.join(words)}")
    by_key = {step.key: step.entry for step in plan.steps}
    rows = (by_key[key] for key in dict.fromkeys(plan.roots.values()))
    return [entry for entry in rows if entry is not None]


def _locked_entries(
    workspace: Workspace, loaded: LoadedEnv, wanted: Target, request: EnvRequest
) -> Sequence[Entry] | None:
    """Give what an env's current lock says, where all of it is here; None without such a lock."""
    for asked in ((), _ASKED):
        known = recall_met(workspace, loaded, str(wanted), asked)
        if known is not None:
            return known.roots
    from pkgmgr.jobs.installation import Installation, Wishes, host_target, plan_in
    from pkgmgr.jobs.locking import PinnedWorld
    from pkgmgr.jobs.locks import locked_target, read_lock
    from pkgmgr.resolve.options import Choice

    try:
        lock = read_lock(loaded)
        if lock is None or lock.inputs != inputs_digest(workspace, loaded):
            return None
        part = locked_target(lock, wanted)
        pins = next((pin.python for pin in part.entries if pin.python is not None), None)
        world = PinnedWorld(workspace=workspace, pins=part.entries)
        wishes = Wishes(target=str(wanted), pins=pins)
        plan = plan_in(world, request.requirements, wanted, Choice(host=host_target(workspace)), wishes)
    except (LockError, NotFoundError, ConflictError):
        return None
    if plan.installs:
        return None
    entries = {step.key: step.entry for step in plan.steps if step.entry is not None}
    keep_met(workspace, loaded, str(wanted), plan, entries, _ASKED)
    return Installation(plan=plan, entries=entries).roots


def names_of(workspace: Workspace, environment: Environment) -> dict[str, dict[str, str]]:
    """Give what other tools call the softs of an environment."""
    found = {}
    for entry in environment.entries:
        soft = workspace.catalog.soft(entry.soft)
        aliases = soft.aliases if soft is not None else {}
        found[entry.soft] = {tool: name if isinstance(name, str) else name[0] for tool, name in aliases.items()}
    return found


def emulator_of(workspace: Workspace, environment: Environment) -> tuple[str, ...]:
    """Give the command that runs the target's programs here; empty when nothing does."""
    from pkgmgr.run.emulate import launcher

    target, document = workspace.catalog.require_target(environment.target)
    roles = {entry.soft: entry for entry in environment.entries}
    try:
        return launcher(target, parse_target(workspace.host.target), document, roles, workspace.host.files)
    except CkpmError:
        return ()  # an environment without an emulator is whole; only running needs one


def all_entries(workspace: Workspace) -> list[Entry]:
    """Give every entry of the home: installed ones, and those that detection registered."""
    from pkgmgr.install.store import Store

    return [*Store(home=workspace.home).installed(), *Registry(workspace.home).entries()]


def require_entry(workspace: Workspace, name: str) -> Entry:
    """Give one entry by its id, or by an unmistakable beginning of it."""
    entries = {entry.id: entry for entry in all_entries(workspace)}
    if name in entries:
        return entries[name]
    found = [entry for key, entry in entries.items() if key.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFoundError(f"{name!r} may be {', '.join(entry.id for entry in found[:5])}", hint="name one whole")
    raise NotFoundError(f"there is no entry {name!r}", hint="'ckpm list entry' shows those there are")
