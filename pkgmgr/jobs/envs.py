"""Envs as requests: read from a repository or a path, included ones first, for one target."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from pkgmgr.catalog.compiled import read_document
from pkgmgr.catalog.document import nearest_name
from pkgmgr.catalog.repository import document_file
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.condition import Circumstances, holds
from pkgmgr.model.entry import spelled
from pkgmgr.model.env import Env, Param, Setting
from pkgmgr.model.errors import ConflictError, NotFoundError, UsageError
from pkgmgr.model.operation import Operation
from pkgmgr.model.package import Require
from pkgmgr.model.reference import Reference
from pkgmgr.model.target import Target

_HOLE = re.compile(r"\{([A-Za-z_]\w*)\}")
_DEEPEST_INCLUDE = 16


def lock_beside(document: Path) -> Path:
    """Give where the lock of an env's document lies."""
    return document.with_name("env.lock.json")


@dataclass(frozen=True, kw_only=True)
class LoadedEnv:
    """An env and where it lies."""

    env: Env
    path: Path
    word: str = ""
    """What names it on the command line: ``env:NAME``, a path, or nothing for the one of this folder."""

    @property
    def folder(self) -> Path:
        """The env's own folder, with its programs."""
        return self.path.parent

    def command(self, verb: str, *options: str) -> str:
        """Give what a person types to do something with it."""
        return shlex.join(word for word in ("ckpm", verb, self.word, *options) if word)

    @property
    def lock_path(self) -> Path:
        """Where its lock lies: beside it."""
        return lock_beside(self.path)


@dataclass(frozen=True, kw_only=True)
class EnvRequest:
    """What an env asks for on one target, everything included and filled in."""

    requirements: tuple[str | Require, ...]
    operations: tuple[Operation, ...]
    accept: Mapping[str, str]
    sysroot: str = ""
    """See `pkgmgr.model.env.TargetSection`."""


def find_env(workspace: Workspace, reference: Reference | None) -> LoadedEnv:
    """Give an env by name or path; with none named, the one of this folder or of the nearest above it.

    :raises NotFoundError: when there is none.
    """
    if reference is None:
        return _project_env(workspace)
    name = reference.name
    if "/" in name or "\\" in name or name in (".", "..") or name.endswith((".toml", ".json")):
        path = Path(name).expanduser().absolute()
        file = document_file(path, "env") if path.is_dir() else path
        if file is None or not file.is_file():
            raise NotFoundError(f"there is no env at {name}", hint="name a folder with an env.toml, or the file")
        return LoadedEnv(env=read_document(file, Env), path=file, word=name)
    env = workspace.catalog.require_env(name)
    return LoadedEnv(env=env, path=workspace.catalog.located("env", name).path, word=f"env:{name}")


def _project_env(workspace: Workspace) -> LoadedEnv:
    here = Path.cwd()
    for folder in (here, *here.parents):
        file = document_file(folder, "env")
        if file is not None:
            return LoadedEnv(env=read_document(file, Env), path=file)
    raise NotFoundError(
        "no env is named, and there is no env.toml in this folder or above it", hint="name one: env:NAME"
    )


def request_for(
    workspace: Workspace, loaded: LoadedEnv, target: Target, settings: Mapping[str, str] | None = None
) -> EnvRequest:
    """Give what an env asks for on a target.

    :param settings: ``--set``: values of the env's params.
    :raises UsageError: for a param that it does not have, or a value that is none of its choices.
    """
    values = param_values(
        loaded.env.params, settings or {}, where=f"env {loaded.env.name}", strict=False, target=target
    )
    here = {"host": str(workspace.host.target)}
    circumstances = Circumstances(target=target, variants=values, facts=here)
    for conflict in loaded.env.conflicts:
        if holds(conflict, circumstances):
            chosen = ", ".join(f"{key}={circumstances.value(key)}" for key in conflict)
            raise ConflictError(f"env {loaded.env.name} can't have {chosen} together", hint="choose others with --set")
    requirements: list[str | Require] = []
    operations: list[Operation] = []
    accept: dict[str, str] = {}
    sysroot = ""
    for env in [*included(workspace, loaded), loaded.env]:
        requirements += env.requires
        operations += env.env
        accept |= env.accept
        for glob, section in env.target.items():
            if fnmatchcase(str(target), glob) or fnmatchcase(str(target.base), glob):
                requirements += section.requires
                operations += section.env
                sysroot = section.sysroot or sysroot
    held = [item for item in requirements if isinstance(item, str) or holds(item.when, circumstances)]
    filled = [_fill(item, values) for item in held]
    unique = {msgspec.json.encode(item): item for item in filled}
    return EnvRequest(requirements=tuple(unique.values()), operations=tuple(operations), accept=accept, sysroot=sysroot)


