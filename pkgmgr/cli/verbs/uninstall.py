"""``ckpm uninstall``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.install.store import Store
from pkgmgr.jobs.uninstalling import meant, remove

EXAMPLES = """
ckpm uninstall entry:lib.zlib-1.2.13-8924ddca
ckpm uninstall package:lib-zlib                        where there is one build of it
ckpm uninstall package:lib-zlib --target linux-arm64   the build for that target
ckpm uninstall package:lib-zlib --all --dry-run        every version and target of it
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``uninstall``."""
    parser.add_argument("what", nargs="+", metavar="KIND:NAME", help="entries or packages")
    parser.add_argument("--target", metavar="T", help="of packages: what was built for this target")
    parser.add_argument("--all", action="store_true", help="of packages: every build that fits")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be removed")


def call(options: Namespace) -> Outcome:
    """Remove installed entries; refused while others need them."""
    workspace = workspace_of(options)
    references = references_of(options.what, default_kind="entry", kinds=("entry", "package"))
    store = Store(home=workspace.home)
    if options.dry_run:
        gone = meant(workspace, references, target=options.target, all_builds=options.all)
    else:
        with store.removing():
            chosen = meant(workspace, references, target=options.target, all_builds=options.all)
            gone = remove(workspace, chosen)
    did = "would remove" if options.dry_run else "removed"
    text = "".join(f"{did} {entry.id} ({entry.target})\n" for entry in gone)
    return Outcome(data=[entry.id for entry in gone], text=text)
