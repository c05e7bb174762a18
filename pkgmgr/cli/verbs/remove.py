"""``ckpm remove``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.jobs.editing import remove_requirements, write_env
from pkgmgr.jobs.envs import find_env
from pkgmgr.model.reference import parse_reference

EXAMPLES = """
ckpm remove soft:lib.zlib                     the env of this folder or of one above
ckpm remove python.numpy --env env:mine --target 'linux-*'
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``remove``."""
    parser.add_argument("what", nargs="+", metavar="KIND:NAME", help="softs (also python.NAME) or packages")
    parser.add_argument("--env", metavar="env:NAME", help="the env; default: the one of this folder")
    parser.add_argument("--target", metavar="GLOB", default="", help="in the section of these targets")


def call(options: Namespace) -> Outcome:
    """Edit the env's document; the lock is made anew by `ckpm lock` or `ckpm sync`."""
    workspace = workspace_of(options)
    loaded = find_env(workspace, parse_reference(options.env, kind="env") if options.env else None)
    references = references_of(options.what, default_kind="soft", kinds=("soft", "package"))
    text = remove_requirements(loaded, references, options.target)
    did = "changed" if write_env(loaded, text) else "nothing changed in"
    return Outcome(data={"path": str(loaded.path)}, text=f"{did} {loaded.path}\n")
