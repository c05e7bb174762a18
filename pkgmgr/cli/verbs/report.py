"""``ckpm report``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pkgmgr.cli.open import references_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.run.record import read_pictures, require_result
from pkgmgr.run.report import report_page

EXAMPLES = """
ckpm report result:object-detection-benchmark-20260102T030405-0a1b2c
ckpm report result:A result:B --output report.html
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``report``."""
    parser.add_argument("results", nargs="+", metavar="result:ID", help="one or more results")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write; default: report.html with the result")


def call(options: Namespace) -> Outcome:
    """Write the page and say where."""
    workspace = workspace_of(options)
    references = references_of(options.results, default_kind="result", kinds=("result",))
    results = [require_result(workspace.home, reference.name) for reference in references]
    page = report_page(results, {key: value for result in results for key, value in read_pictures(result).items()})
    path = Path(options.output) if options.output else workspace.home / "results" / results[0].id / "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(page, encoding="utf-8")
    temporary.replace(path)
    return Outcome(data={"path": str(path.absolute())}, text=f"{path}\n")
