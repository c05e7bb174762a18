"""A module file in Tcl, for Environment Modules and Lmod. Pure.

``pushenv`` is used rather than ``setenv``, since unloading then gives the old value back; Environment Modules has it
since 5.1. Additions that are no lists of paths are made by it as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkgmgr.environ.compose import is_front, separator_of
from pkgmgr.environ.request import ExportRequest, by_variable, is_path_list, refuse_bytes
from pkgmgr.model.operation import Operation

_HEAD = """\
#%Module
# Made by ckpm: a module file for Environment Modules.
if {[llength [info commands pushenv]] == 0} {
  proc pushenv {name value} { setenv $name $value }
}
"""


def render(request: ExportRequest) -> str:
    """Write a module file."""
    groups = by_variable(request)
    lists = {it for it, operations in groups.items() if is_path_list(operations, request.path_separator)}
    lines: list[str] = []
    for operation in request.operations:
        refuse_bytes(operation.var, operation.value or "", "a Tcl module file")
        lines += _lines(operation, operation.var in lists, separator_of(operation, request.path_separator))
    return _HEAD + "".join(f"{line}\n" for line in lines)


def _lines(operation: Operation, is_item: bool, separator: str) -> Iterator[str]:
    name, value = operation.var, quote(operation.value or "")
    if operation.op == "unset":
        yield f"unsetenv {name}"
    elif operation.op == "set":
        yield f"pushenv {name} {value}"
    elif is_item:
        verb = "prepend-path" if is_front(operation) else "append-path"
        yield f"{verb} --duplicates --delim={quote(separator)} {name} {value}"
    else:
        words = [value, quote(separator), f"$::env({name})"]
        both = " ".join(words if is_front(operation) else reversed(words))
        yield f'if {{![info exists ::env({name})] || $::env({name}) eq ""}} {{'
        yield f"  pushenv {name} {value}"
        yield "} else {"
        yield f'  pushenv {name} [join [list {both}] ""]'
        yield "}"


def quote(text: str) -> str:
    """Write a word in quotes: Tcl takes nothing in it for itself but what a backslash stands before."""
    return '"' + re.sub(r'(["$\[\]{}\\])', r"\\\1", text) + '"'
