"""Run a task of an env: resolve, build what it needs, run it on its target, check and record."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

import msgspec

from pkgmgr import __version__
from pkgmgr.catalog.document import nearest_name
from pkgmgr.environ.compose import apply, compose
from pkgmgr.install.context import BuildContext, write_scripts
from pkgmgr.install.job import Installer
from pkgmgr.install.steps import perform_all
from pkgmgr.install.store import folder_hash
from pkgmgr.install.texts import entry_texts, fill_all, fill_text
from pkgmgr.install.toolchain import make_toolchain
from pkgmgr.jobs.envs import EnvRequest, LoadedEnv, find_env, param_values, request_for
from pkgmgr.jobs.installation import (
    Installation,
    Wishes,
    carry_out,
    host_target,
    make_installer,
    make_plan,
    wanted_target,
)
from pkgmgr.jobs.locking import with_locked_pythons
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.condition import Circumstances, holds
from pkgmgr.model.entry import Entry, Value
from pkgmgr.model.env import Task
from pkgmgr.model.errors import CkpmError, Interrupted, NotFoundError
from pkgmgr.model.operation import Operation
from pkgmgr.model.package import AnyStep
from pkgmgr.model.plan import Plan
from pkgmgr.model.reference import Reference
from pkgmgr.model.target import Target, parse_target
from pkgmgr.run.emulate import launcher, runs_natively, sysroot_of
from pkgmgr.run.execute import Ended, execute, judge, read_metrics
from pkgmgr.run.record import Result, finished, process_start, write_result


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An env made ready for one target."""

    loaded: LoadedEnv
    target: Target
    done: Installation
    operations: tuple[Operation, ...]
    notes: tuple[str, ...] = ()

    @property
    def roles(self) -> dict[str, Entry]:
        """Role → the entry that meets it; the name of its soft is a role, too."""
        found = {role: self.done.entries[key] for role, key in self.done.plan.roots.items() if key in self.done.entries}
        return {**{entry.soft: entry for entry in found.values()}, **found}


def choose_task(loaded: LoadedEnv, name: str | None) -> tuple[str, Task]:
    """Give a task by name, the default one, or the only one.

    :raises NotFoundError: naming the nearest one.
    """
    tasks = loaded.env.tasks
    chosen = name or loaded.env.default_task or (next(iter(tasks)) if len(tasks) == 1 else "")
    if chosen in tasks:
        return chosen, tasks[chosen]
    nearest = nearest_name(chosen, tasks)
    have = f"did you mean {nearest!r}?" if nearest else f"its tasks: {', '.join(tasks) or 'none'}"
    raise NotFoundError(f"env {loaded.env.name} has no task {chosen!r}" if chosen else "which task?", hint=have)


def runnable_target(workspace: Workspace, loaded: LoadedEnv, wanted: Target) -> tuple[Target, str]:
    """Give the target to build for so that the result can be run, and a note if it is another one.

    A dynamic program needs the target's C library on this host to be emulated; where that is not there and the env
    does not bring it, a static program of a target that runs there too is built instead.
    """
    host = host_target(workspace)
    document = workspace.catalog.require_target(str(wanted))[1]
    if runs_natively(wanted, host) or document.command or document.libc != "glibc":
        return wanted, ""
    if sysroot_of(document, workspace.host.files) is not None or not document.runs:
        return wanted, ""
    if request_for(workspace, loaded, wanted).sysroot:
        return wanted, ""
    other = parse_target(document.runs[0])
    return other, (
        f"no C library for {wanted} is here to run its programs with, so they are built as static {other} programs, "
        f"which run there too"
    )


def _locked_wishes(
    workspace: Workspace, loaded: LoadedEnv, target: Target, wishes: Wishes, request: EnvRequest
) -> Wishes:
    """Hold a run to the env's lock, unless settings have made other requirements of it than those that are locked."""
    mine = dataclasses.replace(wishes, target=str(target))
    if request.requirements != request_for(workspace, loaded, target).requirements:
        return mine
    return with_locked_pythons(workspace, loaded, target, mine)


def plan_env(
    workspace: Workspace, loaded: LoadedEnv, wishes: Wishes, settings: Mapping[str, str]
) -> tuple[Plan, Target, str]:
    """Resolve an env without doing anything."""
    target, note = runnable_target(workspace, loaded, wanted_target(workspace, wishes.target))
    request = request_for(workspace, loaded, target, settings)
    mine = _locked_wishes(workspace, loaded, target, wishes, request)
    plan, _ = make_plan(workspace, request.requirements, mine)
    return plan, target, note


