"""``ckpm sync``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pkgmgr.cli.open import references_of, settings_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.parser import add_resolution_options, add_search_options
from pkgmgr.environ.compose import compose
from pkgmgr.jobs.envs import LoadedEnv, find_env, inputs_digest
from pkgmgr.jobs.met import Met, keep_met, recall_met
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import LockError, UsageError

EXAMPLES = """
ckpm sync env:hello-cross                make the lock if needed, then meet it
ckpm sync env:hello-cross --locked       fail if the lock is missing or stale
ckpm sync env:hello-cross --frozen       do not even look whether it is stale
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``sync``."""
    parser.add_argument("env", nargs="?", metavar="env:NAME", help="the env; default: the one of this folder")
    parser.add_argument("--locked", action="store_true", help="fail when the lock is missing or stale")
    parser.add_argument("--frozen", action="store_true", help="take the lock as it is")
    add_search_options(parser)
    add_resolution_options(parser)


def call(options: Namespace) -> Outcome:
    """Make the machine match an env's lock, and say in one line what was done."""
    if options.locked and options.frozen:
        raise UsageError("--locked or --frozen, not both")
    workspace = workspace_of(options)
    reference = references_of([options.env], default_kind="env", kinds=("env",))[0] if options.env else None
    loaded = find_env(workspace, reference)
    settings = settings_of(options)
    target = str(workspace.catalog.require_target(options.target)[0]) if options.target else workspace.host.target
    steered = [f"{name}={value}" for name, value in sorted(settings.items())]
    steered += [f"--prefer {options.prefer}"] if options.prefer else []
    steered += [f"--only {options.only}"] if options.only else []
    steered += [f"--search-path {Path(place).absolute()}" for place in options.search_path]
    steered += ["--no-system"] if options.no_system else []
    is_asked_anew = options.dry_run or options.refresh
    known = recall_met(workspace, loaded, target, steered) if not is_asked_anew else None
    if known is not None:
        return _nothing_to_do(loaded, known)
    return _sync(workspace, loaded, options, settings, target, steered)


def _nothing_to_do(loaded: LoadedEnv, known: Met) -> Outcome:
    from pkgmgr.cli.plans import plan_data

    data = {
        "plan": plan_data(known.plan),
        "entries": list({entry.id: entry for entry in known.entries.values()}.values()),
        "env": compose([*known.roots, *known.libraries], target=known.plan.target),
        "notes": list(known.plan.notes),
    }
    return Outcome(data=data, text=f"{loaded.env.name}: nothing to do; the machine matches the lock\n")


def _sync(
    workspace: Workspace,
    loaded: LoadedEnv,
    options: Namespace,
    settings: dict[str, str],
    target: str,
    steered: list[str],
) -> Outcome:
    # 100 ms together, where something may be to do.
    from pkgmgr.cli.plans import installation_data, plan_data, plan_text
    from pkgmgr.cli.verbs.install import wishes_of
    from pkgmgr.jobs.locking import make_lock, write_lock
    from pkgmgr.jobs.locks import changed_packages, read_lock, require_lock
    from pkgmgr.jobs.preparing import plan_env
    from pkgmgr.jobs.syncing import UnmetLock, lesser, meet_lock

    wishes = wishes_of(options)
    made_lock = False
    if options.locked or options.frozen:
        lock = require_lock(workspace, loaded, frozen=options.frozen)
    else:
        current = read_lock(loaded)
        if current is None or current.inputs != inputs_digest(workspace, loaded):
            if options.dry_run:
                plan, _ = plan_env(workspace, loaded, wishes, settings)
                return Outcome(data={"plan": plan_data(plan)}, text=plan_text(plan))
            current = make_lock(workspace, loaded, wishes, settings)
            write_lock(loaded, current)
            made_lock = True
        lock = current
    if options.dry_run:
        plan, _ = plan_env(workspace, loaded, wishes, settings)
        return Outcome(data={"plan": plan_data(plan)}, text=plan_text(plan))
    part = lock.targets.get(target)
    changed = changed_packages(workspace, part.entries) if part is not None else {}
    if changed and options.locked:
        anew, frozen = loaded.command("lock"), loaded.command("sync", "--frozen")
        raise LockError(
            f"the lock of {loaded.env.name} is not current: {'; '.join(changed.values())}",
            hint=f"'{anew}' takes what is new, '{frozen}' the lock as it is",
        )
    try:
        done = meet_lock(workspace, loaded, lock, wishes, settings)
    except UnmetLock as unmet:
        error = {"code": unmet.code, "message": unmet.message, "hint": unmet.hint}
        data = {"verdicts": unmet.verdicts, "substitutes": unmet.substitutes}
        return Outcome(data=data, exit_code=unmet.exit_code, error=error)
    less = lesser(workspace, lock, target)
    if lock.inputs == inputs_digest(workspace, loaded) and not changed and not less:  # --frozen may take a stale one
        keep_met(workspace, loaded, target, done.plan, done.entries, done.libraries, steered)
    made = len(done.plan.installs)
    did = f"installed {made} of {len(done.plan.steps)} entries" if made else "nothing to do"
    if made_lock:  # what was missing was made for it
        did = f"wrote the lock of {len(done.plan.steps)} entries"
    told = () if options.frozen else changed.values()
    warnings = [f"since the lock was made, {row}; '{loaded.command('lock')}' takes what is new" for row in told]
    warnings += [f"this host fits only the least that the lock needs: {row}" for row in less]
    text = f"{loaded.env.name}: {did}; the machine matches the lock\n"
    return Outcome(data=installation_data(done), text=text, warnings=warnings)
