"""The environment of requirements, entries and envs; nothing is installed for it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from pkgmgr.host.probe_environment import environment_digest, probe_variables
from pkgmgr.install.reach import libraries_behind
from pkgmgr.install.store import Store
from pkgmgr.jobs.remembered import keep, package_paths, paths_of, recall, store_paths
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError, ConflictError, LockError, NotFoundError
from pkgmgr.model.operation import Operation
from pkgmgr.model.reference import read_word
from pkgmgr.model.target import Target, TargetDocument, parse_target

if TYPE_CHECKING:
    from pkgmgr.jobs.envs import EnvRequest, LoadedEnv
    from pkgmgr.model.package import Require


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Entries and what they do to variables."""

    entries: tuple[Entry, ...]
    operations: tuple[Operation, ...]
    target: str
    document: TargetDocument
    """Of the target."""
    names: Mapping[str, Mapping[str, str]]
    """What other tools call the entries' softs."""

    @property
    def path_separator(self) -> str:
        """What stands between the items of a list of paths."""
        return self.document.path_separator


class _Hangs(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment hangs on, beside its entries and the catalog."""

    paths: tuple[str, ...] = ()
    detections: tuple[str, ...] = ()


def environment_of(workspace: Workspace, words: Sequence[str], *, target: str | None = None) -> Environment:
    """Give the environment that references name together; of one env alone, as its current lock says.

    :raises NotFoundError: when something would have to be installed first.
    """
    question = _question(workspace, words, target)
    known = recall(workspace, question, Environment)
    if known is not None:
        return known
    found, hangs = _environment(workspace, words, target)
    paths = [*hangs.paths, *paths_of(found.entries), *package_paths(workspace, found.entries), *store_paths(workspace)]
    keep(workspace, question, found, paths=paths, detections=hangs.detections)
    return found


def _question(workspace: Workspace, words: Sequence[str], target: str | None) -> list[str]:
    from_here = any(read_word(word).kind == "env" for word in words)  # a path, or the env of a repository
    probed = environment_digest(probe_variables(workspace.host.variables), with_path=True)
    return ["environment", target or "", probed, os.getcwd() if from_here else "", *words]


def _environment(workspace: Workspace, words: Sequence[str], target: str | None) -> tuple[Environment, _Hangs]:
    from pkgmgr.environ.compose import compose
    from pkgmgr.jobs.envs import files_of, find_env, request_for
    from pkgmgr.jobs.served import note_env

    wanted, document = workspace.catalog.require_target(target or workspace.host.target)
    requirements: list[str | Require] = []
    own: list[Operation] = []
    entries: list[Entry] = []
    paths: list[str] = []
    detections: Sequence[str] = ()
    for word in words:
        reference = read_word(word)
        if reference.kind == "entry":
            entries.append(require_entry(workspace, reference.name))
        elif reference.kind == "env":
            loaded = find_env(workspace, reference)
            request = request_for(workspace, loaded, wanted)
            own += request.operations
            paths += [str(loaded.lock_path), *map(str, files_of(workspace, loaded))]
            locked = _locked_entries(workspace, loaded, wanted, request) if len(words) == 1 else None
            note_env(workspace.home, loaded)
            if locked is None:
                requirements += request.requirements
            else:
                entries += locked
        else:
            requirements.append(str(reference))
    if requirements:
        found, detections = _found_entries(workspace, requirements, wanted, words)
        entries += found
    libraries = libraries_behind(entries, Store(home=workspace.home).installed)
    made = Environment(
        entries=tuple(entries),
        operations=compose([*entries, *libraries], own, target=str(wanted)),
        target=str(wanted),
        document=document,
        names=_names_of(workspace, entries),
    )
    return made, _Hangs(paths=tuple(paths), detections=tuple(detections))


def _found_entries(
    workspace: Workspace, requirements: Sequence[str | Require], wanted: Target, words: Sequence[str]
) -> tuple[list[Entry], Sequence[str]]:
    from pkgmgr.jobs.installation import Wishes, make_plan  # 40 ms, where something is to be resolved

    plan, world = make_plan(workspace, requirements, Wishes(target=str(wanted), alone=True))
    if plan.installs:
        missing = ", ".join(f"{step.package} {step.version}" for step in plan.installs)
        target = "" if str(wanted) == workspace.host.target else str(wanted)
        raise NotFoundError(f"not all of it is here: {missing}", hint=f"make it first: {what_makes(words, target)}")
    by_key = {step.key: step.entry for step in plan.steps}
    rows = (by_key[key] for key in dict.fromkeys(plan.roots.values()))
    return [entry for entry in rows if entry is not None], world.detections


def what_makes(words: Sequence[str], target: str = "") -> str:
    """Give what a person types to get what is missing. Envs have a verb of their own, which takes one at a time.

    :param target: the target that was asked for, where it is not the host's.
    """
    kinds = {word: read_word(word).kind for word in words}
    commands = [["sync", word] for word, kind in kinds.items() if kind == "env"]
    others = [word for word, kind in kinds.items() if kind in ("soft", "package")]
    commands += [["install", *others]] if others else []
    steered = ["--target", target] if target else []
    return " && ".join(shlex.join(["ckpm", *command, *steered]) for command in commands)


def _locked_entries(
    workspace: Workspace, loaded: LoadedEnv, wanted: Target, request: EnvRequest
) -> Sequence[Entry] | None:
    """Give what an env's current lock says, where all of it is here; None without such a lock."""
    from pkgmgr.jobs.envs import inputs_digest
    from pkgmgr.jobs.installation import Installation, Wishes, host_target, plan_in
    from pkgmgr.jobs.locking import PinnedWorld
    from pkgmgr.jobs.locks import locked_target, read_lock
    from pkgmgr.resolve.option import Choice

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
    return Installation(plan=plan, entries=entries).roots


def _names_of(workspace: Workspace, entries: Sequence[Entry]) -> dict[str, dict[str, str]]:
    """Give what other tools call the softs of entries."""
    found = {}
    for entry in entries:
        soft = workspace.catalog.soft(entry.soft)
        aliases = soft.aliases if soft is not None else {}
        found[entry.soft] = {tool: name if isinstance(name, str) else name[0] for tool, name in aliases.items()}
    return found


def emulator_of(workspace: Workspace, environment: Environment) -> tuple[str, ...]:
    """Give the command that runs the target's programs here; empty when nothing does."""
    from pkgmgr.run.emulate import launcher

    target, document = parse_target(environment.target), environment.document
    roles = {entry.soft: entry for entry in environment.entries}
    try:
        return launcher(target, parse_target(workspace.host.target), document, roles, workspace.host.files)
    except CkpmError:
        return ()  # an environment without an emulator is whole; only running needs one


def all_entries(workspace: Workspace) -> list[Entry]:
    """Give every entry of the home: installed ones, and those that detection registered."""
    from pkgmgr.install.store import Store
    from pkgmgr.jobs.registry import Registry

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
