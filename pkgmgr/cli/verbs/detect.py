"""``ckpm detect``."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path

import msgspec

from pkgmgr import __version__
from pkgmgr.cli.entries import entry_table, terminal_width
from pkgmgr.cli.open import references_of, where_of, workspace_of
from pkgmgr.cli.outcome import Outcome
from pkgmgr.cli.parser import add_search_options, at_once
from pkgmgr.cli.table import table
from pkgmgr.detect.report import Report
from pkgmgr.jobs.detection import Search, detect
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import UsageError
from pkgmgr.model.reference import parse_tags

_MOST_SKIPPED = 10
EXAMPLES = """
ckpm detect                                  everything
ckpm detect soft compiler.gcc                one soft
ckpm detect soft lang.python@>=3.11 tool.cmake
ckpm detect soft --tags compiler --target linux-arm64
ckpm detect soft model.ssd-mobilenet --search-path /data/models --no-system
ckpm detect platform                         facts of this machine
ckpm detect soft lib.openblas --check        prove that it can be compiled, linked and run
ckpm detect --record host.json.gz            write down what this machine answers; nothing secret
ckpm detect --replay host.json.gz            detect on the recorded machine
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of ``detect``."""
    parser.add_argument("what", nargs="*", metavar="[KIND:]NAME", help="softs, or 'platform'; none: everything")
    parser.add_argument("--tags", metavar="A,B,-C", help="softs with these tags, without those")
    add_search_options(parser)
    parser.add_argument("--target", metavar="T", help="what runs there, or serves a build for it")
    parser.add_argument("--jobs", metavar="N", type=at_once, help="programs asked, or checks run, at the same time")
    parser.add_argument("--no-register", action="store_true", help="do not remember what is found")
    parser.add_argument("--check", action="store_true", help="compile and run a small program to prove each usable")
    machine = parser.add_mutually_exclusive_group()
    machine.add_argument("--record", metavar="FILE", help="write down what this machine answers (packed: .gz)")
    machine.add_argument("--replay", metavar="FILE", help="look at the recorded machine of FILE in place of this one")


def call(options: Namespace) -> Outcome:
    """Detect and show."""
    workspace = workspace_of(options)
    if not options.record:
        return _detect(options, workspace)
    from pkgmgr.jobs.recording import recording  # 20 ms, where one is made

    record = recording(workspace, Path(options.record))
    outcome = _detect(options, record.workspace)
    record.write(f"recorded by ckpm {__version__}")
    return outcome


def _detect(options: Namespace, workspace: Workspace) -> Outcome:
    if options.what[:1] == ["platform"]:
        from pkgmgr.cli.verbs.show import platform_outcome  # 200 ms with all that it shows

        return platform_outcome(options, workspace, refresh=options.refresh)
    references = references_of(options.what, default_kind="soft", kinds=("soft",))
    tags = parse_tags(options.tags) if options.tags else None
    if references and tags:
        raise UsageError("name softs or give --tags, not both")
    target = str(workspace.catalog.require_target(options.target)[0]) if options.target else None
    search = Search(
        where=where_of(options),
        target=target,
        refresh=options.refresh,
        register=not options.no_register,
        jobs=options.jobs,
        progress=_progress(options, "asking programs"),
    )
    report = detect(workspace, references, tags=tags, search=search)
    if options.check:
        from pkgmgr.jobs.checking import check_all  # 10 ms, where a proof is wanted

        if options.replay or options.record:
            raise UsageError("--check builds and runs programs: it goes with neither --record nor --replay")
        with repeated(_progress(options, "checking")) as progress:
            proven = check_all(workspace, report.entries, jobs=options.jobs, progress=progress)
        report = msgspec.structs.replace(report, entries=tuple(proven))
    warnings = [str(problem.error) for problem in workspace.catalog.problems] + workspace.catalog.clashes
    warnings += _shown_skipped(report.skipped, is_whole=options.json or options.verbose)
    if options.json:
        return Outcome(data=report.entries, warnings=warnings)
    from pkgmgr.jobs.defaults import default_ids  # nothing but a table shows them

    host = workspace.host.target
    defaults = default_ids(report.entries, target=target or host, host=host, prefer=workspace.config.prefer)
    return Outcome(
        data=report.entries, text=_text(report, options, len(references), defaults=defaults), warnings=warnings
    )


def _shown_skipped(skipped: Sequence[str], *, is_whole: bool) -> list[str]:
    """Say what was not seen; a thousand unreadable folders would hide everything else."""
    if is_whole or len(skipped) <= _MOST_SKIPPED:
        return list(skipped)
    left = len(skipped) - _MOST_SKIPPED
    return [*skipped[:_MOST_SKIPPED], f"{left} more places were not seen, or not whole; -v names them"]


def _progress(options: Namespace, what: str) -> Callable[[int, int], None]:
    """Show a line on a terminal when what is done takes longer than a second."""
    if options.quiet or options.json or not sys.stderr.isatty():
        return lambda _done, _all: None
    begin = time.monotonic()

    def show(done: int, count: int) -> None:
        if time.monotonic() - begin > 1:
            end = "\r" if done < count else "\r\x1b[K"
            print(f"{what}: {done} of {count}", end=end, file=sys.stderr, flush=True)

    return show


@contextmanager
def repeated(show: Callable[[int, int], None], *, every: float = 1) -> Iterator[Callable[[int, int], None]]:
    """Give what shows progress, and show it again each second until all is done: one large file may take minutes."""
    import threading  # where a proof is wanted

    last = (0, 0)
    is_over = threading.Event()

    def tell(done: int, count: int) -> None:
        nonlocal last
        last = (done, count)
        show(done, count)

    def repeat() -> None:
        while not is_over.wait(every):
            if last[0] < last[1]:
                show(*last)

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield tell
    finally:
        is_over.set()
        thread.join()


def _text(report: Report, options: Namespace, named: int, *, defaults: Set[str]) -> str:
    columns = None if options.verbose else terminal_width()
    lines = entry_table(report.entries, defaults=defaults, columns=columns)
    if not report.entries:
        lines = "nothing found\n"
    if options.verbose:
        rows = [[item.soft, item.candidate, item.reason] for item in report.rejections]
        lines += "\nturned down:\n" + table(rows, indent="  ") if rows else ""
    elif named and report.rejections and not report.entries:
        rows = [[item.candidate, item.reason] for item in report.rejections]
        lines += "turned down:\n" + table(rows, indent="  ")
    return lines
