"""``ckpm cache``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.table import table
from pkgmgr.jobs.caching import clear_probes, list_downloads, prune_downloads, verify_downloads

EXAMPLES = """
ckpm cache list
ckpm cache verify
ckpm cache prune              remove all downloads
ckpm cache clear-probes       ask every program again
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``cache``."""
    parser.add_argument("action", choices=("list", "verify", "prune", "clear-probes"))


def call(options: Namespace) -> Outcome:
    """Look after downloads and remembered answers."""
    workspace = workspace_of(options)
    match options.action:
        case "list":
            rows = list_downloads(workspace)
            text = table([[row.sha256[:12], f"{row.size / 1e6:.1f} MB", row.name] for row in rows]) or "empty\n"
            return Outcome(data=rows, text=text)
        case "verify":
            bad = verify_downloads(workspace)
            text = "".join(f"removed {row.name}: not what its hash says\n" for row in bad) or "all is as it should be\n"
            error = {"code": "integrity", "message": f"{len(bad)} damaged", "hint": None} if bad else None
            return Outcome(data=bad, text=text, exit_code=5 if bad else 0, error=error)
        case "prune":
            size = prune_downloads(workspace)
            return Outcome(data={"freed": size}, text=f"freed {size / 1e6:.1f} MB\n")
        case _:
            clear_probes(workspace)
            return Outcome(text="every program is asked again at the next detection\n")
