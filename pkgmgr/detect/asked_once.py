"""Questions of one detection, each asked once: who asks the same at the same time waits for the answer. Pure."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pkgmgr.host.ports import Answer


class _Inquiry:
    """A question that somebody is asking, or has asked."""

    __slots__ = ("answer", "done")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.answer: Answer | None = None


class AskedOnce:
    """Answers by question. A dozen softs look at one `clang`: all of them ask it the same, most at the same moment."""

    def __init__(self) -> None:
        self._inquiries: dict[str, _Inquiry] = {}
        self._lock = threading.Lock()

    def answer(self, key: str, ask: Callable[[], Answer]) -> Answer:
        """Give the answer to a question, from the first one who asked it.

        :param key: what makes it the same question: the words, and the state of what is asked.
        :param ask: called at most once at a time for one key; what it raises is raised to its caller alone, and the
            next one asks again.
        """
        while True:
            with self._lock:
                inquiry = self._inquiries.get(key)
                if inquiry is None:
                    mine = self._inquiries[key] = _Inquiry()
                    break
            inquiry.done.wait()
            if inquiry.answer is not None:
                return inquiry.answer
        try:
            mine.answer = ask()
            return mine.answer
        finally:
            if mine.answer is None:
                with self._lock:
                    del self._inquiries[key]
            mine.done.set()
