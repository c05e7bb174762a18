"""Progress is shown again while one thing takes long."""

from __future__ import annotations

import threading

from pkgmgr.cli.verbs.detect import repeated


def test_what_was_told_last_is_shown_again_until_all_is_done() -> None:
    shown: list[tuple[int, int]] = []
    twice = threading.Event()

    def show(done: int, count: int) -> None:
        shown.append((done, count))
        if shown.count((1, 2)) > 2:
            twice.set()

    with repeated(show, every=0.001) as tell:
        assert shown == []
        tell(1, 2)
        assert twice.wait(60)
        tell(2, 2)
        after = len(shown)
    assert shown[0] == (1, 2)
    assert set(shown) == {(1, 2), (2, 2)}
    assert len(shown) <= after + 1
