"""Run a task of an env: resolve, build what it needs, run it on its target, check and record."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

import msgspec

from pkgmgr.catalog.document import nearest_name
from pkgmgr.environ.compose import apply, compose
from pkgmgr.install.context import BuildContext, write_scripts
from pkgmgr.install.job import Installer
from pkgmgr.install.steps import perform_all
from pkgmgr.install.store import folder_hash
from pkgmgr.install.texts import entry_texts, fill_all, fill_text
from pkgmgr.install.toolchain import make_toolchain
from pkgmgr.jobs.envs import LoadedEnv, find_env, param_values, request_for
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
from pkgmgr.model.condition import Circumstances
from pkgmgr.model.entry import Entry, Value
from pkgmgr.model.env import Task
from pkgmgr.model.errors import CkpmError, NotFoundError
from pkgmgr.model.operation import Operation
from pkgmgr.model.plan import Plan
from pkgmgr.model.reference import Reference
from pkgmgr.model.target import Target, parse_target
from pkgmgr.run.emulate import launcher, runs_natively, sysroot_of
from pkgmgr.run.record import Result, write_result


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


def runnable_target(workspace: Workspace, wanted: Target) -> tuple[Target, str]:
    """Give the target to build for so that the result can be run, and a note if it is another one.

    A dynamic program needs the target's C library on this host to be emulated; where that is not there, a static
    program of a target that runs there too is built instead.
    """
    host = host_target(workspace)
    document = workspace.catalog.require_target(str(wanted))[1]
    if runs_natively(wanted, host) or document.command or document.libc != "glibc":
        return wanted, ""
    if sysroot_of(document, workspace.host.files) is not None or not document.runs:
        return wanted, ""
    other = parse_target(document.runs[0])
    return other, (
        f"no C library for {wanted} is here to run its programs with, so they are built as static {other} programs, "
        f"which run there too"
    )


def plan_env(
    workspace: Workspace, loaded: LoadedEnv, wishes: Wishes, settings: Mapping[str, str]
) -> tuple[Plan, Target, str]:
    """Resolve an env without doing anything."""
    target, note = runnable_target(workspace, wanted_target(workspace, wishes.target))
    request = request_for(workspace, loaded, target, settings)
    mine = with_locked_pythons(workspace, loaded, target, dataclasses.replace(wishes, target=str(target)))
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
    target, note = runnable_target(workspace, wanted_target(workspace, wishes.target))
    request = request_for(workspace, loaded, target, settings)
    mine = with_locked_pythons(workspace, loaded, target, dataclasses.replace(wishes, target=str(target)))
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
    params = param_values({**loaded.env.params, **task.params}, settings, where=f"task {name} of env {loaded.env.name}")
    for earlier in task.after:
        done = run_task(workspace, prepared, earlier, {}, wishes=wishes, echo=echo)
        if done.state != "done":
            return done
    build = build_folder(workspace, prepared, name)
    texts = {
        "env": str(loaded.folder),
        "build": str(build),
        "target": str(prepared.target),
        **params,
        **entry_texts(prepared.roles),
    }
    if task.step:
        _build(workspace, prepared, name, task, build, texts, wishes)
    build.mkdir(parents=True, exist_ok=True)
    argv = [*fill_all(task.run, texts, where=f"task {name}"), *extra]
    host = host_target(workspace)
    if task.on == "target":
        document = workspace.catalog.require_target(str(prepared.target))[1]
        argv = [*launcher(prepared.target, host, document, prepared.roles, workspace.host.files), *argv]
    own = [
        msgspec.structs.replace(item, value=None if item.value is None else fill_text(item.value, texts, where=name))
        for item in task.env
    ]
    settings_env = [Operation(op="set", var=key, value=value) for key, value in params.items()]
    variables = apply([*prepared.operations, *settings_env, *own], workspace.variables)
    folder = Path(fill_text(task.folder, texts, where=name)) if task.folder else loaded.folder
    return _execute(workspace, prepared, name, task, argv, variables, folder, build, params, echo)


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
    wishes: Wishes,
) -> None:
    """Perform a task's steps, unless nothing that they depend on has changed."""
    stamp = _stamp(prepared, task)
    mark = build / ".ckpm-built"
    if mark.is_file() and mark.read_text() == stamp:
        return
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    roles = prepared.roles
    installer: Installer = make_installer(workspace, wishes)
    document = workspace.catalog.require_target(str(prepared.target))[1]
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
    circumstances = Circumstances(target=prepared.target, libc=document.libc)
    perform_all(task.step, context, circumstances)
    mark.write_text(stamp)


