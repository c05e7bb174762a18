"""``ckpm diff``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence

import msgspec

from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.table import table
from pkgmgr.jobs.comparing import compare_files, is_compared
from pkgmgr.jobs.exporting import require_entry
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import UsageError
from pkgmgr.model.reference import Reference
from pkgmgr.run.present import result_differences
from pkgmgr.run.record import require_result

EXAMPLES = """
ckpm diff result:A result:B
ckpm diff old/env.lock.json env.lock.json
ckpm diff env.lock.json host               a lock and this machine
ckpm diff monday.json.gz host              a machine as 'ckpm detect --record FILE' wrote it, and this one
ckpm diff entry:compiler.gcc-12.2.0-3fa9c1d2 entry:compiler.gcc-11.3.0-0be01e2c
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``diff``."""
    parser.add_argument(
        "what",
        nargs=2,
        metavar="KIND:NAME",
        help="two results, entries, locks or recorded machines; host: this machine",
    )


def call(options: Namespace) -> Outcome:
    """Say what differs between two things."""
    if all(is_compared(word) for word in options.what):
        return _shown(compare_files(workspace_of(options), *options.what))
    workspace = workspace_of(options)
    first, second = (references_of([word], default_kind=None, kinds=("result", "entry"))[0] for word in options.what)
    if first.kind != second.kind:
        raise UsageError("compare two of the same kind")
    if first.kind == "result":
        one, other = (require_result(workspace.home, reference.name) for reference in (first, second))
        return _shown(result_differences(one, other))
    return _differences(_plain(workspace, first), _plain(workspace, second))


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> Outcome:
    keys = sorted({*before, *after})
    rows = [(key, before.get(key, "-"), after.get(key, "-")) for key in keys if before.get(key) != after.get(key)]
    return _shown(rows)


def _shown(rows: Sequence[tuple[str, str, str]]) -> Outcome:
    data = [{"key": key, "before": old, "after": new} for key, old, new in rows]
    text = table([list(row) for row in rows], head=["WHAT", "BEFORE", "AFTER"]) if rows else "no difference\n"
    return Outcome(data=data, text=text)


def _plain(workspace: Workspace, reference: Reference) -> dict[str, str]:
    value = require_entry(workspace, reference.name)
    flat: dict[str, str] = {}
    _flatten("", msgspec.to_builtins(value), flat)
    return flat


def _flatten(name: str, value: object, into: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _flatten(f"{name}.{key}" if name else str(key), item, into)
    else:
        into[name] = str(value)
