"""``ckpm run``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from pkgmgr.cli.open import references_of, settings_of, where_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.parser import add_resolution_options, add_search_options
from pkgmgr.cli.verbs.install import wishes_of
from pkgmgr.jobs.envs import LoadedEnv, find_env
from pkgmgr.jobs.prepared import Prepared, choose_task, keep_prepared, recall_prepared
from pkgmgr.jobs.running import require_done, run_task
from pkgmgr.model.plan import Plan

if TYPE_CHECKING:
    from pkgmgr.jobs.wishes import Wishes
    from pkgmgr.jobs.workspace import Workspace
    from pkgmgr.model.reference import Reference

EXAMPLES = """
ckpm run env:hello-cross                          its default task, on this machine
ckpm run env:hello-cross --target linux-arm64     built for another, run under an emulator
ckpm run env:hello-cross hello --set TEXT=abc
ckpm run ./my-project benchmark --dry-run
"""

TAKES_REST = True
"""What stands behind ``--`` is not ours: it is the program's."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``run``."""
    parser.add_argument("env", nargs="?", metavar="env:NAME", help="the env; default: the one of this folder")
    parser.add_argument("task", nargs="?", help="the task; default: the env's own")
    add_search_options(parser)
    add_resolution_options(parser)


def call(options: Namespace) -> Outcome:
    """Prepare the env, run the task, show what it gave."""
    workspace = workspace_of(options)
    settings = settings_of(options)
    reference = references_of([options.env], default_kind="env", kinds=("env",))[0] if options.env else None
    wishes = wishes_of(options)
    loaded = find_env(workspace, reference)
    choose_task(loaded, options.task)
    if options.dry_run:
        return _outlook(workspace, loaded, wishes, settings)
    steered = [repr(how) for how in (options.target, options.prefer, options.only, where_of(options))]
    is_asked_anew = options.refresh or options.timeout is not None
    prepared = None if is_asked_anew else recall_prepared(workspace, loaded, steered, settings)
    if prepared is not None:
        _show(prepared.done.plan, options)
    else:
        prepared = _prepare(workspace, reference, wishes, settings, options)
        keep_prepared(workspace, prepared, steered, settings)
    if not options.quiet:
        for note in prepared.notes[:1] if not prepared.done.plan.installs else ():
            print(f"note: {note}", file=sys.stderr)
    echo = sys.stderr.buffer if options.json else sys.stdout.buffer
    sys.stdout.flush()
    result = run_task(
        workspace,
        prepared,
        options.task,
        settings,
        wishes=wishes,
        extra=options.rest,
        echo=None if options.quiet and options.json else echo,
    )
    require_done(result)
    if not options.quiet:
        print(
            f"{result.state} in {result.seconds:.2f} s on {result.target}; record: result:{result.id}", file=sys.stderr
        )
    code = result.exit_code if result.exit_code is not None else 1
    error = None
    if result.state != "done":
        error = {
            "code": "failed",
            "message": f"task {result.task}: {result.reason}",
            "hint": f"its output: {result.output}",
        }
    return Outcome(data=result, exit_code=(128 - code if code < 0 else code) or (1 if error else 0), error=error)


def _outlook(workspace: Workspace, loaded: LoadedEnv, wishes: Wishes, settings: dict[str, str]) -> Outcome:
    from pkgmgr.cli.plans import plan_data, plan_text  # 60 ms together, where it is not to be done
    from pkgmgr.jobs.preparing import plan_env

    plan, target = plan_env(workspace, loaded, wishes, settings)
    return Outcome(data={"plan": plan_data(plan), "target": str(target)}, text=plan_text(plan))


def _prepare(
    workspace: Workspace, reference: Reference | None, wishes: Wishes, settings: dict[str, str], options: Namespace
) -> Prepared:
    from pkgmgr.jobs.preparing import prepare  # 60 ms, where it is not known

    return prepare(workspace, reference, wishes, settings, show=lambda plan: _show(plan, options))


def _show(plan: Plan, options: Namespace) -> None:
    if options.quiet or not (plan.installs or options.verbose):
        return
    from pkgmgr.cli.plans import plan_text

    print(plan_text(plan), end="", file=sys.stderr, flush=True)
