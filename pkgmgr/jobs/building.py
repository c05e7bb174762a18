"""Build what a task needs: a folder for each state of what it is made from, made by one process at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pkgmgr.install.locks import Busy, hold
from pkgmgr.jobs.prepared import Prepared
from pkgmgr.jobs.workspace import Workspace, host_target
from pkgmgr.model.condition import Circumstances, holds
from pkgmgr.model.env import Task
from pkgmgr.model.package import AnyStep

if TYPE_CHECKING:
    from pkgmgr.jobs.wishes import Wishes

_MARK = ".ckpm-built"
"""In a folder that is whole."""


@contextlib.contextmanager
def built(
    workspace: Workspace,
    prepared: Prepared,
    name: str,
    task: Task,
    params: Mapping[str, str],
    texts: Mapping[str, str],
    wishes: Wishes,
) -> Iterator[Path]:
    """Give the folder with what a task's steps make; nobody removes or changes it meanwhile.

    :param texts: of the task, but for ``{build}``.
    """
    circumstances = _circumstances(workspace, prepared, params)
    steps = tuple(step for step in task.step if holds(step.when, circumstances))
    building = _Building(
        workspace=workspace, prepared=prepared, task=name, steps=steps, circumstances=circumstances, wishes=wishes
    )
    stamp = _stamp(prepared, steps, workspace.home)
    top = _builds(workspace, prepared) / name
    build, lock = top / stamp, top / f"{stamp}.lock"
    top.mkdir(parents=True, exist_ok=True)
    while True:
        with hold(lock, is_shared=True):
            if (build / _MARK).is_file():
                yield build
                return
        with hold(lock) as is_held:
            # Without locks each process builds for itself: what another makes may be half there.
            place = build if is_held else top / f"{stamp}-{os.getpid()}"
            if not (place / _MARK).is_file():
                building.make(place, {**texts, "build": str(place)})
                _remove_others(top, place)
        if not is_held:
            yield place
            return


def _builds(workspace: Workspace, prepared: Prepared) -> Path:
    """Give where an env's programs for one target are built: two envs of one name in two places are two."""
    place = hashlib.sha256(str(prepared.loaded.path).encode()).hexdigest()[:8]
    return workspace.home / "builds" / f"{prepared.loaded.env.name}-{place}" / str(prepared.target)


def _circumstances(workspace: Workspace, prepared: Prepared, params: Mapping[str, str]) -> Circumstances:
    document = workspace.catalog.require_target(str(prepared.target))[1]
    return Circumstances(target=prepared.target, libc=document.libc, variants=params)


@dataclass(frozen=True, kw_only=True)
class _Building:
    """What a task's steps are made with, wherever it is built."""

    workspace: Workspace
    prepared: Prepared
    task: str
    steps: Sequence[AnyStep]
    """Those whose conditions hold."""
    circumstances: Circumstances
    wishes: Wishes

    def make(self, place: Path, texts: Mapping[str, str]) -> None:
        """Perform the steps in a folder that is made anew, and mark it as whole."""
        import shutil  # 5 ms, where something is made

        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if self.steps:
            self._perform(place, texts)
        (place / _MARK).touch()

    def _perform(self, place: Path, texts: Mapping[str, str]) -> None:
        from pkgmgr.install.context import BuildContext, write_scripts  # 40 ms together, where something is to be built
        from pkgmgr.install.reach import with_further
        from pkgmgr.install.steps import perform_all
        from pkgmgr.install.store import Store
        from pkgmgr.install.toolchain import make_toolchain

        workspace, prepared = self.workspace, self.prepared
        document = workspace.catalog.require_target(str(prepared.target))[1]
        host = host_target(workspace)
        known = {entry.id: entry for entry in Store(home=workspace.home).installed()}
        roles = with_further(prepared.roles, known)
        jobs = self.wishes.jobs or workspace.jobs
        compiler = next((entry for entry in roles.values() if "compiler" in entry.tags), None)
        toolchain = make_toolchain(compiler, prepared.target, document, host) if compiler is not None else None
        self.wishes.tell(f"building task {self.task} for {prepared.target}")
        context = BuildContext(
            name=f"task {self.task}",
            build=place,
            prefix=place,
            folder=prepared.loaded.folder,
            log=place / "build.log",
            sources={},
            roles=roles,
            texts={**texts, "prefix": str(place), "jobs": str(jobs)},
            toolchain=toolchain,
            cache=workspace.cache,
            host=str(host),
            jobs=jobs,
            offline=workspace.offline,
            scripts=write_scripts(toolchain, place / ".tools") if toolchain is not None else {},
        )
        perform_all(self.steps, context, self.circumstances)


def _stamp(prepared: Prepared, steps: Sequence[AnyStep], home: Path) -> str:
    """Give a name for what steps make of the entries and the env's files as they are now."""
    if not steps:
        return "nothing"
    used = sorted(f"{entry.id} {entry.fingerprint}" for entry in prepared.roles.values())
    content = msgspec.json.encode([steps, used, sorted(_states(prepared.loaded.folder, home))], order="sorted")
    return hashlib.sha256(content).hexdigest()[:16]


def _states(folder: Path, home: Path) -> Iterator[tuple[str, int, int, int]]:
    """Give what tells whether a file has changed, for all below a folder, without reading any.

    Hidden folders and virtual environments are no sources, nor is a home that lies there, which each run changes.
    """
    waiting = [str(folder)]
    kept = home.stat()
    while waiting:
        place = waiting.pop()
        with os.scandir(place) as rows:
            for row in rows:
                if row.is_dir(follow_symlinks=False):
                    is_ours = row.name.startswith(".") or row.name == "__pycache__"
                    is_ours = is_ours or os.path.samestat(row.stat(), kept)
                    if not is_ours and not os.path.exists(os.path.join(row.path, "pyvenv.cfg")):
                        waiting.append(row.path)
                    continue
                try:
                    state = row.stat()
                except OSError:  # a link to nothing
                    state = row.stat(follow_symlinks=False)
                yield os.path.relpath(row.path, folder), state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _remove_others(top: Path, build: Path) -> None:
    """Remove what was built from an earlier state, unless it is in use."""
    import shutil

    for folder in top.iterdir():
        if folder.is_dir() and folder != build:
            with contextlib.suppress(Busy, OSError), hold(top / f"{folder.name}.lock", patience=0.0):
                shutil.rmtree(folder)
