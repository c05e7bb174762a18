"""Check documents beyond their schema, and run the recorded cases of softs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from pkgmgr.catalog.compiled import read_document
from pkgmgr.catalog.document import nearest_name
from pkgmgr.catalog.repository import FOLDERS, document_file
from pkgmgr.detect.cases import run_cases
from pkgmgr.detect.conclude import LANGUAGE_ROLES
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.env import Env
from pkgmgr.model.errors import CkpmError, DocumentError, NotFoundError, UsageError
from pkgmgr.model.package import Derive, Package, Patch, Require
from pkgmgr.model.reference import KINDS, Reference, is_path, parse_reference
from pkgmgr.model.soft import Soft
from pkgmgr.model.standard import STANDARDS
from pkgmgr.model.target import TargetDocument, find_target
from pkgmgr.resolve.demand import read_requirement

HookFolder = Callable[[str], Path | None]


def lint_catalog(workspace: Workspace) -> tuple[list[str], int]:
    """Check everything that is visible; give the problems and how many documents were checked."""
    catalog = workspace.catalog
    problems: list[str] = []
    count = 0
    for soft in catalog.softs():
        problems += lint_soft(soft, workspace.hook_folder)
        count += 1
    for package in catalog.packages():
        problems += lint_package(workspace, package, catalog.located("package", package.name).folder)
        count += 1
    for env in catalog.envs():
        problems += lint_env(workspace, env)
        count += 1
    for target in catalog.targets():
        problems += lint_target(target)
        count += 1
    problems += [str(problem.error) for problem in catalog.problems]
    return problems, count + len(catalog.problems)


def lint_file(workspace: Workspace, path: Path) -> tuple[list[str], int]:
    """Check one document, or each document of a folder."""
    if path.is_dir():
        files = [
            file for kind in ("soft", "package", "env", "target") if (file := document_file(path, kind)) is not None
        ]
    else:
        files = [path]
    if not files or not files[0].is_file():
        raise NotFoundError(
            f"{path}: there is no document", hint="name a soft.toml, package.toml, env.toml or target.toml"
        )
    problems: list[str] = []
    for file in files:
        try:
            problems += _lint_one(workspace, file)
        except CkpmError as error:
            problems.append(error.message)
    return problems, len(files)


def lint_word(workspace: Workspace, word: str) -> tuple[list[str], int]:
    """Check what a person names: ``KIND:NAME``, a path, or a name that one kind of document has."""
    if word.partition(":")[0] in KINDS:
        return lint_named(workspace, parse_reference(word))
    path = Path(word).expanduser()
    if path.exists() or is_path(word):
        return lint_file(workspace, path)
    kinds = [kind for kind in FOLDERS if word in workspace.catalog.locations(kind)]
    if len(kinds) > 1:
        known = " and ".join(f"{kind}:{word}" for kind in kinds)
        raise UsageError(f"{word!r} may be any of {len(kinds)} documents", hint=f"there are {known}")
    if not kinds:
        names = {name: kind for kind in FOLDERS for name in workspace.catalog.names(kind)}
        nearest = nearest_name(word, names)
        hint = f"did you mean '{names[nearest]}:{nearest}'?" if nearest else "name KIND:NAME, a file or its folder"
        raise NotFoundError(f"there is no file and no document {word!r}", hint=hint)
    return lint_named(workspace, Reference(kind=kinds[0], name=word))


def lint_named(workspace: Workspace, reference: Reference) -> tuple[list[str], int]:
    """Check one document of the catalog. One that can't be read has a problem; one that is not there is an error."""
    if reference.kind not in FOLDERS:
        raise UsageError(f"{str(reference)!r} is no document", hint=f"lint takes {', '.join(FOLDERS)}")
    if not reference.range.is_any or reference.variants:
        raise UsageError(f"{str(reference)!r} asks for a version or a variant", hint="a document is checked whole")
    if reference.kind == "env" and is_path(reference.name):
        return lint_file(workspace, Path(reference.name))
    try:
        return list(_lint_named(workspace, reference.kind, reference.name)), 1
    except DocumentError as error:
        return [error.message], 1


def _lint_named(workspace: Workspace, kind: str, name: str) -> Iterator[str]:
    catalog = workspace.catalog
    match kind:
        case "soft":
            return lint_soft(catalog.require_soft(name), workspace.hook_folder)
        case "package":
            return lint_package(workspace, catalog.require_package(name), catalog.located(kind, name).folder)
        case "env":
            return lint_env(workspace, catalog.require_env(name))
        case _:
            return lint_target(catalog.require_target(name)[1])