def prepare(
    workspace: Workspace,
    reference: Reference | None,
    wishes: Wishes,
    settings: Mapping[str, str],
    *,
    show: object = None,
) -> Prepared:
    """Resolve an env and make what is missing.

    :param show: called with the plan before anything is done.
    """
    loaded = find_env(workspace, reference)
    target, note = runnable_target(workspace, loaded, wanted_target(workspace, wishes.target))
    request = request_for(workspace, loaded, target, settings)
    mine = _locked_wishes(workspace, loaded, target, wishes, request)
    plan, world = make_plan(workspace, request.requirements, mine)
    if callable(show):
        show(plan)
    done = carry_out(workspace, plan, world, mine)
    operations = compose(done.roots, request.operations)
    notes = ([note] if note else []) + list(plan.notes)
    served = served_target(workspace, plan, target)
    if served != target:
        notes.append(f"no toolchain for {target} is here: built as static {served} programs, not tried on a device")
    return Prepared(loaded=loaded, target=served, done=done, operations=operations, notes=tuple(notes))


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


def run_task(
    workspace: Workspace,
    prepared: Prepared,
    task_name: str | None,
    settings: Mapping[str, str],
    *,
    wishes: Wishes,
    extra: Sequence[str] = (),
    echo: BinaryIO | None = None,
) -> Result:
    """Build what a task needs, run it, check its output and leave a record.

    :param settings: ``--set``: values of the task's and the env's params.
    :param extra: further arguments for the program.
    :param echo: where what it prints is shown as it comes; None: nowhere.
    """
    loaded = prepared.loaded
    name, task = choose_task(loaded, task_name)
    where = f"task {name} of env {loaded.env.name}"
    params = param_values({**loaded.env.params, **task.params}, settings, where=where, target=prepared.target)
    for earlier in task.after:
        done = run_task(workspace, prepared, earlier, {}, wishes=wishes, echo=echo)
        if done.state != "done":
            return done
    build = build_folder(workspace, prepared, name)
    begun = _begin(workspace, prepared, name, params)
    texts = {
        "env": str(loaded.folder),
        "build": str(build),
        "result": begun.folder,
        "target": str(prepared.target),
        **params,
        **entry_texts(prepared.roles),
    }
    try:
        if task.step:
            _build(workspace, prepared, name, task, build, texts, params, wishes)
        build.mkdir(parents=True, exist_ok=True)
        front = _launcher(workspace, prepared, task)
        texts["launcher"] = shlex.join(front)
        argv = [*fill_all(task.run, texts, where=f"task {name}"), *extra]
        own = [
            msgspec.structs.replace(
                item, value=None if item.value is None else fill_text(item.value, texts, where=name)
            )
            for item in task.env
        ]
        folder = Path(fill_text(task.folder, texts, where=name)) if task.folder else loaded.folder
    except (CkpmError, OSError, KeyboardInterrupt) as error:
        why = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        write_result(workspace.home, finished(begun, Ended(code=None), reason=f"not begun: {why}"))
        raise
    settings_env = [Operation(op="set", var=key, value=value) for key, value in params.items()]
    variables = apply([*prepared.operations, *settings_env, *own], workspace.variables)
    begun = msgspec.structs.replace(begun, argv=tuple([*front, *argv] if task.on == "target" else argv))
    return _execute(workspace, task, begun, variables, folder, build, echo)


def _launcher(workspace: Workspace, prepared: Prepared, task: Task) -> tuple[str, ...]:
    """Give what stands in front of the target's programs, for a task that runs or starts some."""
    if task.on != "target" and not any("{launcher}" in word for word in task.run):
        return ()
    document, host = workspace.catalog.require_target(str(prepared.target))[1], host_target(workspace)
    if runs_natively(prepared.target, host):
        return document.command
    request = request_for(workspace, prepared.loaded, prepared.target)
    own = fill_text(request.sysroot, entry_texts(prepared.roles), where=f"env {prepared.loaded.env.name}: sysroot")
    return launcher(prepared.target, host, document, prepared.roles, workspace.host.files, own)


def build_folder(workspace: Workspace, prepared: Prepared, task: str) -> Path:
    """Give where a task's programs are built, one folder for each env's place, target and task."""
    place = hashlib.sha256(str(prepared.loaded.path).encode()).hexdigest()[:8]
    return workspace.home / "builds" / f"{prepared.loaded.env.name}-{place}" / str(prepared.target) / task


