"""``ckpm doctor``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pkgmgr.cli.open import workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.table import table
from pkgmgr.jobs.checkup import check_installation

EXAMPLES = """
ckpm doctor
ckpm doctor --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``doctor``: none."""


def call(options: Namespace) -> Outcome:
    """Check the home, the catalog, the store and the tools that ckpm calls."""
    findings = check_installation(workspace_of(options))
    bad = [finding for finding in findings if finding.state == "bad"]
    rows = [[finding.state, finding.subject, finding.message] for finding in findings]
    error = None
    if bad:
        error = {"code": "failed", "message": f"{len(bad)} thing(s) to mend", "hint": bad[0].message}
    return Outcome(data=findings, text=table(rows), exit_code=1 if bad else 0, error=error)
