"""From names to candidates: programs, files, libraries and Python distributions that a soft may mean.

Touches: the file system, through `pkgmgr.host.ports.Files` only. Runs nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pkgmgr.detect.folders import Folder, Folders, walk_folders
from pkgmgr.detect.names import NameIndex
from pkgmgr.detect.shims import shim_reason
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Rejection, Value
from pkgmgr.model.soft import FileFind, Soft


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Something with a fitting name. Only probes tell what it is."""

    soft: str
    path: str
    real: str
    """The true file, all links followed."""
    names: tuple[str, ...] = ()
    """Every path that led to it, the first one found first."""
    facts: Mapping[str, Value] = field(default_factory=dict)
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


class ProgramIndex:
    """The names in a list of folders, read once for all softs."""

    def __init__(self, files: Files, folders: Sequence[Folder]) -> None:
        self._places: dict[str, list[Folder]] = {}
        for folder in folders:
            for name in files.names(folder.path):
                self._places.setdefault(_program_name(name), []).append(folder)
        self._index = NameIndex(self._places)

    def matching(self, expressions: Sequence[str]) -> Iterator[tuple[str, Folder, re.Match[str]]]:
        """Give name, folder and match of each program that an expression matches."""
        for name, found in self._index.matching(expressions):
            for folder in self._places[name]:
                yield name, folder, found


def _program_name(name: str) -> str:
    return name[:-4] if name.lower().endswith(".exe") else name


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
    reason = shim_reason(files, path, state.size)
    if reason is not None:
        return Rejection(soft=soft.name, candidate=path, reason=reason)
    facts: dict[str, Value] = {key: value for key, value in found.groupdict().items() if value is not None}
    return Candidate(soft=soft.name, path=path, real=files.real(path), facts=facts, origin=folder.origin)


def _identity(soft: Soft, files: Files, candidate: Candidate) -> str:
    """Name what makes a candidate the same as another: its true file, or its own folder where that counts."""
    if soft.find.separate:
        folder = posixpath.dirname(candidate.path)
        if files.stat(posixpath.normpath(posixpath.join(folder, soft.find.separate))) is not None:
            return f"{candidate.real}@{folder}"
    return candidate.real


def find_files(soft: Soft, folders: Folders, own: Sequence[Folder]) -> Iterator[Finding]:
    """Give the files that a soft looks for by literal name and expression on the path.

    :param own: the soft's own folders, walked as deep as it says.
    """
    files = folders.host.files
    looked = [(path, "search-path") for path in folders.searched()]
    for root in own:
        looked += [
            (path, root.origin) for path in walk_folders(files, root.path, depth=soft.find.depth, cut=folders.cut)
        ]
    seen: set[str] = set()
    for folder, origin in looked:
        for name in files.names(folder):
            for wanted in soft.find.files:
                candidate = _file(soft, files, wanted, folder, name, origin)
                if candidate is not None and candidate.real not in seen:
                    seen.add(candidate.real)
                    yield candidate


def _file(soft: Soft, files: Files, wanted: FileFind, folder: str, name: str, origin: str) -> Candidate | None:
    if wanted.name is not None and name != wanted.name:
        return None
    if wanted.suffix is not None and not name.endswith(wanted.suffix):
        return None
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
