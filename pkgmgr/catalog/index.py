"""The catalog: every soft, package, env and target that can be seen, read when asked for.

Touches: documents (read), the document cache (read and written).
"""

from __future__ import annotations

import atexit
import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import msgspec

from pkgmgr.catalog.repository import DocumentState, Repository, document_state, find_document, list_documents
from pkgmgr.model.errors import CkpmError, DocumentError, NotFoundError
from pkgmgr.model.reference import Tags
from pkgmgr.model.target import Target, parse_target

if TYPE_CHECKING:
    from pkgmgr.catalog.compiled import CompiledDocuments
    from pkgmgr.model.env import Env
    from pkgmgr.model.package import Package
    from pkgmgr.model.soft import Soft
    from pkgmgr.model.target import TargetDocument


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """Where a document was read from."""

    file: str
    state: DocumentState
    """Of the file, when it was listed."""
    repository: Repository

    @property
    def path(self) -> Path:
        """The document's file."""
        return Path(self.file)

    @property
    def folder(self) -> Path:
        """The document's own folder, with its scripts and patches."""
        return self.path.parent


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A document that could not be used, and why; the others go on."""

    path: Path
    error: CkpmError


class Catalog(msgspec.Struct):
    """Documents by kind and name. Each is parsed once, and only when asked for."""

    repositories: Sequence[Repository]
    cache_folder: Path | None = None
    """Where parsed documents are remembered; None: nowhere."""
    problems: list[Problem] = []
    clashes: list[str] = []
    _located: dict[str, dict[str, Located]] = {}
    _values: dict[tuple[str, str], msgspec.Struct | None] = {}
    _providers: dict[str, list[Package]] | None = None
    _compiled: dict[tuple[str, str], CompiledDocuments] = {}

    def locations(self, kind: str) -> Mapping[str, Located]:
        """Map names to places. The first repository that has a name wins; the rest are noted in `clashes`."""
        if kind not in self._located:
            table: dict[str, Located] = {}
            for repository in self.repositories:
                for name, (file, state) in list_documents(repository, kind).items():
                    if name in table:
                        used = table[name].repository.name
                        self.clashes.append(f"{kind} {name!r} of repository {repository.name!r} is hidden by {used!r}")
                        continue
                    table[name] = Located(file=file, state=state, repository=repository)
            self._located[kind] = table
        return self._located[kind]

    def names(self, kind: str) -> list[str]:
        """Give the names of one kind, sorted; those whose document is bad among them."""
        return sorted(self.locations(kind))

    def stamp(self, kind: str, name: str) -> str:
        """Give what changes with a document and its hook, without reading them; empty for an unknown name."""
        located = self._located_alone(kind, name)
        if located is None:
            return ""
        states = [located.state]
        with contextlib.suppress(OSError):
            states.append(document_state(os.stat(os.path.join(os.path.dirname(located.file), "hook.py"))))
        told = "|".join(":".join(map(str, state)) for state in states)
        return f"{located.file}|{located.repository.is_trusted}|{told}"

    def _located_alone(self, kind: str, name: str) -> Located | None:
        """Tell where one document lies; five hundred others need not be listed where no repository can hide it."""
        if kind in self._located or len(self.repositories) > 1:
            return self.locations(kind).get(name)
        repository = self.repositories[0]
        found = find_document(repository, kind, name)
        return None if found is None else Located(file=found[0], state=found[1], repository=repository)

    def soft(self, name: str) -> Soft | None:
        """Give a soft; None when there is none (or its document is bad)."""
        return cast("Soft | None", self._value("soft", name))

    def package(self, name: str) -> Package | None:
        """Give a package; None when there is none."""
        return cast("Package | None", self._value("package", name))

    def env(self, name: str) -> Env | None:
        """Give an env of a repository by its name."""
        return cast("Env | None", self._value("env", name))

    def softs(self, tags: Tags | None = None) -> list[Soft]:
        """Give all softs, by name; those with the tags, if asked."""
        softs = cast("list[Soft]", self._all("soft"))
        return [soft for soft in softs if tags is None or tags.admits(soft.all_tags)]

    def packages(self) -> list[Package]:
        """Give all packages, by name."""
        return cast("list[Package]", self._all("package"))

    def envs(self) -> list[Env]:
        """Give all envs of the repositories, by name."""
        return cast("list[Env]", self._all("env"))

    def targets(self) -> list[TargetDocument]:
        """Give all targets, by name."""
        return cast("list[TargetDocument]", self._all("target"))

    def providers(self, soft: str) -> list[Package]:
        """Give the packages whose result this soft recognises, the preferred first."""
        if self._providers is None:
            table: dict[str, list[Package]] = {}
            for package in self.packages():
                table.setdefault(package.provides, []).append(package)
            self._providers = {key: sorted(rows, key=lambda row: (row.rank, row.name)) for key, rows in table.items()}
        return self._providers.get(soft, [])

    def target(self, name: str) -> TargetDocument | None:
        """Give the document of a target, or of its base (``android-arm64`` for ``android-arm64-24``)."""
        parsed = parse_target(name)
        found = self._value("target", str(parsed))
        if found is None and parsed.detail and parsed.api_level is not None:
            found = self._value("target", str(parsed.base))
        return cast("TargetDocument | None", found)

    def require_soft(self, name: str) -> Soft:
        """Give a soft, or raise `NotFoundError` naming the nearest one."""
        return self.soft(name) or self._raise_unknown("soft", name)

    def require_package(self, name: str) -> Package:
        """Give a package, or raise `NotFoundError` naming the nearest one."""
        return self.package(name) or self._raise_unknown("package", name)

    def require_env(self, name: str) -> Env:
        """Give an env, or raise `NotFoundError` naming the nearest one."""
        return self.env(name) or self._raise_unknown("env", name)

    def require_target(self, text: str) -> tuple[Target, TargetDocument]:
        """Read a target's name or synonym and give its document, or raise `NotFoundError`."""
        target = parse_target(text)
        document = self.target(str(target))
        if document is None:
            self._raise_unknown("target", str(target))
        if not target.detail and document.default_detail:
            target = Target(os=target.os, arch=target.arch, detail=document.default_detail)
        return target, document

    def located(self, kind: str, name: str) -> Located:
        """Tell where a document lies, or raise `NotFoundError`."""
        found = self.locations(kind).get(name)
        return found if found is not None else self._raise_unknown(kind, name)

    def looked_at(self) -> Iterator[str]:
        """Give the paths on whose state rests what was asked so far: another document shows in one of them."""
        for kind, table in self._located.items():
            for repository in self.repositories:
                folder = repository.folder(kind)
                yield str(folder)
                # A folder that has no document yet may get one, and nothing else would tell.
                named = {os.path.dirname(row.file) for row in table.values()}
                with contextlib.suppress(OSError):
                    yield from (item.path for item in os.scandir(folder) if item.is_dir() and item.path not in named)
        for kind, name in self._values:
            located = self.locations(kind).get(name)
            if located is not None:
                yield located.file
                if kind == "soft":
                    yield str(located.folder / "hook.py")

    def save(self) -> None:
        """Remember what was parsed, as the end of the process does; what goes on as another program must say so."""
        for documents in self._compiled.values():
            documents.save()

    def _raise_unknown(self, kind: str, name: str) -> NoReturn:
        located = self.locations(kind).get(name)
        for problem in self.problems:
            if located is not None and problem.path == located.path:
                raise problem.error
        from pkgmgr.catalog.document import nearest_name

        nearest = nearest_name(name, self.locations(kind))
        hint = f"did you mean {nearest!r}?" if nearest else f"'ckpm list {kind}' shows those there are"
        raise NotFoundError(f"there is no {kind} {name!r}", hint=hint)

    def _all(self, kind: str) -> list[msgspec.Struct]:
        values = (self._value(kind, name) for name in self.locations(kind))
        return [value for value in values if value is not None]

    def _value(self, kind: str, name: str) -> msgspec.Struct | None:
        key = (kind, name)
        if key not in self._values:
            located = self.locations(kind).get(name)
            self._values[key] = None if located is None else self._load(located, kind, name)
        return self._values[key]

    def _load(self, located: Located, kind: str, name: str) -> msgspec.Struct | None:
        # The schemas are imported where a document is read: what is answered from memory reads none.
        from pkgmgr.catalog.compiled import CompiledDocuments, cache_file
        from pkgmgr.catalog.document import document_struct

        place = kind, str(located.repository.root)
        compiled = self._compiled.get(place)
        if compiled is None:
            if not self._compiled and self.cache_folder is not None:
                atexit.register(self.save)
            folder = located.repository.folder(kind)
            file = None if self.cache_folder is None else cache_file(self.cache_folder, folder, kind)
            compiled = self._compiled[place] = CompiledDocuments(folder=folder, file=file)
        try:
            value = compiled.read(name, located.file, located.state, document_struct(kind))
            stated = getattr(value, "name", name)
            if stated != name:
                raise DocumentError(f"{located.path}: it is called {stated!r}, its folder {name!r}")
            return value
        except CkpmError as error:
            self.problems.append(Problem(path=located.path, error=error))
            return None
