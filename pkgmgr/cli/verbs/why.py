"""``ckpm why``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import references_of, where_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.parser import add_search_options
from pkgmgr.jobs.detection import Search, detect
from pkgmgr.jobs.installation import Wishes, make_plan
from pkgmgr.model.errors import CkpmError

EXAMPLES = """
ckpm why compiler.gcc                           what was found, what was turned down
ckpm why soft:lib.zlib --target linux-arm64     and what would be chosen for a target
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``why``."""
    parser.add_argument("what", nargs="+", metavar="[soft:]NAME", help="softs")
    parser.add_argument("--target", metavar="T", help="what it is for")
    add_search_options(parser)


def call(options: Namespace) -> Outcome:
    """Tell why softs are as they are."""
    workspace = workspace_of(options)
    references = references_of(options.what, default_kind="soft", kinds=("soft",))
    search = Search(where=where_of(options), refresh=options.refresh)
    report = detect(workspace, references, search=search)
    lines = []
    for reference in references:
        lines.append(f"{reference}")
        found = [entry for entry in report.entries if entry.soft == reference.name]
        lines += [f"  found {entry.version or '-'} at {entry.prefix}: {entry.evidence}" for entry in found]
        turned = [item for item in report.rejections if item.soft == reference.name]
        lines += [f"  turned down {item.candidate}: {item.reason}" for item in turned]
        if not found and not turned:
            lines.append("  nothing here has a fitting name")
        try:
            plan, _ = make_plan(workspace, [str(reference)], Wishes(target=options.target, alone=True))
            chosen = plan.steps[-1] if plan.steps else None
            if chosen is not None:
                lines.append(f"  chosen: {chosen.action} {chosen.version or ''} ({chosen.reason})")
        except CkpmError as error:
            lines.append(f"  chosen: nothing: {error.message}")
    data = {"entries": report.entries, "rejections": report.rejections}
    return Outcome(data=data, text="\n".join(lines) + "\n")
