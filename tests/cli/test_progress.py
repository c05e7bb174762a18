"""What a log shows of downloads: a line for each file, and one for each address that gave nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr

import pytest

from pkgmgr.cli.progress import BarProgress, LineProgress
from pkgmgr.install.fetch.progress import Progress, Setback

SETBACK = Setback(name="a.zip", address="https://example.org/a.zip", reason="404 Not Found.")
TOLD = "  a.zip: nothing from https://example.org/a.zip: 404 Not Found; trying the next address\n"


def shown(progress: Progress, tell: Callable[[Progress], None]) -> str:
    with redirect_stderr(io.StringIO()) as stream:
        tell(progress)
    return stream.getvalue()


def one_of_two(progress: Progress) -> None:
    progress.begin("a.zip", 2_000_000)
    progress.end()
    progress.move_on(SETBACK)
    progress.begin("a.zip", 2_000_000)
    progress.end()
    progress.begin("b.zip", None)
    progress.end()


def test_a_file_is_named_once_and_each_failure_in_a_line() -> None:
    assert shown(LineProgress(), one_of_two) == f"  fetching a.zip (2.0 MB)\n{TOLD}  fetching b.zip\n"


def test_what_failed_before_it_was_asked_hides_no_file() -> None:
    def tell(progress: Progress) -> None:
        progress.move_on(SETBACK)
        progress.begin("a.zip", None)

    assert shown(LineProgress(), tell) == f"{TOLD}  fetching a.zip\n"


def test_above_a_bar() -> None:
    pytest.importorskip("tqdm")
    assert TOLD in shown(BarProgress(), one_of_two)
