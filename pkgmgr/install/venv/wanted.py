"""What a Python environment is asked for and made of, as values. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

import msgspec

from pkgmgr.install.store import Recipe
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import UsageError
from pkgmgr.model.lock import LockedPython, LockedWheel
from pkgmgr.model.target import Target
from pkgmgr.model.version import VersionRange

ENVIRONMENT = "lang.python-env"
"""The soft of a Python environment's entry; no demand names it, so that none is ever stacked on another."""
PACKAGE = "python-env"
"""Stands for the package of such an entry."""

_CLAUSE = re.compile(r"(?P<operator>===|==|~=|!=|<=|>=|<|>|=)?(?P<version>.+)", re.S)


def normalized(name: str) -> str:
    """Normalize a distribution's name as PEP 503 says."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_text(name: str, wanted: VersionRange, extras: Sequence[str] = ()) -> str:
    """Write a distribution and ckpm's version range as PEP 508: ``12`` (begins so) is ``==12.*`` there."""
    clauses = [_clause(part.strip()) for part in wanted.text.split(",") if part.strip()]
    extra = f"[{','.join(sorted(extras))}]" if extras else ""
    return f"{name}{extra}{','.join(clauses)}"


def _clause(part: str) -> str:
    found = _CLAUSE.fullmatch(part)
    assert found is not None, part  # VersionRange has read it
    operator, version = found["operator"], found["version"].strip()
    if operator is None:
        return f"=={version}" if version.endswith(".*") else f"=={version}.*"
    return f"=={version}" if operator == "=" else f"{operator}{version}"


def package_requirements(
    rows: Iterable[str], wanted: VersionRange, texts: Mapping[str, str], *, where: str
) -> list[str]:
    """Fill in what a package is inside an environment: ``tensorflow=={version}`` takes the range that is wanted.

    :param texts: the package's variants.
    :raises UsageError: for a name in braces that is neither ``version`` nor a variant.
    """
    found = []
    for row in rows:
        name, hole, rest = row.partition("=={version}")
        if hole:
            row = requirement_text(name.strip(), wanted) + rest
        for key, value in texts.items():
            row = row.replace("{" + key + "}", value)
        if "{" in row:
            raise UsageError(f"{where}: {row!r} in 'python' names something that is not there")
        found.append(row)
    return found


class Solution(msgspec.Struct, frozen=True, kw_only=True):
    """What requirements came to with one interpreter."""

    interpreter: str
    """Id of the interpreter's entry."""
    wheels: tuple[LockedWheel, ...]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the index."""

    requirements: tuple[str, ...]
    interpreters: tuple[str, ...]
    """Ids of those that may be used, the preferred first."""
    target: str

    @property
    def digest(self) -> str:
        """Give the name under which its answer is remembered."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:32]


def make_recipe(wheels: Sequence[LockedWheel], interpreter: Entry, target: Target) -> Recipe:
    """Give what names an environment: its pinned files and the interpreter that it links to.

    A security update of the same version in the same place makes no other environment of it: what a lock's operations
    and an image's variables name is the same on every machine of a kind. `verify` sees such an update at the
    interpreter's own entry.
    """
    rows = sorted((wheel.name, wheel.sha256) for wheel in wheels)
    document = hashlib.sha256(msgspec.json.encode(rows)).hexdigest()
    return Recipe(
        package=PACKAGE,
        version=interpreter.version or "",
        target=str(target),
        variants={},
        document=f"sha256:{document}",
        sources=dict(rows),
        dependencies={"lang.python": interpreter.id},
    )


def wheel_named(name: str, version: str, file: str, sha256: str) -> LockedWheel:
    """Give a wheel of the index that pip is configured for; where that is does not matter: the hash does."""
    name = normalized(name)
    return LockedWheel(name=name, version=version, file=file, sha256=sha256, urls=(f"pypi:{name}=={version}#{file}",))


def pinned_text(wheels: Iterable[LockedWheel]) -> str:
    """Write wheels as a requirements file with hashes."""
    return "".join(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels)


def file_of_url(url: str) -> str:
    """Give the file name at the end of an address."""
    from urllib.parse import unquote, urlsplit

    return PurePath(unquote(urlsplit(url).path)).name


def foreign_id(pins: LockedPython, target: str) -> str:
    """Name an environment that another machine is to make, where its interpreter is not known yet."""
    rows = sorted((wheel.name, wheel.sha256) for wheel in pins.wheels)
    digest = hashlib.sha256(msgspec.json.encode([pins.python, target, rows])).hexdigest()
    return f"{ENVIRONMENT}-{pins.python}-{digest[:8]}"
