"""A module file in Tcl, for Environment Modules (Lmod reads `modulefile-lua`). Pure.

``pushenv`` cuts what it keeps at a colon (5.2), and ``setenv`` forgets what was there; so the file keeps old values
itself, in variables that unloading takes away. In unload mode ``setenv`` unsets, and ``unsetenv`` with a value sets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkgmgr.environ.compose import is_front, separator_of
from pkgmgr.environ.request import ExportRequest, by_variable, identity_of, is_path_list, refuse_bytes
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation

_HEAD = """\
#%Module
# Made by ckpm: a module file for Environment Modules.
proc ckpm_keep {name kept} {
  if {[info exists ::env($name)]} { setenv $kept $::env($name) }
}
proc ckpm_add {name first last value} {
  if {[info exists ::env($name)] && $::env($name) ne ""} { set value $first$::env($name)$last }
  setenv $name $value
}
proc ckpm_back {name kept} {
  if {[info exists ::env($kept)]} { unsetenv $name $::env($kept) } else { setenv $name "" }
  setenv $kept ""
}
"""


def render(request: ExportRequest) -> str:
    """Write a module file."""
    for operation in request.operations:
        _refuse(operation)
    name = identity_of(request)
    groups = by_variable(request)
    lists = {it for it, operations in groups.items() if is_path_list(operations, request.path_separator)}
    others = [variable for variable in groups if variable not in lists]
    paths = [operation for operation in request.operations if operation.var in lists]
    values = [operation for operation in request.operations if operation.var not in lists]
    lines = [_path(operation, request.path_separator) for operation in paths]
    if others:
        lines.append("if {[module-info mode unload]} {")
        lines += [f"  ckpm_back {variable} _CKPM_OLD_{name}_{variable}" for variable in others]
        lines.append("} else {")
        lines += [f"  ckpm_keep {variable} _CKPM_OLD_{name}_{variable}" for variable in others]
        lines += [f"  {line}" for operation in values for line in _value(operation, request.path_separator)]
        lines.append("}")
    return _HEAD + "".join(f"{line}\n" for line in lines)


def _refuse(operation: Operation) -> None:
    text = (operation.value or "") + (operation.sep or "")
    refuse_bytes(operation.var, text, "a Tcl module file")
    if "\n" in text or "\r" in text:
        raise UsageError(f"{operation.var}: Environment Modules can't hold a line break in a value")


def _path(operation: Operation, path_separator: str) -> str:
    verb = "prepend-path" if is_front(operation) else "append-path"
    separator = quote(separator_of(operation, path_separator))
    return f"{verb} --duplicates --delim {separator} {operation.var} {quote(operation.value or '')}"


def _value(operation: Operation, path_separator: str) -> Iterator[str]:
    name, value = operation.var, quote(operation.value or "")
    if operation.op == "unset":
        yield f"unsetenv {name}"
    elif operation.op == "set":
        yield f"setenv {name} {value}"
    else:
        separator = separator_of(operation, path_separator)
        both = (f"{operation.value}{separator}", "") if is_front(operation) else ("", f"{separator}{operation.value}")
        yield f"ckpm_add {name} {quote(both[0])} {quote(both[1])} {value}"


def quote(text: str) -> str:
    """Write a word in quotes: Tcl takes nothing in it for itself but what a backslash stands before."""
    return '"' + re.sub(r'(["$\[\]{}\\])', r"\\\1", text) + '"'
