"""What operations mean: check them, compose those of several entries, apply them to an environment. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Give the operations back, or raise `UsageError` for one that no environment can hold."""
    kept = []
    for operation in operations:
        if not _NAME.fullmatch(operation.var):
            raise UsageError(f"{operation.var!r} can't be the name of a variable: no shell can hold it")
        if operation.op == "unset":
            if operation.value is not None:
                raise UsageError(f"{operation.var}: 'unset' takes no value")
        elif operation.value is None:
            raise UsageError(f"{operation.var}: {operation.op!r} needs a value")
        elif "\0" in operation.value:
            raise UsageError(f"{operation.var}: its value holds a NUL character, which no environment can hold")
        kept.append(operation)
    return tuple(kept)


def compose(entries: Sequence[Entry], own: Iterable[Operation] = ()) -> tuple[Operation, ...]:
    """Give the operations of entries, those that are needed last, then ``own``; repeated ones once.

    A later entry's folder comes to stand in front, so what a person asked for first is applied last.
    """
    operations = [operation for entry in reversed(entries) for operation in entry.env]
    return check(dict.fromkeys([*operations, *own]))


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
    return f"{value}{separator}{before}" if operation.op.startswith("prepend") else f"{before}{separator}{value}"


def separator_of(operation: Operation, path_separator: str) -> str:
    """Give what stands between items: the operation's own, else the target's for paths."""
    return operation.sep if operation.sep is not None else path_separator


def is_list(operation: Operation) -> bool:
    """Tell whether an operation adds to a list of paths, from which the item can be taken out again."""
    return operation.op in ("prepend_path", "append_path")
