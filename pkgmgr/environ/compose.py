"""What operations mean: compose those of several entries, apply them to an environment. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pkgmgr.environ.aim import aimed
from pkgmgr.model.entry import Entry
from pkgmgr.model.operation import Operation, check
from pkgmgr.model.target import find_target

SYSTEM_FOLDERS = frozenset(
    {
        "/bin",
        "/sbin",
        "/usr/bin",
        "/usr/sbin",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/opt/homebrew/bin",
        "/opt/homebrew/sbin",
        "/opt/local/bin",
        "/opt/local/sbin",
        "c:/windows",
        "c:/windows/system32",
    }
)
"""Folders that hold unrelated programs: one of them in front of PATH changes what `python3` means."""


def compose(
    entries: Sequence[Entry], own: Iterable[Operation] = (), *, path_separator: str = ":", target: str = ""
) -> tuple[Operation, ...]:
    """Give the operations of entries, those that are needed last, then ``own``.

    A later entry's folder comes to stand in front, so what a person asked for first is applied last. System folders
    are taken out of what entries put on PATH; ``own`` is a person's word and stays as it is.

    :param target: what compilers are to compile for, where that may be another machine.
    """
    wanted = find_target(target) if target else None
    chosen = {entry.id: aimed(entry, wanted) for entry in entries}
    given = [operation for entry in reversed(chosen.values()) for operation in entry.env]
    shielded = (without_system_folders(operation, path_separator) for operation in given)
    return check([*_without_repeats([operation for operation in shielded if operation is not None]), *own])


def without_system_folders(operation: Operation, path_separator: str = ":") -> Operation | None:
    """Give the operation without the system folders that it would put in front of PATH; None if nothing is left."""
    if operation.var.upper() != "PATH" or not operation.op.startswith("prepend") or operation.value is None:
        return operation
    separator = separator_of(operation, path_separator)
    folders = operation.value.split(separator) if separator else [operation.value]
    kept = [folder for folder in folders if not is_system_folder(folder)]
    if len(kept) == len(folders):
        return operation
    return msgspec.structs.replace(operation, value=separator.join(kept)) if kept else None


def is_system_folder(folder: str) -> bool:
    """Tell whether a folder, however it is spelled, holds programs of all kinds."""
    tidy = posixpath.normpath(folder.replace("\\", "/")).replace("//", "/", 1)
    return tidy in SYSTEM_FOLDERS or (tidy.lower() in SYSTEM_FOLDERS and tidy[1:2] == ":")


def _without_repeats(operations: Sequence[Operation]) -> list[Operation]:
    """Leave out path items that several entries give alike (packages of one Python), where that changes no look-up.

    The last of equal ``prepend_path`` stands in front in any case, and so does the first of ``append_path``.
    """
    last = {operation: place for place, operation in enumerate(operations)}
    first = {operation: place for place, operation in reversed(list(enumerate(operations)))}
    wanted = {"prepend_path": last, "append_path": first}
    return [
        operation
        for place, operation in enumerate(operations)
        if operation.op not in wanted or wanted[operation.op][operation] == place
    ]


def apply(
    operations: Iterable[Operation], environment: Mapping[str, str], *, path_separator: str = ":"
) -> dict[str, str]:
    """Give the environment after the operations, in order. The reference for what every script does."""
    result = dict(environment)
    for operation in operations:
        if operation.op == "unset":
            result.pop(operation.var, None)
        else:
            result[operation.var] = combined(operation, result.get(operation.var), path_separator)
    return result


def combined(operation: Operation, before: str | None, path_separator: str = ":") -> str:
    """Give a variable's value after one operation that is not ``unset``; no stray separator where it was empty."""
    value = operation.value or ""
    if operation.op == "set" or not before:
        return value
    separator = separator_of(operation, path_separator)
    return f"{value}{separator}{before}" if is_front(operation) else f"{before}{separator}{value}"


def separator_of(operation: Operation, path_separator: str) -> str:
    """Give what stands between items: the operation's own, else the target's for paths."""
    return operation.sep if operation.sep is not None else path_separator


def is_front(operation: Operation) -> bool:
    """Tell whether an operation adds in front of what is there."""
    return operation.op.startswith("prepend")


def is_list(operation: Operation, path_separator: str) -> bool:
    """Tell whether an operation adds to a list of paths, from which its items can be taken out again."""
    if operation.op in ("prepend_path", "append_path"):
        return True
    return operation.op in ("prepend", "append") and separator_of(operation, path_separator) == path_separator
