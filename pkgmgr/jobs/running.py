"""Run a task of an env: build what it needs, run it on its target, check and record."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from pkgmgr import __version__
from pkgmgr.environ.compose import apply
from pkgmgr.install.texts import entry_texts, fill_all, fill_text
from pkgmgr.install.use import using
from pkgmgr.jobs.building import built
from pkgmgr.jobs.envs import param_values, request_for
from pkgmgr.jobs.prepared import Prepared, choose_task
from pkgmgr.jobs.workspace import Workspace, host_target
from pkgmgr.model.condition import Circumstances, holds
from pkgmgr.model.entry import Value
from pkgmgr.model.env import Task
from pkgmgr.model.errors import CkpmError, Interrupted
from pkgmgr.model.operation import Operation
from pkgmgr.run.emulate import launcher, runs_natively
from pkgmgr.run.execute import Ended, execute, judge, read_metrics
from pkgmgr.run.record import Result, finished, process_start, write_result

if TYPE_CHECKING:
    from pkgmgr.jobs.wishes import Wishes


@dataclass(frozen=True, kw_only=True)
class Call:
    """A program, ready to be started."""

    argv: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str]
    figures: tuple[Path, ...]
    """Where the figures may be, the likeliest first."""
    carried: Path | None = None
    """The folder that was made for a machine with files of its own."""
    not_run: str = ""
    """Why nothing here can run it; its folder is all that was wanted."""


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
    begun = _begin(workspace, prepared, name, params)
    texts = {
        "env": str(loaded.folder),
        "result": begun.folder,
        "target": str(prepared.target),
        **params,
        **entry_texts(prepared.roles),
    }
    is_begun = False
    try:
        with (
            using(prepared.done.entries.values()),
            built(workspace, prepared, name, task, params, texts, wishes) as build,
        ):
            texts["build"] = str(build)
            call = _call(workspace, prepared, name, task, params, texts, begun.id, extra, wishes)
            is_begun = True
            result = _execute(workspace, task, begun, call, echo)
    except (CkpmError, OSError, KeyboardInterrupt) as error:
        if not is_begun:
            why = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
            write_result(workspace.home, finished(begun, Ended(code=None), reason=f"not begun: {why}"))
        raise
    if call.carried is not None and result.state == "done":
        from pkgmgr.jobs.carrying import drop_earlier

        drop_earlier(workspace.home, result)
    return result


def _call(
    workspace: Workspace,
    prepared: Prepared,
    name: str,
    task: Task,
    params: Mapping[str, str],
    texts: dict[str, str],
    identity: str,
    extra: Sequence[str],
    wishes: Wishes,
) -> Call:
    """Put together what is started: words, folder, variables."""
    loaded = prepared.loaded
    folder = Path(fill_text(task.folder, texts, where=name)) if task.folder else loaded.folder
    figures = (Path(texts["result"]), folder, Path(texts["build"]))
    settings_env = [Operation(op="set", var=key, value=value) for key, value in params.items()]
    own = [
        msgspec.structs.replace(item, value=None if item.value is None else fill_text(item.value, texts, where=name))
        for item in task.env
    ]
    variables = apply([*prepared.operations, *settings_env, *own], workspace.variables)
    if not is_carried(prepared, task, params):
        front = _launcher(workspace, prepared, task)
        texts |= {"launcher": shlex.join(front), "portable": ""}
        argv = [*fill_all(task.run, texts, where=f"task {name}"), *extra]
        words = (*front, *argv) if task.on == "target" else tuple(argv)
        return Call(argv=words, folder=folder, variables=variables, figures=figures)
    from pkgmgr.jobs.carrying import carry  # 40 ms, where the target has machines of its own
    from pkgmgr.run.portable import OUTPUT

    carried = carry(workspace, prepared, name, task, texts, identity)
    wishes.tell(f"made {carried.folder}: {len(carried.checked)} programs and libraries for {prepared.place.name}")
    texts |= {"launcher": shlex.join(carried.launcher), "portable": str(carried.folder)}
    if task.on != "target":
        argv = [*fill_all(task.run, texts, where=f"task {name}"), *extra]
        return Call(argv=tuple(argv), folder=folder, variables=variables, figures=figures, carried=carried.folder)
    # There, the run's own folder is the one that comes back.
    argv = [*fill_all(task.run[1:], {**texts, "result": OUTPUT}, where=f"task {name}"), *extra]
    return Call(
        argv=(*carried.launcher, *argv),
        folder=carried.folder,
        variables=variables,
        figures=(carried.folder / OUTPUT,),
        carried=carried.folder,
        not_run="" if carried.launcher else carried.how,
    )


def is_carried(prepared: Prepared, task: Task, params: Mapping[str, str]) -> bool:
    """Tell whether a task's program is made into a folder: its target has machines with files of their own."""
    if prepared.place.device is None:
        return False
    if task.carry is None:
        return task.on == "target"
    return holds(task.carry.when, Circumstances(target=prepared.target, variants=params))


def _launcher(workspace: Workspace, prepared: Prepared, task: Task) -> tuple[str, ...]:
    """Give what stands in front of the target's programs, for a task that runs or starts some."""
    if task.on != "target" and not any("{launcher}" in word for word in task.run):
        return ()
    document, host = prepared.place, host_target(workspace)
    if runs_natively(prepared.target, host):
        return document.command
    request = request_for(workspace, prepared.loaded, prepared.target)
    own = fill_text(request.sysroot, entry_texts(prepared.roles), where=f"env {prepared.loaded.env.name}: sysroot")
    return launcher(prepared.target, host, document, prepared.roles, workspace.host.files, own)


def _begin(workspace: Workspace, prepared: Prepared, name: str, params: Mapping[str, str]) -> Result:
    """Make the record of a run that is about to begin, and its folder; a killed run leaves these."""
    loaded = prepared.loaded
    started = datetime.datetime.now(datetime.UTC)
    identity = f"{loaded.env.name}-{name}-{started:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"
    results = workspace.home / "results"
    folder = results / identity
    folder.mkdir(parents=True)
    lock, target = loaded.lock_path, str(prepared.target)
    begun = Result(
        id=identity,
        env=loaded.env.name,
        task=name,
        target=target,
        place="" if prepared.place.name in (target, str(prepared.target.base)) else prepared.place.name,
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


def _execute(workspace: Workspace, task: Task, begun: Result, call: Call, echo: BinaryIO | None) -> Result:
    begun = msgspec.structs.replace(begun, argv=call.argv)
    if call.not_run:
        metrics: dict[str, Value] = {"table": [["not run", call.not_run], ["folder", str(call.folder)]]}
        result = finished(begun, Ended(code=0), reason="", metrics=metrics)
        write_result(workspace.home, result)
        return result
    begin, since = time.monotonic(), time.time()
    errors = sys.stderr.buffer if echo is not None else None
    ended = execute(call.argv, call.folder, call.variables, Path(begun.output), echo, errors)
    begun = msgspec.structs.replace(begun, seconds=round(time.monotonic() - begin, 6))
    reason = judge(task, ended)
    metrics = {}
    if not reason and task.metrics:
        metrics, reason = read_metrics(*(place / task.metrics for place in call.figures), since=since)
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
