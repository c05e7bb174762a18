"""Run the recorded cases of a soft: what a real machine printed, and what must follow. Pure."""

from __future__ import annotations

import posixpath
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from pkgmgr.detect.ask import Asker
from pkgmgr.detect.engine import Detector
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.detect.where import Where
from pkgmgr.host.ports import Host
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.model.entry import Entry, Rejection
from pkgmgr.model.soft import Case, Soft


class CaseFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded case from which something else follows than it says."""

    soft: str
    case: str
    reason: str

    def __str__(self) -> str:
        return f"{self.soft}: case {self.case!r}: {self.reason}"


def case_host(case: Case) -> Host:
    """Make the machine that a case describes."""
    files: dict[str, str | bytes] = {**case.files, **{path: b64decode(text) for path, text in case.data.items()}}
    links = dict(case.links)
    if case.path and case.path not in files and case.path not in links:
        if case.real:
            links[case.path] = case.real
        else:
            files[case.path] = ""
    if case.real:
        files.setdefault(case.real, "")
    home = case.variables.get("HOME", "/home/person")
    folders = {posixpath.dirname(path) for path in (*files, *links)}
    variables = {"PATH": ":".join(sorted(folders)), **case.variables}
    return Host(
        files=RecordedFiles(files=files, links=links, elf=dict(case.elf)),
        runner=RecordedRunner(prints=dict(case.prints), exits=dict(case.exits)),
        variables=variables,
        target=case.host,
        home=home,
    )


def run_cases(soft: Soft, *, hook_folder: Callable[[str], Path | None] = lambda _name: None) -> Iterator[CaseFailure]:
    """Check every recorded case of a soft and give those that fail."""
    for case in soft.case:
        reason = _judge(soft, case, hook_folder)
        if reason:
            yield CaseFailure(soft=soft.name, case=case.name, reason=reason)


def _judge(soft: Soft, case: Case, hook_folder: Callable[[str], Path | None]) -> str:
    host = case_host(case)
    asker = Asker(host=host, memory=AnswerMemory(None))
    roots = sorted({posixpath.dirname(path) for path in (*case.files, *case.data, *case.links, case.path) if path})
    detector = Detector(asker=asker, where=Where(search_paths=tuple(roots)), hook_folder=hook_folder, jobs=1)
    report = detector.detect([soft])
    if case.reject:
        return _judge_rejection(case, report.entries, report.rejections)
    if not report.entries:
        reasons = "; ".join(f"{item.candidate}: {item.reason}" for item in report.rejections)
        return f"nothing was found ({reasons or 'no candidate'})"
    wrong = sorted((differences(entry, case.expect) for entry in report.entries), key=len)
    return "; ".join(wrong[0])


def _judge_rejection(case: Case, entries: tuple[Entry, ...], rejections: tuple[Rejection, ...]) -> str:
    found = [entry for entry in entries if not case.path or case.path in entry.files.values()]
    if found:
        return f"{found[0].id} was found, where a rejection was expected"
    reasons = [item.reason for item in rejections]
    if not any(case.reject in reason for reason in reasons):
        return f"no rejection says {case.reject!r}; said: {reasons}"
    return ""


def differences(entry: Entry, expected: Mapping[str, object]) -> list[str]:
    """Say in which of the expected keys an entry differs; ``files.c`` looks into a table."""
    held: dict[str, object] = msgspec.to_builtins(entry)
    wrong = []
    for key, value in expected.items():
        found = _lookup(held, key)
        plain = msgspec.to_builtins(value)
        if isinstance(plain, dict) and isinstance(found, dict):
            wrong += [
                f"{key}.{name} is {found.get(name)!r}, not {item!r}"
                for name, item in plain.items()
                if found.get(name) != item
            ]
        elif found != plain and not (isinstance(found, tuple) and list(found) == plain):
            wrong.append(f"{key} is {found!r}, not {plain!r}")
    return wrong


def _lookup(held: Mapping[str, object], key: str) -> object:
    if key in held:
        return held[key]
    head, _, rest = key.partition(".")
    inner = held.get(head)
    return _lookup(inner, rest) if rest and isinstance(inner, dict) else None