def _stamp(prepared: Prepared, task: Task) -> str:
    used = sorted(f"{entry.id} {entry.fingerprint}" for entry in prepared.roles.values())
    content = msgspec.json.encode([task.step, used, folder_hash(prepared.loaded.folder)], order="sorted")
    return hashlib.sha256(content).hexdigest()


def _execute(
    workspace: Workspace,
    prepared: Prepared,
    name: str,
    task: Task,
    argv: Sequence[str],
    variables: Mapping[str, str],
    folder: Path,
    build: Path,
    params: Mapping[str, str],
    echo: BinaryIO | None,
) -> Result:
    started = datetime.datetime.now(datetime.UTC)
    identity = f"{prepared.loaded.env.name}-{name}-{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    output = workspace.home / "results" / f"{identity}.log"
    output.parent.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    code, reason = None, ""
    printed = b""
    try:
        code, printed = _stream(argv, folder, variables, output, echo)
    except OSError as error:
        reason = f"{argv[0]} can't be started: {error.strerror}"
    seconds = time.monotonic() - begin
    reason = reason or _judge(task, code, printed)
    metrics: dict[str, Value] = {}
    if not reason and task.metrics:
        metrics, reason = _metrics(folder / task.metrics, build / task.metrics)
    result = Result(
        id=identity,
        env=prepared.loaded.env.name,
        task=name,
        target=str(prepared.target),
        started=started.isoformat(timespec="seconds"),
        seconds=round(seconds, 6),
        exit_code=code,
        state="failed" if reason else "done",
        reason=reason,
        argv=tuple(argv),
        params=dict(params),
        metrics=metrics,
        entries={entry.id: entry.fingerprint for entry in prepared.done.entries.values()},
        host={"target": workspace.host.target},
        output=str(output),
    )
    write_result(workspace.home, result)
    return result


def _stream(
    argv: Sequence[str], folder: Path, variables: Mapping[str, str], output: Path, echo: BinaryIO | None
) -> tuple[int, bytes]:
    """Run a program, keep what it prints, and pass it on as it comes."""
    kept = []
    errors = subprocess.DEVNULL if echo is None else None
    with output.open("wb") as log:
        process = subprocess.Popen(
            list(argv), cwd=folder, env=dict(variables), stdout=subprocess.PIPE, stderr=errors, bufsize=0
        )
        assert process.stdout is not None
        try:
            while part := process.stdout.read(1 << 16):
                kept.append(part)
                log.write(part)
                if echo is not None:
                    echo.write(part)
                    echo.flush()
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
    return code, b"".join(kept)


def _judge(task: Task, code: int | None, printed: bytes) -> str:
    if code != 0:
        return f"it exited with {code}"
    wanted = task.expect.stdout
    if wanted and not re.search(wanted, printed.decode("utf-8", "replace"), re.MULTILINE):
        return f"its output does not match {wanted!r}"
    return ""


def _metrics(*places: Path) -> tuple[dict[str, Value], str]:
    for path in places:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            return {}, f"its metrics {path} can't be read: {error}"
        return (content, "") if isinstance(content, dict) else ({}, f"its metrics {path} are no JSON object")
    return {}, f"it wrote no {places[0].name}"


def require_done(result: Result) -> None:
    """Raise `CkpmError` for a run that failed for another reason than its program's exit code."""
    if result.state != "done" and result.exit_code == 0:
        raise CkpmError(
            f"task {result.task} of env {result.env} failed: {result.reason}", hint=f"its output: {result.output}"
        )
