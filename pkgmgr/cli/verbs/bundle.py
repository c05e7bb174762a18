"""``ckpm bundle``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.jobs.bundling import bundle
from pkgmgr.jobs.envs import find_env
from pkgmgr.jobs.installation import Wishes

EXAMPLES = """
ckpm bundle env:hello-cross --output hello.tar.gz
ckpm bundle --no-downloads                        the env of this folder; only what is needed to use it
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``bundle``."""
    parser.add_argument("env", nargs="?", metavar="env:NAME", help="the env; default: the one of this folder")
    parser.add_argument(
        "--output", "-o", metavar="FILE", help="a .tar, .tar.gz or .tar.xz; default: NAME-TARGET.tar.gz"
    )
    parser.add_argument("--target", metavar="T", help="which part of the lock")
    parser.add_argument("--no-downloads", action="store_true", help="leave out what the entries were made from")


def call(options: Namespace) -> Outcome:
    """Meet the lock, then write the archive."""
    workspace = workspace_of(options)
    reference = references_of([options.env], default_kind="env", kinds=("env",))[0] if options.env else None
    loaded = find_env(workspace, reference)
    target = options.target or workspace.host.target
    into = Path(options.output or f"{loaded.env.name}-{target}.tar.gz").absolute()
    done = bundle(workspace, loaded, into, Wishes(target=options.target), with_downloads=not options.no_downloads)
    text = f"wrote {done.path}: {len(done.entries)} entr{'y' if len(done.entries) == 1 else 'ies'}\n"
    warnings = [f"{path} is not in the archive: it must be on the host" for path in done.needed]
    data = {"path": str(done.path), "entries": done.entries, "needed": done.needed}
    return Outcome(data=data, text=text, warnings=warnings)
