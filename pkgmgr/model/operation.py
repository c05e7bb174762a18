"""One change to one environment variable, and which changes no environment can hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from pkgmgr.model.errors import UsageError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Operation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One change to one variable; `docs/reference/operations.md` says what each does."""

    op: Literal["set", "unset", "prepend", "append", "prepend_path", "append_path"]
    var: str
    value: str | None = None
    """Data, never shell; None for ``unset`` only."""
    sep: str | None = None
    """What stands between items; None where a path list is meant: the target system's separator."""


class OperationError(UsageError):
    """Operations that no environment can hold; ``problems`` has a sentence for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def check(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Give the operations back, or raise `OperationError` with everything that is wrong with them."""
    checked = tuple(operations)
    problems = tuple(problem for operation in checked for problem in find_problems(operation))
    if problems:
        raise OperationError(problems)
    return checked


def find_problems(operation: Operation) -> Iterator[str]:
    """Say, in sentences that name the variable, why no environment can hold an operation."""
    name = operation.var
    if not _NAME.fullmatch(name):
        yield f"{name!r} can't be the name of a variable: no shell can hold it"
    if operation.op == "unset":
        if operation.value is not None:
            yield f"{name}: 'unset' takes no value"
    elif operation.value is None:
        yield f"{name}: {operation.op!r} needs a value"
    for what, text in (("value", operation.value), ("separator", operation.sep)):
        if text is not None and "\0" in text:
            yield f"{name}: its {what} holds a NUL character, which no environment can hold"
