"""``ckpm run``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import references_of, settings_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.parser import add_resolution_options, add_search_options
from pkgmgr.cli.plans import plan_data, plan_text
from pkgmgr.cli.verbs.install import wishes_of
from pkgmgr.jobs.envs import find_env
from pkgmgr.jobs.preparing import choose_task, plan_env, prepare
from pkgmgr.jobs.running import require_done, run_task
from pkgmgr.model.plan import Plan

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
        plan, target = plan_env(workspace, loaded, wishes, settings)
        return Outcome(data={"plan": plan_data(plan), "target": str(target)}, text=plan_text(plan))

    def show(plan: Plan) -> None:
        if not options.quiet and (plan.installs or options.verbose):
            print(plan_text(plan), end="", file=sys.stderr, flush=True)

    prepared = prepare(workspace, reference, wishes, settings, show=show)
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