def _build(
    workspace: Workspace,
    prepared: Prepared,
    name: str,
    task: Task,
    build: Path,
    texts: Mapping[str, str],
    params: Mapping[str, str],
    wishes: Wishes,
) -> None:
    """Perform a task's steps, unless nothing that they depend on has changed."""
    document = workspace.catalog.require_target(str(prepared.target))[1]
    circumstances = Circumstances(target=prepared.target, libc=document.libc, variants=params)
    steps = tuple(step for step in task.step if holds(step.when, circumstances))
    if not steps:
        return
    stamp = _stamp(prepared, steps)
    mark = build / ".ckpm-built"
    if mark.is_file() and mark.read_text() == stamp:
        return
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    roles = prepared.roles
    installer: Installer = make_installer(workspace, wishes)
    compiler = next((entry for entry in roles.values() if "compiler" in entry.tags), None)
    host = host_target(workspace)
    toolchain = make_toolchain(compiler, prepared.target, document, host) if compiler is not None else None
    wishes.tell(f"building task {name} for {prepared.target}")
    context = BuildContext(
        name=f"task {name}",
        build=build,
        prefix=build,
        folder=prepared.loaded.folder,
        log=build / "build.log",
        sources={},
        roles=roles,
        texts={**texts, "prefix": str(build), "jobs": str(installer.jobs)},
        toolchain=toolchain,
        cache=workspace.cache,
        host=str(host),
        jobs=installer.jobs,
        offline=workspace.offline,
        scripts=write_scripts(toolchain, build / ".tools") if toolchain is not None else {},
    )
    perform_all(steps, context, circumstances)
    mark.write_text(stamp)


def _stamp(prepared: Prepared, steps: Sequence[AnyStep]) -> str:
    used = sorted(f"{entry.id} {entry.fingerprint}" for entry in prepared.roles.values())
    content = msgspec.json.encode([steps, used, folder_hash(prepared.loaded.folder)], order="sorted")
    return hashlib.sha256(content).hexdigest()


def _begin(workspace: Workspace, prepared: Prepared, name: str, params: Mapping[str, str]) -> Result:
    """Make the record of a run that is about to begin, and its folder; a killed run leaves these."""
    loaded = prepared.loaded
    started = datetime.datetime.now(datetime.UTC)
    identity = f"{loaded.env.name}-{name}-{started:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"
    results = workspace.home / "results"
    folder = results / identity
    folder.mkdir(parents=True)
    lock = loaded.lock_path
    begun = Result(
        id=identity,
        env=loaded.env.name,
        task=name,
        target=str(prepared.target),
        started=started.isoformat(timespec="milliseconds"),
        seconds=0.0,
        exit_code=None,
        state="running",
        pid=os.getpid(),
        pid_started=process_start(os.getpid()),
        argv=(),
        params=dict(params),
        entries={entry.id: entry.fingerprint for entry in prepared.done.entries.values()},
        host=measured_host(workspace),
        tools={"ckpm": __version__, "python": ".".join(str(part) for part in sys.version_info[:3])},
        lock=f"sha256:{hashlib.sha256(lock.read_bytes()).hexdigest()}" if lock.is_file() else None,
        output=str(results / f"{identity}.log"),
        folder=str(folder),
    )
    # The program may want to know what it is given, such as the compiler's version.
    environment = {role: msgspec.to_builtins(entry) for role, entry in sorted(prepared.roles.items())}
    (folder / "environment.json").write_text(json.dumps(environment, indent=1, sort_keys=True) + "\n", "utf-8")
    write_result(workspace.home, begun)
    return begun


def measured_host(workspace: Workspace) -> dict[str, Value]:
    """Give the facts of this machine that a figure may depend on."""
    facts = workspace.platform()
    names = (
        *("target", "libc", "libc_version", "kernel", "distribution", "distribution_version", "cpu"),
        *("microarchitecture", "feature_level", "cpus", "usable_cpus", "memory_bytes", "container"),
    )
    found: dict[str, Value] = {name: getattr(facts, name) for name in names if getattr(facts, name) is not None}
    return {**found, "drivers": dict(facts.drivers)}


def _execute(
    workspace: Workspace,
    task: Task,
    begun: Result,
    variables: Mapping[str, str],
    folder: Path,
    build: Path,
    echo: BinaryIO | None,
) -> Result:
    begin, since = time.monotonic(), time.time()
    ended = execute(begun.argv, folder, variables, Path(begun.output), echo)
    begun = msgspec.structs.replace(begun, seconds=round(time.monotonic() - begin, 6))
    reason = judge(task, ended)
    metrics: dict[str, Value] = {}
    if not reason and task.metrics:
        places = (Path(begun.folder), folder, build)
        metrics, reason = read_metrics(*(place / task.metrics for place in places), since=since)
    result = finished(begun, ended, reason=reason, metrics=metrics)
    write_result(workspace.home, result)
    if ended.is_interrupted:
        raise Interrupted(f"interrupted; record: result:{result.id}")
    return result


def require_done(result: Result) -> None:
    """Raise `CkpmError` for a run that failed for another reason than its program's exit code."""
    if result.state != "done" and not result.exit_code:
        raise CkpmError(
            f"task {result.task} of env {result.env} failed: {result.reason}", hint=f"its output: {result.output}"
        )
