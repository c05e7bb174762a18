"""``ckpm lock``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import references_of, settings_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.parser import add_resolution_options, add_search_options
from pkgmgr.cli.plans import plan_data, plan_text
from pkgmgr.cli.verbs.install import wishes_of
from pkgmgr.jobs.envs import find_env
from pkgmgr.jobs.locking import Renewal, check_lock, make_lock, write_lock
from pkgmgr.jobs.preparing import plan_env

EXAMPLES = """
ckpm lock env:hello-cross
ckpm lock env:hello-cross --target linux-arm64
ckpm lock env:hello-cross --upgrade python.numpy   all else stays as it is
ckpm lock env:hello-cross --check           is the lock there, and of these inputs?
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``lock``."""
    parser.add_argument("env", nargs="?", metavar="env:NAME", help="the env; default: the one of this folder")
    parser.add_argument("--check", action="store_true", help="only tell whether the lock is current")
    parser.add_argument(
        "--upgrade",
        metavar="NAME",
        nargs="?",
        const="",
        action="append",
        help="move on from what the lock says: all of it, or one soft (python.NAME for a Python package; repeatable)",
    )
    add_search_options(parser)
    add_resolution_options(parser)


def call(options: Namespace) -> Outcome:
    """Resolve an env and write its lock."""
    workspace = workspace_of(options)
    reference = references_of([options.env], default_kind="env", kinds=("env",))[0] if options.env else None
    loaded = find_env(workspace, reference)
    settings = settings_of(options)
    wishes = wishes_of(options)
    if options.check:
        lock = check_lock(workspace, loaded)
        return Outcome(data=lock, text=f"{loaded.lock_path} is current\n")
    if options.dry_run:
        plan, _ = plan_env(workspace, loaded, wishes, settings)
        return Outcome(data={"plan": plan_data(plan)}, text=plan_text(plan))
    upgrade = options.upgrade or []
    renewal = Renewal(everything="" in upgrade, softs=frozenset(word.removeprefix("soft:") for word in upgrade if word))
    lock = make_lock(workspace, loaded, wishes, settings, renewal)
    changed = write_lock(loaded, lock)
    did = "wrote" if changed else "nothing changed in"
    return Outcome(data=lock, text=f"{did} {loaded.lock_path}: {', '.join(sorted(lock.targets))}\n")
