"""Ask candidates: run their probes, or recall what they answered last time.

Touches: processes and files, through the ports of `pkgmgr.host`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from functools import cached_property

import msgspec

from pkgmgr.detect.asked_once import AskedOnce
from pkgmgr.detect.candidates import Candidate
from pkgmgr.detect.facts import Facts, Turned, applies, fill, interpret
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.host.files import file_state
from pkgmgr.host.ports import Answer, Host
from pkgmgr.host.probe_environment import environment_digest, probe_variables
from pkgmgr.host.remains import SCRATCH_PREFIX
from pkgmgr.model.entry import Rejection, Value
from pkgmgr.model.soft import Probe, Soft

_ABSOLUTE_PATH = re.compile(r"(?<![\w.])/[\w.+/@-]{2,200}")
_MOST_WITNESSES = 24
_READ_LIMIT = 1 << 20


class NotRemembered(BaseException):
    """A question would have to be asked. Not an `Exception`: a hook's guard must let it through."""


class Asker(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Questions to one host, with a memory."""

    host: Host
    memory: AnswerMemory
    refresh: bool = False
    """True: ask again whatever is remembered."""
    timeout: float | None = None
    """Of one question, in seconds."""
    only_recall: bool = False
    """True: raise `NotRemembered` in place of starting a process."""
    asked: AskedOnce = msgspec.field(default_factory=AskedOnce)
    """What this detection has asked already, or is asking."""

    def run(self, argv: Sequence[str]) -> Answer:
        """Run a program, or recall its answer if the program has not changed since."""
        state = file_state(self.host.files.stat(argv[0]))
        if state is None:
            return Answer(exit_code=None, failure=f"{argv[0]} is not there")
        key = "\0".join([*argv, *map(str, state), self._environment(argv[0])])
        if not self.refresh:
            known = self.memory.recall(key, self.host.files)
            if known is not None:
                return known
        if self.only_recall:
            raise NotRemembered
        return self.asked.answer(key, lambda: self._ask(key, argv))

    def _ask(self, key: str, argv: Sequence[str]) -> Answer:
        answer = self.host.runner.run(argv, timeout=self.timeout)
        self.memory.remember(key, answer, self._witnesses(argv[0], answer), self.host.files)
        return answer

    def _environment(self, program: str) -> str:
        is_script = self.host.files.read(program, 2) == b"#!"
        return self._digests[is_script]

    @cached_property
    def _digests(self) -> tuple[str, str]:
        """Digests of what a compiled program and a script may see besides files."""
        seen = probe_variables(self.host.variables)
        return environment_digest(seen, with_path=False), environment_digest(seen, with_path=True)

    def _witnesses(self, program: str, answer: Answer) -> list[str]:
        """Name what an answer depends on besides the program's own file.

        A wrapper's file stays the same when what it wraps is replaced; the wrapped program stands in its text, or
        its folder in the answer.
        """
        texts = [answer.both]
        head = self.host.files.read(program, 4096) or b""
        if head.startswith(b"#!"):
            texts.append(head.decode("utf-8", "replace"))
        named = dict.fromkeys(path.rstrip("/.") for text in texts for path in _ABSOLUTE_PATH.findall(text))
        own = posixpath.dirname(program)
        # Folders that hold everything (/usr/bin) change with any other package: only files and own folders count.
        kept = [path for path in named if path and path != own and self._is_telling(path)]
        return kept[:_MOST_WITNESSES]

    def _is_telling(self, path: str) -> bool:
        if f"/{SCRATCH_PREFIX}" in path:
            return False  # the folder that the probe ran in
        stat = self.host.files.stat(path)
        return stat is not None and not stat.is_folder


def examine(soft: Soft, candidate: Candidate, asker: Asker) -> dict[str, Value] | Rejection:
    """Ask a candidate all of its soft's questions and give the facts, or why it is not one."""
    facts: dict[str, Value] = {"host": asker.host.target, **initial_facts(candidate), **candidate.facts}
    for probe in soft.probe:
        if not applies(probe, facts):
            continue
        answer = _obtain(probe, facts, asker)
        if isinstance(answer, Turned):
            if probe.optional:
                continue
            return Rejection(soft=soft.name, candidate=candidate.path, reason=answer.reason)
        told = interpret(probe, answer, facts)
        if isinstance(told, Turned):
            return Rejection(soft=soft.name, candidate=candidate.path, reason=told.reason)
        facts.update(told)
    return facts


def initial_facts(candidate: Candidate) -> dict[str, Value]:
    """Give what a candidate's path alone tells."""
    folder = posixpath.dirname(candidate.path)
    return {
        "path": candidate.path,
        "real": candidate.real,
        "dir": folder,
        "real_dir": posixpath.dirname(candidate.real),
        "name": posixpath.basename(candidate.path),
    }


def _obtain(probe: Probe, facts: Facts, asker: Asker) -> str | Turned:
    if probe.read:
        path = fill(probe.read, facts)
        content = asker.host.files.read(path, probe.head or _READ_LIMIT) if path is not None else None
        if content is None:
            return Turned(reason=f"{path or probe.read} can't be read")
        return content.decode("utf-8", "replace").replace("\r\n", "\n")
    if probe.names:
        folder = fill(probe.names, facts)
        names = asker.host.files.names(posixpath.normpath(folder)) if folder is not None else ()
        return "\n".join(names) if names else Turned(reason=f"{folder or probe.names} holds nothing")
    if not probe.argv:
        return ""  # nothing is asked: that it applies is all there is to know
    argv = [fill(part, facts) for part in probe.argv]
    if any(part is None for part in argv):
        return Turned(reason=f"a fact that {' '.join(probe.argv)!r} needs was not established")
    answer = asker.run([part for part in argv if part is not None])
    if answer.exit_code is None:
        return Turned(reason=answer.failure)
    if probe.exit_codes and answer.exit_code not in probe.exit_codes:
        said = next((line.strip() for line in answer.both.splitlines() if line.strip()), "nothing")
        return Turned(reason=f"it exited with {answer.exit_code}, saying {said[:100]!r}")
    return {"both": answer.both, "stdout": answer.stdout, "stderr": answer.stderr}[probe.stream]
