"""``ckpm sbom``."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.jobs.envs import find_env
from pkgmgr.jobs.installation import wanted_target
from pkgmgr.jobs.locks import locked_target, require_lock
from pkgmgr.jobs.materials import bill_of_materials

EXAMPLES = """
ckpm sbom env:hello-cross > hello-cross.cdx.json
ckpm sbom --target linux-arm64
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``sbom``."""
    parser.add_argument("env", nargs="?", metavar="env:NAME", help="the env; default: the one of this folder")
    parser.add_argument("--target", metavar="T", help="which part of the lock")


def call(options: Namespace) -> Outcome:
    """Write what a lock consists of as CycloneDX, checked against its schema."""
    workspace = workspace_of(options)
    reference = references_of([options.env], default_kind="env", kinds=("env",))[0] if options.env else None
    loaded = find_env(workspace, reference)
    lock = require_lock(workspace, loaded, frozen=False)
    text = bill_of_materials(workspace, lock, locked_target(lock, wanted_target(workspace, options.target)))
    return Outcome(data=json.loads(text), text=text)
