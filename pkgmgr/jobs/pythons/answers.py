"""What Python requirements come to with the interpreters that are here: as remembered, else as the index has it now."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pkgmgr.install.store import Store
from pkgmgr.install.venv.wanted import Question, Solution
from pkgmgr.jobs.pythons.collisions import asked_for
from pkgmgr.jobs.pythons.demands import Wanted
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import ConflictError
from pkgmgr.model.lock import LockedWheel

if TYPE_CHECKING:
    from pkgmgr.install.venv.solve import NoSolution

_EXCLUDED = re.compile(r"\bdepends? on\b")
"""In what pip and uv say where a package's own requirement stands against another one."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Answers to what is wanted, kept in the home."""

    workspace: Workspace
    wanted: Wanted
    is_foreign: bool
    """True: the packages run on another machine than this one."""
    keep: Sequence[LockedWheel]
    """What an earlier lock says; it stays where it fits."""
    tell: Callable[[str], None]

    def recall(self, candidates: Sequence[Entry]) -> Solution | None:
        """Give the remembered answer, if there is one for these interpreters."""
        try:
            return msgspec.json.decode(self._memory(candidates).read_bytes(), type=Solution)
        except (OSError, msgspec.MsgspecError):
            return None

    def obtain(self, candidates: Sequence[Entry]) -> Solution:
        """Ask the index, and remember what it says.

        :raises ConflictError: when there is no solution with any of the interpreters.
        """
        answer = self._ask(candidates)
        path = self._memory(candidates)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".new")
        temporary.write_bytes(msgspec.json.encode(answer))
        temporary.replace(path)
        return answer

    def _memory(self, candidates: Sequence[Entry]) -> Path:
        question = Question(
            requirements=self.wanted.requirements,
            interpreters=tuple(f"{entry.id} {entry.fingerprint}" for entry in candidates),
            target=str(self.wanted.target),
        )
        return self.workspace.home / "solutions" / f"{question.digest}.json"

    def _ask(self, candidates: Sequence[Entry]) -> Solution:
        """Ask with one interpreter after the other until there is an answer."""
        from pkgmgr.install.venv.solve import Job, NoSolution, solve  # 20 ms, where the answer is not remembered

        failures: list[NoSolution] = []
        self.tell(f"solving {len(self.wanted.requirements)} Python requirements together")
        libc = None if self.is_foreign else self.workspace.platform().libc_version
        for entry in candidates:
            job = Job(
                requirements=self.wanted.requirements,
                interpreter=entry.files["python"],
                version=entry.version or "",
                target=self.wanted.target,
                libc_version=libc,
                is_foreign=self.is_foreign,
                keep=self.keep,
                variables=self.workspace.variables,
                offline=self.workspace.offline,
                store=Store(home=self.workspace.home),
            )
            try:
                return Solution(interpreter=entry.id, wheels=solve(job))
            except NoSolution as error:
                failures.append(error)
        raise no_solution(self.wanted, failures) from failures[0]


def no_solution(wanted: Wanted, failures: Sequence[NoSolution]) -> ConflictError:
    """Make the error of requirements that the index can't meet: who asked for which, and what pip or uv said.

    :param failures: one for each interpreter that was tried. Told is the first where requirements exclude each other,
        which says more than that there is no wheel for a Python so new or so old.
    """
    told = next((failure for failure in failures if _EXCLUDED.search(failure.said)), failures[0])
    others = ", ".join(failure.python for failure in failures if failure is not told)
    another = "let another Python be found with --search-path DIR"
    if wanted.names_interpreter:
        another = f"ask for another interpreter than {' and '.join(wanted.asked_interpreters)}"
    return ConflictError(
        f"no common solution for the Python packages in one environment for {wanted.target}:"
        f"{asked_for(wanted, told.python)}\n"
        f"with Python {told.python}{f' (nor with {others})' if others else ''}, {told.said}",
        hint=f"loosen a version, ask for them separately, in two envs, or {another}",
    )
