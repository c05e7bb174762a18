"""What a format is asked to write. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from pkgmgr.environ.compose import is_list, separator_of
from pkgmgr.model.entry import Entry
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


def variables_of(request: ExportRequest) -> list[str]:
    """Give the variables that the operations touch, each once, in order."""
    return list(dict.fromkeys(operation.var for operation in request.operations))


def list_variables(request: ExportRequest) -> list[str]:
    """Give the variables that are only added to, as lists of paths with one separator.

    Undoing takes their items out, and so keeps what a person does to them in between; others get their old value back.
    """
    kept = []
    for variable in variables_of(request):
        own = [operation for operation in request.operations if operation.var == variable]
        separators = {separator_of(operation, request.path_separator) for operation in own}
        if all(is_list(operation, request.path_separator) for operation in own) and len(separators) == 1:
            kept.append(variable)
    return kept


def items_of(operation: Operation, path_separator: str) -> list[str]:
    """Give the items that an operation adds to a list."""
    separator = separator_of(operation, path_separator)
    value = operation.value or ""
    return value.split(separator) if separator else [value]