def _lint_one(workspace: Workspace, file: Path) -> Iterator[str]:
    match file.stem:
        case "soft":
            return lint_soft(read_document(file, Soft), lambda _name: file.parent)
        case "package":
            return lint_package(workspace, read_document(file, Package), file.parent)
        case "env":
            return lint_env(workspace, read_document(file, Env))
        case "target":
            return lint_target(read_document(file, TargetDocument))
        case _:
            raise UsageError(
                f"{file}: what kind of document is it?", hint="its name says it: soft.toml, package.toml, …"
            )


def lint_soft(soft: Soft, hook_folder: HookFolder) -> Iterator[str]:
    """Check the expressions of a soft and run its cases."""
    broken = [text for text in _expressions(soft) if not _compiles(text)]
    yield from (f"{soft.name}: {text!r} is no regular expression" for text in broken)
    if not soft.case:
        yield f"{soft.name}: it has no recorded case: nothing proves it"
    if not any(case.expect for case in soft.case) and soft.case:
        yield f"{soft.name}: no case shows what it recognises"
    if not broken:
        yield from (str(failure) for failure in run_cases(soft, hook_folder=hook_folder))


def _expressions(soft: Soft) -> Iterator[str]:
    yield from soft.find.executables
    yield from (item.path for item in soft.find.files)
    for probe in soft.probe:
        for texts in (probe.match, probe.maybe, probe.every, tuple(probe.when.values())):
            yield from (texts,) if isinstance(texts, str) else texts
        yield probe.reject


def _compiles(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def lint_package(workspace: Workspace, package: Package, folder: Path) -> Iterator[str]:
    """Check that a package's soft, files, requirements and pins are there."""
    if workspace.catalog.soft(package.provides) is None and not package.provides.startswith("python."):
        yield f"{package.name}: it provides {package.provides!r}, and there is no such soft"
    if not package.source:
        yield f"{package.name}: it has no source"
    for row in package.source:
        if not row.urls:
            yield f"{package.name}: version {row.version} names no address"
        if row.size is None and not row.never_fetched:
            yield f"{package.name}: source {row.name} of {row.version} has no size: 'size' is the file's bytes"
    for variant, choice in package.variant.items():
        if choice.default not in choice.values:
            yield f"{package.name}: variant {variant}: its default {choice.default!r} is none of its values"
    for step in package.step:
        names = [step.file] if isinstance(step, Patch) else []
        names += [step.requirements, step.script] if isinstance(step, Derive) else []
        yield from (f"{package.name}: {name} is not in its folder" for name in names if not (folder / name).is_file())
    yield from _languages(package.name, package.languages)
    yield from _requirements(package.name, package.requires)


def lint_env(workspace: Workspace, env: Env) -> Iterator[str]:
    """Check an env's requirements, targets and tasks."""
    yield from _requirements(env.name, env.requires)
    yield from (f"{env.name}: {name!r} is no target" for name in env.targets if find_target(name) is None)
    if env.default_task and env.default_task not in env.tasks:
        yield f"{env.name}: its default task {env.default_task!r} is none of its tasks"
    for name, task in env.tasks.items():
        if not task.run:
            yield f"{env.name}: task {name} runs nothing"
        yield from (
            f"{env.name}: task {name} comes after {item!r}, which is not there"
            for item in task.after
            if item not in env.tasks
        )
        for key, param in task.params.items():
            if param.choices and param.default not in param.choices:
                yield f"{env.name}: param {key}: its default {param.default!r} is none of its choices"


def _requirements(name: str, requires: tuple[str | Require, ...]) -> Iterator[str]:
    some = find_target("linux-x86_64")
    assert some is not None
    for row in requires:
        try:
            read_requirement(row, some, some)
        except CkpmError as error:
            yield f"{name}: {error.message}"
        if isinstance(row, Require):
            yield from _languages(name, row.languages)


def _languages(name: str, languages: tuple[str, ...]) -> Iterator[str]:
    known = (*LANGUAGE_ROLES, *STANDARDS)
    for language in languages:
        if language not in known:
            nearest = nearest_name(language, known)
            meant = f"did you mean {nearest!r}?" if nearest else "there are c, cxx, fortran, cxx17, …"
            yield f"{name}: {language!r} is no language, and no standard of one: {meant}"


def lint_target(target: TargetDocument) -> Iterator[str]:
    """Check that a target's name and triples mean the same."""
    parsed = find_target(target.name)
    if parsed is None or str(parsed) != target.name:
        yield f"target {target.name}: not a canonical name"
    for triple in target.triples:
        found = find_target(triple)
        if found is None or parsed is None or found.base != parsed.base:
            yield f"target {target.name}: its triple {triple} means {found}"
