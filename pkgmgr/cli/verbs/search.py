"""``ckpm search``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.table import table

EXAMPLES = """
ckpm search mobilenet
ckpm search compiler
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``search``."""
    parser.add_argument("words", nargs="+", help="words that a name, a summary, a tag or an alias holds")


def call(options: Namespace) -> Outcome:
    """Look through softs, packages and envs."""
    workspace = workspace_of(options)
    catalog = workspace.catalog
    rows = [["soft", soft.name, soft.summary, f"{soft.all_tags} {soft.aliases}"] for soft in catalog.softs()]
    rows += [["package", item.name, item.summary, f"{item.tags} {item.provides}"] for item in catalog.packages()]
    rows += [["env", env.name, env.summary, ""] for env in catalog.envs()]
    words = [word.lower() for word in options.words]
    found = [row[:3] for row in rows if all(word in " ".join(row).lower() for word in words)]
    data = [{"kind": kind, "name": name, "summary": summary} for kind, name, summary in found]
    return Outcome(data=data, text=table(found) or "nothing found\n")
