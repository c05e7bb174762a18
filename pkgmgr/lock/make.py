"""From a finished installation to its lock. Pure but for reading the files that it pins."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from pkgmgr.install.store import Recipe, read_manifest
from pkgmgr.install.venv.made import read_pins
from pkgmgr.install.venv.wanted import ENVIRONMENT
from pkgmgr.lock.tree import manifest_digest
from pkgmgr.model.entry import Entry
from pkgmgr.model.lock import LockedEntry, LockedFile, LockedHost, LockedPackage, LockedSource, LockedTarget
from pkgmgr.model.operation import Operation
from pkgmgr.model.package import Package
from pkgmgr.model.target import ANY

HOME_MARK = "${CKPM_HOME}"
"""Stands in a lock for the home, so that the lock is the same whoever makes it."""


def lock_entry(
    entry: Entry,
    *,
    accept: str,
    recipe: Recipe | None = None,
    package: Package | None = None,
    on_path: Sequence[str] = (),
) -> LockedEntry:
    """Pin one entry: by place and fingerprint if it was found, by content if it was installed."""
    is_installed = entry.package is not None
    prefix = Path(entry.prefix)
    files = {role: _inside(path, prefix) if is_installed else path for role, path in entry.files.items()}
    pins = read_pins(prefix) if entry.soft == ENVIRONMENT else None
    return LockedEntry(
        id=entry.id,
        soft=entry.soft,
        version=entry.version,
        target=entry.target,
        origin=entry.origin,
        fingerprint=entry.fingerprint,
        prefix=None if is_installed else entry.prefix,
        evidence="" if is_installed else entry.evidence,
        accept="exact" if is_installed else accept,
        files=files,
        on_path=tuple(on_path),
        content=_content(entry),
        # Of a Python environment the wheels are pinned; the tens of thousands of files in them are theirs.
        manifest=manifest_digest(read_manifest(prefix)) if is_installed and pins is None else "",
        package=_package(recipe, package) if recipe is not None and package is not None else None,
        python=pins,
        attributes={key: entry.attributes[key] for key in ("owner", "owners") if key in entry.attributes},
        deps=entry.deps,
    )


def _inside(path: str, prefix: Path) -> str:
    place = Path(path)
    return place.relative_to(prefix).as_posix() if place.is_relative_to(prefix) else path


def _content(entry: Entry) -> tuple[LockedFile, ...]:
    """Give every file of a model or data set and the named ones of any other found entry, each with its hash."""
    prefix = Path(entry.prefix)
    if entry.package is not None:
        is_data = entry.soft.startswith(("model.", "dataset."))
        rows = [row for row in read_manifest(prefix) if row.kind == "file"] if is_data else ()
        return tuple(LockedFile(path=row.path, sha256=row.sha256, size=row.size) for row in rows)
    paths: list[Path] = []
    for item in entry.files.values():
        place = Path(item)
        if place.is_file():
            paths.append(place)
        elif entry.target == ANY:
            paths += sorted(path for path in place.rglob("*") if path.is_file())
    return tuple(_hash(path, prefix) for path in sorted(set(paths)))


def _hash(path: Path, prefix: Path) -> LockedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return LockedFile(path=_inside(str(path), prefix), sha256=digest, size=path.stat().st_size)


def _package(recipe: Recipe, package: Package) -> LockedPackage:
    pinned = {digest for text in recipe.sources.values() for digest in text.split(" or ")}
    sources = tuple(
        LockedSource(name=row.name, sha256=row.sha256, size=row.size, urls=row.urls)
        for row in package.source
        if row.sha256 in pinned and row.version == recipe.version
    )
    return LockedPackage(
        name=recipe.package,
        version=recipe.version,
        document=recipe.document,
        variants=recipe.variants,
        sources=sources,
    )


def read_recipe(entry: Entry) -> Recipe | None:
    """Give what an installed entry was made from."""
    try:
        return msgspec.json.decode((Path(entry.prefix) / ".ckpm" / "recipe.json").read_bytes(), type=Recipe)
    except (OSError, msgspec.MsgspecError):
        return None


def names_on_path(entry: Entry, path: str) -> list[str]:
    """Give the names of a found entry's programs that lead to it on PATH."""
    found = []
    for file in entry.files.values() if entry.package is None else ():
        first = shutil.which(Path(file).name, path=path)
        if first is not None and Path(first).resolve() == Path(file).resolve():
            found.append(Path(file).name)
    return sorted(set(found))


def lock_target(
    *,
    entries: Sequence[LockedEntry],
    roots: Mapping[str, str],
    operations: Sequence[Operation],
    host: LockedHost,
    least: LockedHost,
    home: Path,
    accept: str = "exact",
) -> LockedTarget:
    """Put the locked entries of one target together."""
    return LockedTarget(
        least=least,
        resolved_on=host,
        accept=accept,
        entries=tuple(entries),
        roots=dict(roots),
        env=tuple(_without_home(operation, str(home)) for operation in operations),
    )


def _without_home(operation: Operation, home: str) -> Operation:
    value = operation.value
    if value is None or not (value == home or value.startswith(home + "/")):
        return operation
    return msgspec.structs.replace(operation, value=HOME_MARK + value[len(home) :])
