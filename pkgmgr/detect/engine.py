"""Detection of many softs on one host: one look at the folders, each program asked once, in parallel.

Touches: the host, through its ports; the memory of answers.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from pkgmgr.detect.ask import Asker, NotRemembered, examine
from pkgmgr.detect.candidates import Candidate, FileIndex, Finding, ProgramIndex, find_files, find_programs, nameable
from pkgmgr.detect.conclude import conclude
from pkgmgr.detect.folders import Folder, Folders, expand_folders, walk_folders
from pkgmgr.detect.hooks import HookContext, examine_by_hook, find_by_hook, has, load_hook
from pkgmgr.detect.judging import Judging
from pkgmgr.detect.merging import merge
from pkgmgr.detect.report import Report
from pkgmgr.detect.where import Where
from pkgmgr.host.ports import Host
from pkgmgr.model.entry import Entry, Rejection, Value
from pkgmgr.model.platform import Platform
from pkgmgr.model.soft import Soft

# What looks for libraries, models, data sets and Python packages is imported where it begins, 40 ms in all: by then the
# first programs have been started, and one processor has nothing else to do.
if TYPE_CHECKING:
    from pkgmgr.detect.artifacts import ArtifactIndex
    from pkgmgr.detect.distributions import DistributionIndex
    from pkgmgr.detect.library_index import LibraryIndex
    from pkgmgr.detect.python_sites import Site


def read_platform(host: Host) -> Platform:
    """Establish the facts of a machine."""
    from pkgmgr.host.platform import read_platform as read  # 10 ms, where a soft asks for facts

    return read(host)


PYTHON_PROGRAMS = (r"python[23]?(\.\d+)?t?", r"pypy3?(\.\d+)?", r"graalpy(\.\d+)?")
PYTHON_FOLDERS = (
    *("$PYENV_ROOT/versions/*/bin", "~/.pyenv/versions/*/bin", "$PYENV_ROOT/versions/*/envs/*/bin"),
    *(
        "$VIRTUAL_ENV/bin",
        "$CONDA_PREFIX/bin",
        "~/.virtualenvs/*/bin",
        "$WORKON_HOME/*/bin",
        "~/.venvs/*/bin",
    ),
    *("~/miniconda3/bin", "~/anaconda3/bin", "~/miniforge3/bin", "~/mambaforge/bin", "/opt/conda/bin"),
    *(
        "~/miniconda3/envs/*/bin",
        "~/anaconda3/envs/*/bin",
        "~/miniforge3/envs/*/bin",
        "~/mambaforge/envs/*/bin",
    ),
    *("/opt/conda/envs/*/bin", "/opt/miniconda3/bin", "/opt/miniconda3/envs/*/bin", "~/.conda/envs/*/bin"),
    *(
        "$MAMBA_ROOT_PREFIX/envs/*/bin",
        "~/micromamba/envs/*/bin",
        "~/.pixi/envs/*/bin",
        "$PIXI_HOME/envs/*/bin",
    ),
    *("~/.local/share/uv/python/*/bin", "~/.local/share/uv/tools/*/bin", "~/.local/share/pipx/venvs/*/bin"),
    *(
        "~/.local/pipx/venvs/*/bin",
        "~/.asdf/installs/python/*/bin",
        "~/.local/share/mise/installs/python/*/bin",
    ),
    *("~/.rye/py/*/bin", "~/.local/share/hatch/env/virtual/*/*/*/bin", "~/.cache/pypoetry/virtualenvs/*/bin"),
    *("/usr/local/python*/bin", "/opt/python/*/bin", "/opt/python*/bin"),
    "/Library/Frameworks/Python.framework/Versions/*/bin",
)
"""Where version and environment managers keep interpreters. `lang.python` and every distribution look there."""

_SMALL = 64 << 10
"""Bytes of a program that is a script, or starts what lies in a library."""
_STARTED_BY_SMALL = 20 << 20
"""Bytes of what such a one starts, about: an interpreter with its modules, a JVM."""

Located = Callable[[str], Path | None]
"""Gives the folder of a soft by name, where its hook lies; None for a soft without one, or an untrusted one."""


class Detector(msgspec.Struct, dict=True):
    """One host, looked at once for all softs."""

    asker: Asker
    where: Where = msgspec.field(default_factory=Where)
    hook_folder: Located = lambda _name: None
    jobs: int = 8
    """Candidates asked at the same time."""
    progress: Callable[[int, int], None] = lambda _done, _all: None
    """Told how many candidates have been asked, of how many."""
    facts: Callable[[Host], Platform] = read_platform
    """Gives the facts of the machine, when a soft first asks for one."""
    _platform: Platform | None = None
    _artifacts: ArtifactIndex | None = None
    _looked_for: Sequence[Soft] = ()
    _programs: ProgramIndex | None = None
    _searched_files: FileIndex | None = None
    _own_files: dict[tuple[str, int], FileIndex] = {}
    _libraries: LibraryIndex | None = None
    _distributions: DistributionIndex | None = None
    _sites: list[Site] | None = None
    _hooks: dict[str, ModuleType | None] = {}

    def __post_init__(self) -> None:
        self._folders = Folders(host=self.host, where=self.where)
        self._remembering = replace(self.asker, only_recall=True)

    @property
    def host(self) -> Host:
        """The machine that is looked at."""
        return self.asker.host

    def detect(self, softs: Sequence[Soft]) -> Report:
        """Find, ask and conclude; the best entry of each soft comes first."""
        self._looked_for = softs
        rejections: dict[int, list[Rejection]] = {}
        court = Judging(
            self._recalled,
            self._judge_one,
            cost=self._likely_cost,
            jobs=self.jobs,
            progress=self.progress,
            give_up=self.host.runner.close,
        )
        with court as judging:
            # Programs come first: while they answer, the folders of libraries, models and the rest are read.
            for place in sorted(range(len(softs)), key=lambda place: not softs[place].find.executables):
                found = [nameable(finding) for finding in self.candidates(softs[place])]
                rejections[place] = [finding for finding in found if isinstance(finding, Rejection)]
                for number, candidate in enumerate(finding for finding in found if isinstance(finding, Candidate)):
                    judging.add((place, number), (softs[place], candidate))
            if judging.is_waiting and self.host.owners is not None:
                self.host.owners.read_ahead()
            verdicts = judging.verdicts()
        entries = [verdict for verdict in verdicts if isinstance(verdict, Entry)]
        turned = [verdict for verdict in verdicts if isinstance(verdict, Rejection)]
        order = {soft.name: place for place, soft in enumerate(softs)}
        kept = merge(entries, host=self.host.target)
        kept.sort(key=lambda entry: order[entry.soft])
        self.asker.memory.save()
        early = [rejection for place in range(len(softs)) for rejection in rejections[place]]
        return Report(entries=tuple(kept), rejections=(*early, *turned), skipped=self._skipped())

    def _skipped(self) -> tuple[str, ...]:
        cut = [f"{path} is too large to be seen whole: a part was skipped" for path in self._folders.cut]
        return tuple(dict.fromkeys([*cut, *(f"{path}: {why}" for path, why in self.host.files.skipped.items())]))

    def candidates(self, soft: Soft) -> Iterable[Finding]:
        """Give everything that has a fitting name or place, and what was turned down for these alone."""
        files = self.host.files
        if soft.find.executables:
            indexes = [self._program_index()]
            own = self._own(soft)
            if own:
                indexes.append(ProgramIndex(files, own))
            yield from find_programs(soft, files, indexes)
        if soft.find.files:
            yield from find_files(soft, files, self._file_indexes(soft))
        if soft.find.library is not None:
            from pkgmgr.detect.libraries import find_libraries

            yield from find_libraries(soft, self._library_index(), self._own(soft))
        if soft.find.artifact is not None:
            yield from self._artifact_index().find(soft, self._looked_for)
        if soft.find.python:
            yield from self._distribution_index().find(soft)
        if soft.find.platform is not None and self.where.system:
            from pkgmgr.detect.platform_facts import find_in_platform

            yield from find_in_platform(soft, self.platform())
        if soft.find.hook and has(hook := self._hook(soft), "find") and hook is not None:
            yield from find_by_hook(hook, self._context(soft))

    @property
    def has_used_platform(self) -> bool:
        """Tell whether a soft has asked for the facts of the machine."""
        return self._platform is not None

    def platform(self) -> Platform:
        """Give the facts of the machine, established once."""
        if self._platform is None:
            self._platform = self.facts(self.host)
        return self._platform

    def _file_indexes(self, soft: Soft) -> Iterable[FileIndex]:
        """Give the index of all search paths, then one for each folder that the soft names; each is made once."""
        files = self.host.files
        if self._searched_files is None:
            searched = [Folder(path=path, origin="search-path") for path in self._folders.searched()]
            self._searched_files = FileIndex(files, searched)
        yield self._searched_files
        for root in self._own(soft):
            place = (root.path, soft.find.depth)
            if place not in self._own_files:
                walked = walk_folders(files, root.path, depth=soft.find.depth, cut=self._folders.cut)
                self._own_files[place] = FileIndex(files, [Folder(path=path, origin=root.origin) for path in walked])
            yield self._own_files[place]

    def _own(self, soft: Soft) -> list[Folder]:
        """Give the folders that only this soft looks in: its own patterns, and places among Python packages."""
        own = self._folders.own([*soft.find.folders, *(PYTHON_FOLDERS if soft.find.python_folders else ())])
        if soft.find.sites and self.where.system:
            for site in self._python_sites():
                for pattern in soft.find.sites:
                    own += [
                        Folder(path=posixpath.normpath(path), origin=f"python:{site.prefix}")
                        for path in expand_folders(self.host.files, f"{site.path}/{pattern}")
                    ]
        return own

    def distribution_names(self) -> list[str]:
        """Give the normalized name of every Python distribution on the machine."""
        return self._distribution_index().names()

    def _recalled(self, item: tuple[Soft, Candidate]) -> Entry | Rejection | None:
        runs_one = any(probe.argv for probe in item[0].probe)
        if self.asker.refresh or (runs_one and self.asker.memory.is_empty):
            return None  # what runs no program is concluded at once, here
        try:
            return self.judge(*item, self._remembering)
        except NotRemembered:
            return None

    def _likely_cost(self, item: tuple[Soft, Candidate]) -> int:
        """Give the bytes of a program: the more there are, the longer it takes to start."""
        state = self.host.files.stat(item[1].real)
        size = 0 if state is None else state.size
        return _STARTED_BY_SMALL if size < _SMALL else size

    def _judge_one(self, item: tuple[Soft, Candidate]) -> Entry | Rejection:
        return self.judge(*item)

    def judge(self, soft: Soft, candidate: Candidate, asker: Asker | None = None) -> Entry | Rejection:
        """Ask one candidate and conclude."""
        asker = asker or self.asker
        if candidate.form == "program" and soft.probe:
            foreign = self._foreign(candidate)
            if foreign is not None:
                reason = f"a program for {foreign}, which can't be asked on this {self.host.target} machine"
                return Rejection(soft=soft.name, candidate=candidate.path, reason=reason)
        facts: dict[str, Value] | Rejection
        facts = examine(soft, candidate, asker)
        hook = self._hook(soft)
        if not isinstance(facts, Rejection) and hook is not None and has(hook, "examine"):
            facts = examine_by_hook(hook, self._context(soft, asker), facts)
        if isinstance(facts, Rejection):
            return facts
        return conclude(soft, candidate, facts, self.host, self.asker.memory)

    def _foreign(self, candidate: Candidate) -> str | None:
        """Give the target of a program that this machine can't run; None when it can."""
        elf = self.host.files.elf(candidate.real)
        if elf is None:
            return None
        mine, its = self.host.target.split("-")[:2], elf.target.split("-")[:2]
        is_older_sibling = mine == ["linux", "x86_64"] and its == ["linux", "x86"]
        return None if mine == its or is_older_sibling else elf.target

    def _program_index(self) -> ProgramIndex:
        if self._programs is None:
            self._programs = ProgramIndex(self.host.files, self._folders.programs())
        return self._programs

    def _library_index(self) -> LibraryIndex:
        if self._libraries is None:
            from pkgmgr.detect.library_index import LibraryIndex

            self._libraries = LibraryIndex(self._folders)
        return self._libraries

    def _artifact_index(self) -> ArtifactIndex:
        if self._artifacts is None:
            from pkgmgr.detect.artifacts import ArtifactIndex

            self._artifacts = ArtifactIndex(folders=self._folders, sites=self._python_sites)
        return self._artifacts

    def _distribution_index(self) -> DistributionIndex:
        if self._distributions is None:
            from pkgmgr.detect.distributions import DistributionIndex

            self._distributions = DistributionIndex(self.host.files, self._python_sites())
        return self._distributions

    def _python_sites(self) -> list[Site]:
        if self._sites is None:
            from pkgmgr.detect.python_sites import distinct_sites, loose_sites, python_sites

            files = self.host.files
            indexes = [self._program_index(), ProgramIndex(files, self._folders.own(PYTHON_FOLDERS))]
            programs = [
                posixpath.join(folder.path, name)
                for index in indexes
                for name, folder, _ in index.matching(PYTHON_PROGRAMS)
            ]
            programs = [path for name in programs for path in (name, f"{name}.exe") if files.stat(path) is not None]
            home, variables = (self.host.home, self.host.variables) if self.where.system else ("", {})
            self._sites = distinct_sites(
                files, [*python_sites(files, programs, home, variables), *loose_sites(files, self._folders.searched())]
            )
        return self._sites

    def _hook(self, soft: Soft) -> ModuleType | None:
        if soft.name not in self._hooks:
            folder = self.hook_folder(soft.name)
            self._hooks[soft.name] = load_hook(folder) if folder is not None else None
        return self._hooks[soft.name]

    def _context(self, soft: Soft, asker: Asker | None = None) -> HookContext:
        return HookContext(asker=asker or self.asker, folders=self._folders, soft=soft, facts=self.platform)