def included(workspace: Workspace, loaded: LoadedEnv) -> list[Env]:
    """Give the envs that an env includes, what they include first."""
    return [inner.env for inner in _included(workspace, loaded)]


def files_of(workspace: Workspace, loaded: LoadedEnv) -> list[Path]:
    """Give the files of an env and of all that it includes."""
    return [inner.path for inner in (*_included(workspace, loaded), loaded)]


def included_paths(workspace: Workspace, loaded: LoadedEnv) -> list[Path]:
    """Give the files that an env includes by their paths, not by the name of an env of the catalog."""
    return [inner.path for inner in _included(workspace, loaded) if not inner.word.startswith("env:")]


def _included(workspace: Workspace, loaded: LoadedEnv, depth: int = 0) -> list[LoadedEnv]:
    if depth > _DEEPEST_INCLUDE:
        raise UsageError(f"{loaded.path}: its includes go round in a circle")
    found: list[LoadedEnv] = []
    for name in loaded.env.include:
        is_path = "/" in name or name.endswith((".toml", ".json"))
        place = str(loaded.folder / name) if is_path else name
        inner = find_env(workspace, Reference(kind="env", name=place))
        found += [*_included(workspace, inner, depth + 1), inner]
    return found


def _fill(requirement: str | Require, values: Mapping[str, str]) -> str | Require:
    def fill(text: str) -> str:
        return _HOLE.sub(lambda found: values.get(found.group(1), found.group()), text)

    if isinstance(requirement, str):
        return fill(requirement)
    return msgspec.structs.replace(requirement, soft=fill(requirement.soft), package=fill(requirement.package), when={})


def param_values(
    params: Mapping[str, Param],
    settings: Mapping[str, str],
    *,
    where: str,
    strict: bool = True,
    target: Target | None = None,
) -> dict[str, str]:
    """Give each param's value as text: what was set, else its default, which may be another one for some targets.

    :param strict: whether a setting that is no param is an error here (else it may belong to a task).
    """
    values = {name: spelled(_default(param, target)) for name, param in params.items()}
    for name, value in settings.items():
        if name not in params:
            if strict:
                nearest = nearest_name(name, params)
                hint = f"did you mean {nearest!r}?" if nearest else f"its params: {', '.join(params) or 'none'}"
                raise UsageError(f"{where} has no param {name!r}", hint=hint)
            continue
        choices = [spelled(choice) for choice in params[name].choices]
        if choices and value not in choices:
            raise UsageError(f"{where}: {name} can't be {value!r}", hint=f"choose from {', '.join(choices)}")
        values[name] = value
    return values


def _default(param: Param, target: Target | None) -> Setting:
    names = (str(target), str(target.base)) if target is not None else ()
    special = (value for glob, value in param.default_for.items() if any(fnmatchcase(name, glob) for name in names))
    return next(special, param.default)


def inputs_digest(workspace: Workspace, loaded: LoadedEnv) -> str:
    """Give ``sha256:…`` over what an env asks for; its tasks are not part of it, nor is the world."""
    content = []
    for env in [*included(workspace, loaded), loaded.env]:
        content.append(
            {
                "requires": env.requires,
                "env": env.env,
                "target": env.target,
                "targets": env.targets,
                "params": env.params,
                "accept": env.accept,
                **({"instead": env.instead} if env.instead else {}),
            }
        )
    return "sha256:" + hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()
