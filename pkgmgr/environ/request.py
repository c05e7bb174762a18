"""What a format is asked to write. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from pkgmgr.environ.compose import is_list, separator_of
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation
from pkgmgr.model.target import Target, Toolchain


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """An environment to be written as text."""

    operations: Sequence[Operation]
    entries: Sequence[Entry] = ()
    """What build tools are told about, the best of each role first."""
    host: Target | None = None
    target: Target | None = None
    """Where the result will run; the build is a cross build if this is given and is not the host."""
    toolchain: Toolchain | None = None
    """What build systems call the target, from its document."""
    triple: str = ""
    """The target's GNU triple, with the API level of an Android target: what clang's ``--target`` takes."""
    root: str = ""
    """Folder on the host whose ``lib`` holds the target's C library; empty where there is none or it is not known."""
    emulator: Sequence[str] = ()
    """The command that runs the target's programs on the host."""
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What other tools call a soft: ``{"compiler.llvm": {"spack": "llvm", "conan": "clang"}}``."""
    path_separator: str = ":"
    home: str = ""
    """ckpm's home: scripts name it once, so that it can be moved; empty: write paths as they are."""


def identity_of(request: ExportRequest) -> str:
    """Name this environment in a script's helpers: the same input, the same name."""
    content = repr([msgspec.structs.astuple(operation) for operation in request.operations])
    return hashlib.sha256(f"{request.path_separator}{content}".encode("utf-8", "surrogateescape")).hexdigest()[:8]


def is_cross(request: ExportRequest) -> bool:
    """Tell whether the result is for another machine than the host."""
    return request.target is not None and request.target != request.host


def by_variable(request: ExportRequest) -> dict[str, list[Operation]]:
    """Give the operations of each variable; variables in the order in which they come first."""
    groups: dict[str, list[Operation]] = {}
    for operation in request.operations:
        groups.setdefault(operation.var, []).append(operation)
    return groups


def is_path_list(operations: Sequence[Operation], path_separator: str) -> bool:
    """Tell whether a variable's operations only add to it, as to a list of paths with one separator.

    Undoing takes their items out, and so keeps what a person does to it in between; others get their old value back.
    """
    separators = {separator_of(operation, path_separator) for operation in operations}
    return len(separators) == 1 and all(is_list(operation, path_separator) for operation in operations)


def items_of(operation: Operation, path_separator: str) -> list[str]:
    """Give the items that an operation adds to a list."""
    separator = separator_of(operation, path_separator)
    value = operation.value or ""
    return value.split(separator) if separator else [value]


def split_at_home(value: str, home: str) -> list[str]:
    """Give the pieces of a value between the places where it names ckpm's home; the whole value if it does not.

    A path that only begins like the home (``/home/me/.ckpm2``) does not name it.
    """
    return re.split(re.escape(home) + r"(?=[/:;,\s\"']|$)", value) if home else [value]


def refuse_bytes(name: str, text: str, format_name: str) -> None:
    """Raise for a value that is not text, in a format that has to be.

    :raises UsageError: naming the variable.
    """
    if any("\udc80" <= character <= "\udcff" for character in text):
        raise UsageError(f"{name}: {format_name} can't hold its value: it is not valid UTF-8")
