"""From names to candidates: programs, files, libraries and Python distributions that a soft may mean.

Touches: the file system, through `pkgmgr.host.ports.Files` only. Runs nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from pkgmgr.detect.folders import Folder
from pkgmgr.detect.names import NameIndex
from pkgmgr.detect.shims import link_reason, shim_reason, stub_reason
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Rejection, Value
from pkgmgr.model.soft import FileFind, Soft


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Something with a fitting name. Only probes tell what it is."""

    soft: str
    path: str
    real: str
    """The true file, all links followed."""
    names: tuple[str, ...] = ()
    """Every path that led to it, the first one found first."""
    facts: Mapping[str, Value] = msgspec.field(default_factory=dict)
    """What its name and place alone tell."""
    origin: str = "system"
    form: str = "program"
    """``program``, ``library``, ``file``, ``distribution`` or ``hook``."""


Finding = Candidate | Rejection


def nameable(finding: Finding) -> Finding:
    """Turn down what no document could name: a path whose bytes are no UTF-8."""
    if isinstance(finding, Rejection) or (finding.path + finding.real).isascii():
        return finding
    try:
        (finding.path + finding.real).encode()
    except UnicodeEncodeError:
        reason = "its path is no UTF-8: no file could name it"
        return Rejection(soft=finding.soft, candidate=finding.path, reason=reason)
    return finding


class _Places:
    """Names → the folders that hold them. A folder of a hundred thousand names is taken in whole, not name by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[Folder, ...] | list[Folder]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __getitem__(self, name: str) -> Sequence[Folder]:
        return self._by_name.get(name, ())

    def add(self, names: Iterable[str], folder: Folder) -> None:
        fresh: dict[str, tuple[Folder, ...] | list[Folder]] = dict.fromkeys(names, (folder,))
        for name in fresh.keys() & self._by_name.keys():
            known = self._by_name[name]
            if isinstance(known, list):
                known.append(folder)
            else:
                self._by_name[name] = [*known, folder]
            del fresh[name]
        self._by_name |= fresh


class ProgramIndex:
    """The names in a list of folders, read once for all softs."""

    def __init__(self, files: Files, folders: Sequence[Folder]) -> None:
        self._places = _Places()
        for folder in folders:
            names = files.names(folder.path)
            self._places.add([name[:-4] if name[-4:] in _EXE else name for name in names], folder)
        self._index = NameIndex(self._places)

    def matching(self, expressions: Sequence[str]) -> Iterator[tuple[str, Folder, re.Match[str]]]:
        """Give name, folder and match of each program that an expression matches."""
        for name, found in self._index.matching(expressions):
            for folder in self._places[name]:
                yield name, folder, found


_EXE = frozenset({".exe", ".EXE", ".Exe"})


def find_programs(soft: Soft, files: Files, indexes: Iterable[ProgramIndex]) -> Iterator[Finding]:
    """Give the programs that a soft's expressions match, one candidate for each true file."""
    grouped: dict[str, list[Candidate]] = {}
    for index in indexes:
        for name, folder, found in index.matching(soft.find.executables):
            finding = _program(soft, files, name, folder, found)
            if isinstance(finding, Rejection):
                yield finding
            elif finding is not None:
                grouped.setdefault(_identity(soft, files, finding), []).append(finding)
    for same in grouped.values():
        first = same[0]
        facts = {key: value for candidate in reversed(same) for key, value in candidate.facts.items()}
        yield Candidate(
            soft=soft.name,
            path=first.path,
            real=first.real,
            names=tuple(dict.fromkeys(candidate.path for candidate in same)),
            facts=facts,
            origin=_origin(same),
        )


def _origin(same: Sequence[Candidate]) -> str:
    """Say where a program came from: a link on PATH says less than a manager's own folder."""
    first = same[0].origin
    return next((one.origin for one in same if one.origin != "system"), first) if first == "system" else first


def _program(soft: Soft, files: Files, name: str, folder: Folder, found: re.Match[str]) -> Candidate | Rejection | None:
    path = posixpath.join(folder.path, name)
    state = files.stat(path)
    if state is None and files.stat(path + ".exe") is not None:
        path += ".exe"
        state = files.stat(path)
    if state is None:
        return Rejection(soft=soft.name, candidate=path, reason="a link that leads nowhere")
    if state.is_folder:
        return None
    if not state.is_executable:
        return Rejection(soft=soft.name, candidate=path, reason="not executable")
    real = files.real(path)
    reason = link_reason(path, real) or stub_reason(files, path) or shim_reason(files, path, state.size)
    if reason is not None:
        return Rejection(soft=soft.name, candidate=path, reason=reason)
    facts: dict[str, Value] = {key: value for key, value in found.groupdict().items() if value is not None}
    return Candidate(soft=soft.name, path=path, real=real, facts=facts, origin=folder.origin)


def _identity(soft: Soft, files: Files, candidate: Candidate) -> str:
    """Name what makes a candidate the same as another: its true file, its own folder or name where they count."""
    if soft.find.by_name in candidate.facts:
        return f"{candidate.real}@{candidate.facts[soft.find.by_name]}"
    if soft.find.separate:
        folder = posixpath.dirname(candidate.path)
        if files.stat(posixpath.normpath(posixpath.join(folder, soft.find.separate))) is not None:
            return f"{candidate.real}@{folder}"
    return candidate.real


class FileIndex:
    """The names in a list of folders, read once for all softs that look for files in them."""

    def __init__(self, files: Files, folders: Iterable[Folder]) -> None:
        self._places = _Places()
        for folder in folders:
            self._places.add(files.names(folder.path), folder)
        self._index = NameIndex(self._places)

    def matching(self, wanted: FileFind) -> Iterator[tuple[str, Folder]]:
        """Give name and folder of each file with a literal name or ending."""
        names: Iterable[str] = self._places
        if wanted.name is not None:
            names = [wanted.name]
        elif wanted.suffix is not None:
            names = self._index.ending_with(wanted.suffix)
        for name in names:
            for folder in self._places[name]:
                yield name, folder


def find_files(soft: Soft, files: Files, indexes: Iterable[FileIndex]) -> Iterator[Finding]:
    """Give the files that a soft looks for by literal name and expression on the path, each true file once."""
    seen: set[str] = set()
    for index in indexes:
        for wanted in soft.find.files:
            for name, folder in index.matching(wanted):
                candidate = _file(soft, files, wanted, folder.path, name, folder.origin)
                if candidate is not None and candidate.real not in seen:
                    seen.add(candidate.real)
                    yield candidate


def _file(soft: Soft, files: Files, wanted: FileFind, folder: str, name: str, origin: str) -> Candidate | None:
    path = posixpath.join(folder, name)
    found = re.search(wanted.path, path)
    if found is None or (state := files.stat(path)) is None or state.is_folder:
        return None
    facts: dict[str, Value] = {key: value for key, value in found.groupdict().items() if value is not None}
    facts["size"] = state.size
    return Candidate(
        soft=soft.name,
        path=path,
        real=files.real(path),
        names=(path,),
        facts=facts,
        origin=origin,
        form="file",
    )
