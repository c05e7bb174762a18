"""One question, many who ask."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from pkgmgr.detect.ask import Asker
from pkgmgr.detect.asked_once import AskedOnce
from pkgmgr.detect.engine import Detector
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.detect.where import Where
from pkgmgr.host.ports import Answer, Host
from pkgmgr.host.recorded import RecordedFiles
from pkgmgr.model.soft import Find, Probe, Soft

MANY = 8


class SlowRunner:
    """Answers when all who could ask at the same time have had their chance."""

    def __init__(self) -> None:
        self.started: list[tuple[str, ...]] = []
        self._patience = threading.Event()

    def run(
        self, argv: Sequence[str], *, timeout: float | None = None, variables: Mapping[str, str] | None = None
    ) -> Answer:
        self.started.append(tuple(argv))
        self._patience.wait(0.05)
        return Answer(exit_code=0, stdout="clang version 16.0.6\n")

    def close(self) -> None:
        self._patience.set()


@pytest.mark.parametrize("refresh", [False, True])
def test_softs_that_ask_one_program_the_same_start_it_once(refresh: bool) -> None:
    softs = [
        Soft(
            name=f"compiler.c{number}",
            summary="a compiler",
            find=Find(executables=("clang",)),
            probe=(Probe(argv=("{path}", "--version"), match=r"version (?P<version>\S+)"),),
        )
        for number in range(MANY)
    ]
    runner = SlowRunner()
    files = RecordedFiles(files={"/usr/bin/clang": ""})
    host = Host(files=files, runner=runner, variables={"PATH": "/usr/bin"}, target="linux-x86_64", home="/root")
    asker = Asker(host=host, memory=AnswerMemory(None), refresh=refresh)
    report = Detector(asker=asker, where=Where(), jobs=MANY).detect(softs)
    assert [entry.version for entry in report.entries] == ["16.0.6"] * MANY
    assert runner.started == [("/usr/bin/clang", "--version")]


def test_who_waited_for_a_question_that_failed_asks_again() -> None:
    once = AskedOnce()
    asking, failing = threading.Event(), threading.Event()

    def fail() -> Answer:
        asking.set()
        failing.wait(5)
        raise KeyError("broken")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(once.answer, "q", fail)
        assert asking.wait(5)
        second = pool.submit(once.answer, "q", lambda: Answer(exit_code=0, stdout="second"))
        failing.set()
        with pytest.raises(KeyError):
            first.result(5)
        assert second.result(5).stdout == "second"


def test_another_question_is_another() -> None:
    once = AskedOnce()
    assert once.answer("a", lambda: Answer(exit_code=0, stdout="A")).stdout == "A"
    assert once.answer("b", lambda: Answer(exit_code=1)).exit_code == 1
    assert once.answer("a", lambda: Answer(exit_code=2)).stdout == "A"
