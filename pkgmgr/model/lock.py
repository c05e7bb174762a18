"""The exact recorded result of an env, for one or several targets. Pure.

Written by `pkgmgr.lock.document` as canonical JSON; `docs/reference/lock.md` explains it field by field.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pkgmgr.model.entry import Value
from pkgmgr.model.operation import Operation

LOCK_FORMAT = 2
"""Of the locks that are written."""
READABLE_FORMATS = (1, 2)
"""In the first, an installed entry listed all of its files in `LockedEntry.content`, and had no `manifest`."""


class LockedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file that an entry consists of."""

    path: str
    """Relative to the entry's prefix, with ``/``."""
    sha256: str
    size: int


class LockedSource(msgspec.Struct, frozen=True, kw_only=True):
    """One artifact that an installed entry was made from."""

    name: str
    sha256: str
    size: int | None
    urls: tuple[str, ...]


class LockedPackage(msgspec.Struct, frozen=True, kw_only=True):
    """How an installed entry was made."""

    name: str
    version: str
    document: str
    """``sha256:…`` of the package's folder: its document, scripts and patches."""
    variants: Mapping[str, str] = {}
    sources: tuple[LockedSource, ...] = ()


class LockedWheel(msgspec.Struct, frozen=True, kw_only=True):
    """One distribution of a Python environment, as the one file that it is installed from."""

    name: str
    """Normalized as PEP 503 says."""
    version: str
    file: str
    sha256: str
    urls: tuple[str, ...] = ()


class LockedPython(msgspec.Struct, frozen=True, kw_only=True):
    """What a Python environment is made of."""

    python: str
    """The interpreter's version."""
    requirements: tuple[str, ...]
    """What was solved together, as PEP 508 texts, sorted."""
    wheels: tuple[LockedWheel, ...]
    """By name."""


class LockedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry, as it was when the lock was made."""

    id: str
    soft: str
    version: str | None
    target: str
    origin: str
    fingerprint: str
    prefix: str | None = None
    """Where it was found; None for installed ones, whose place belongs to the home."""
    evidence: str = ""
    accept: str = "exact"
    """How much a detected entry may differ: ``exact``, ``compatible``, ``any`` or a version range."""
    files: Mapping[str, str] = {}
    """Role → path: absolute for a found entry, relative to the prefix for an installed one."""
    on_path: tuple[str, ...] = ()
    """Names of its programs that led to it on PATH when the lock was made: another may come to stand before it."""
    content: tuple[LockedFile, ...] = ()
    """Every file of a model or data set, and the named ones of a found entry."""
    manifest: str = ""
    """``sha256:…`` over all files of an installed entry; the list is in the store beside it. Empty for a Python
    environment, which is its wheels."""
    attributes: Mapping[str, Value] = {}
    package: LockedPackage | None = None
    python: LockedPython | None = None
    """For a Python environment: the wheels; its files are theirs."""
    deps: tuple[str, ...] = ()


class LockedHost(msgspec.Struct, frozen=True, kw_only=True):
    """A machine, as far as a result depends on it."""

    os: str
    arch: str
    libc: str | None = None
    libc_version: str | None = None
    feature_level: str | None = None
    microarchitecture: str | None = None
    distribution: str | None = None
    kernel: str | None = None
    drivers: Mapping[str, str] = {}
    accelerators: Mapping[str, str] = {}
    """Vendor → compute capability or architecture (``nvidia`` → ``8.6``); empty where it has none."""


class LockedTarget(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one target."""

    least: LockedHost
    """The least host that will do."""
    resolved_on: LockedHost
    accept: str = "exact"
    """How much a host may differ from it before `verify` calls it drift: ``exact``, ``compatible`` (it has the least),
    ``any``. From ``accept.host`` of the env."""
    entries: tuple[LockedEntry, ...]
    """What is needed comes first."""
    roots: Mapping[str, str]
    """Requirement as written → id of the entry that meets it."""
    env: tuple[Operation, ...] = ()
    """Paths inside the home are written as ``${CKPM_HOME}/…``."""


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """A whole lock file."""

    format: int
    name: str
    inputs: str
    """``sha256:…`` over what the env asks for. New releases in the world do not change it."""
    targets: Mapping[str, LockedTarget]


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between what was recorded and what is there."""

    what: str
    """``removed``, ``changed``, ``upgraded``, ``downgraded``, ``replaced``, ``moved``, ``shadowed``, ``added``,
    ``rebuilt`` or ``host``."""
    name: str
    """The entry's id, the file or the fact."""
    before: str
    after: str
    is_accepted: bool = False
    """True where ``accept`` allows it."""


def used_ids(part: LockedTarget) -> set[str]:
    """Give the ids of what was asked for and of what that depends on, without what only served to build it."""
    deps = {entry.id: entry.deps for entry in part.entries}
    waiting, found = list(part.roots.values()), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += deps.get(name, ())
    return found
