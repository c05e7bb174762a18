"""``ckpm cache``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.table import table
from pkgmgr.jobs.caching import (
    clear_probes,
    export_downloads,
    import_downloads,
    list_downloads,
    prune_downloads,
    verify_downloads,
)
from pkgmgr.model.errors import UsageError

EXAMPLES = """
ckpm cache list
ckpm cache verify
ckpm cache prune              remove all downloads
ckpm cache export downloads.tar     carry them to a site without a network
ckpm cache import downloads.tar
ckpm cache clear-probes       ask every program again
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``cache``."""
    actions = ("list", "verify", "prune", "export", "import", "clear-probes")
    parser.add_argument("action", nargs="?", choices=actions, default="list")
    parser.add_argument("archive", nargs="?", metavar="FILE", help="for export and import")


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
        case "export" | "import":
            if options.archive is None:
                raise UsageError(f"ckpm cache {options.action}: which file?")
            if options.action == "export":
                kept = export_downloads(workspace, Path(options.archive))
                return Outcome(data=kept, text=f"wrote {options.archive}: {len(kept)} files\n")
            taken = import_downloads(workspace, Path(options.archive))
            return Outcome(data=taken, text=f"took in {len(taken)} files\n")
        case _:
            clear_probes(workspace)
            return Outcome(text="every program is asked again at the next detection\n")
