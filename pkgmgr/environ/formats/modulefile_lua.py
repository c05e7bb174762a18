"""A module file in Lua, for Lmod. Pure.

``pushenv`` is used rather than ``setenv``, since unloading then gives the old value back (an empty one as unset).
Additions that are no lists of paths are made by it as well: ``prepend_path`` would take doubled words out of them. In
lists of paths that is Lmod's rule, unless a site sets LMOD_DUPLICATE_PATHS: a folder that was there already moves to
its new place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkgmgr.environ.compose import is_front, separator_of
from pkgmgr.environ.request import ExportRequest, by_variable, is_path_list
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation


def render(request: ExportRequest) -> str:
    """Write a module file."""
    lines = ["-- Made by ckpm: a module file for Lmod."]
    groups = by_variable(request)
    lists = {it for it, operations in groups.items() if is_path_list(operations, request.path_separator)}
    for operation in request.operations:
        lines += _lines(operation, operation.var in lists, separator_of(operation, request.path_separator))
    return "\n".join(lines) + "\n"


def _lines(operation: Operation, is_item: bool, separator: str) -> Iterator[str]:
    if re.search(r"[\r\n]", (operation.value or "") + separator):
        raise UsageError(f"{operation.var}: Lmod can't hold a line break in a value: a shell would run what follows")
    name, value = quote(operation.var), quote(operation.value or "")
    if operation.op == "unset":
        yield f"pushenv({name}, false)"
    elif operation.op == "set":
        yield f"pushenv({name}, {value})"
    elif is_item:
        verb = "prepend_path" if is_front(operation) else "append_path"
        yield f"{verb}({name}, {value}, {quote(separator)})"
    else:
        both = (
            f"{value} .. {quote(separator)} .. before"
            if is_front(operation)
            else f"before .. {quote(separator)} .. {value}"
        )
        yield f'do local before = os.getenv({name}) or ""'
        yield f'pushenv({name}, before == "" and {value} or {both}) end'


def quote(text: str) -> str:
    """Write a Lua string, with anything but plain characters as its bytes' numbers."""
    data = text.encode("utf-8", "surrogateescape")
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03}" for byte in data)
    return '"' + "".join(plain) + '"'
