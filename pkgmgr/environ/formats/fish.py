"""The fish shell, 3.0 and newer. Pure.

The same design as `sh`: what is replaced is kept in unexported globals, and the newest activation stands first on a
stack. fish splits only variables called ``…PATH`` itself, so values are read and written as one string. Lists with
another separator than the colon get their old value back even when they were changed in between.
"""

from __future__ import annotations

from collections.abc import Iterator

from pkgmgr.environ.compose import is_front, separator_of
from pkgmgr.environ.request import (
    ExportRequest,
    by_variable,
    identity_of,
    is_path_list,
    items_of,
    split_at_home,
)
from pkgmgr.model.operation import Operation

# Command substitutions are avoided: they start a thread. A universal variable is only shadowed, never touched.
_HELPERS = r"""
function _ckpm_keep # ID VARIABLE...: remember what is there
    for _ckpm_it in $argv[2..-1]
        set -g _CKPM_WAS_$argv[1]_$_ckpm_it
        if set -qg $_ckpm_it
            set -g _CKPM_WAS_$argv[1]_$_ckpm_it shell
            set -qgx $_ckpm_it; and set -g _CKPM_WAS_$argv[1]_$_ckpm_it exported
            set -g _CKPM_OLD_$argv[1]_$_ckpm_it $$_ckpm_it
        end
    end
end
function _ckpm_drop # ID VARIABLE END ITEM: take an item out, unless no more of it are there than before
    set -l _ckpm_old _CKPM_OLD_$argv[1]_$argv[2]
    set -l --path _ckpm_before "$$_ckpm_old"
    set -l --path _ckpm_now "$$argv[2]"
    set -l _ckpm_more
    for _ckpm_it in $_ckpm_now
        test "x$_ckpm_it" = "x$argv[4]"; and set -a _ckpm_more 1
    end
    for _ckpm_it in $_ckpm_before
        test "x$_ckpm_it" = "x$argv[4]"; and set -e _ckpm_more[1]
    end
    if set -q _ckpm_more[1]
        test $argv[3] = last; and set _ckpm_now $_ckpm_now[-1..1]
        set -l --path _ckpm_kept
        for _ckpm_it in $_ckpm_now
            if set -q _ckpm_more[1]; and test "x$_ckpm_it" = "x$argv[4]"
                set -e _ckpm_more
            else
                set -a _ckpm_kept $_ckpm_it
            end
        end
        test $argv[3] = last; and set _ckpm_kept $_ckpm_kept[-1..1]
        set -gx $argv[2] "$_ckpm_kept"
    end
end
function _ckpm_list # ID VARIABLE (END ITEM)...: restore a list, or take the items out if it was changed
    set -l _ckpm_new _CKPM_NEW_$argv[1]_$argv[2]
    if test "x$$argv[2]" = "x$$_ckpm_new"
        _ckpm_back $argv[1] $argv[2]
        return
    end
    set -l _ckpm_rest $argv[3..-1]
    while set -q _ckpm_rest[1]
        _ckpm_drop $argv[1] $argv[2] $_ckpm_rest[1] $_ckpm_rest[2]
        set -e _ckpm_rest[1..2]
    end
    _ckpm_back $argv[1] $argv[2] edited
end
function _ckpm_back # ID VARIABLE [edited]: restore it, or let it be what is left of a changed list
    set -l _ckpm_old _CKPM_OLD_$argv[1]_$argv[2]
    set -l _ckpm_was _CKPM_WAS_$argv[1]_$argv[2]
    if set -q argv[3]
        set -qg $argv[2]; or set $_ckpm_was
        test -z "$$_ckpm_was" -a -n "$$argv[2]"; and set $_ckpm_was exported
        set -g $_ckpm_old $$argv[2]
    end
    switch "$$_ckpm_was"
        case exported
            set -gx $argv[2] $$_ckpm_old
        case shell
            set -gu $argv[2] $$_ckpm_old
        case '*'
            set -eg $argv[2]
    end
    set -eg $_ckpm_old
    set -eg $_ckpm_was
    set -eg _CKPM_NEW_$argv[1]_$argv[2]
    true
end
function _ckpm_leave # ID: undo those above it and it, do those above again
    set -l _ckpm_again
    while test $_CKPM_STACK[1] != $argv[1]
        _ckpm_env_$_CKPM_STACK[1] off
        set -p _ckpm_again $_CKPM_STACK[1]
        set -eg _CKPM_STACK[1]
    end
    _ckpm_env_$argv[1] off
    set -eg _CKPM_STACK[1]
    functions -e _ckpm_env_$argv[1]
    for _ckpm_it in $_ckpm_again
        _ckpm_env_$_ckpm_it on
        set -pg _CKPM_STACK $_ckpm_it
    end
    if not set -q _CKPM_STACK[1]
        set -eg _CKPM_STACK
        functions -e _ckpm_keep _ckpm_drop _ckpm_list _ckpm_back _ckpm_leave ckpm_deactivate
    end
    true
end
function ckpm_deactivate -d 'Undo what was activated last'
    _ckpm_leave $_CKPM_STACK[1]
end
"""


def quote(value: str) -> str:
    """Write a value as one word that fish reads back unchanged."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def render(request: ExportRequest) -> str:
    """Write an activation script; it defines ``ckpm_deactivate``."""
    name = identity_of(request)
    lines = [
        "# Made by ckpm: source this file. `ckpm_deactivate` undoes it.",
        f"function _ckpm_env_{name}",
        f"    set -l _ckpm_home {quote(request.home)}",
        "    if test $argv[1] = on",
        *(f"        {line}" for line in _activation(request, name)),
        "    else",
        *(f"        {line}" for line in _deactivation(request, name)),
        "    end",
        "end",
    ]
    enter = [
        f"if not contains {name} $_CKPM_STACK",
        f"    _ckpm_env_{name} on",
        f"    set -pg _CKPM_STACK {name}",
        "end",
        "true",  # `set` leaves the status as it was, whatever a test in it said
    ]
    return "\n".join(lines) + _HELPERS + "\n".join(enter) + "\n"


def render_deactivate(request: ExportRequest) -> str:
    """Write a script that undoes exactly this environment, wherever it stands among nested ones."""
    name = identity_of(request)
    return (
        "# Made by ckpm: source this file to undo the activation of the same environment.\n"
        f"if contains {name} $_CKPM_STACK\n    _ckpm_leave {name}\nend\ntrue\n"
    )


def _activation(request: ExportRequest, name: str) -> Iterator[str]:
    groups = by_variable(request)
    yield f"_ckpm_keep {' '.join([name, *groups])}"
    for operation in request.operations:
        yield from _assignment(operation, request)
    for variable, operations in groups.items():
        if _is_list(operations, request):
            yield f'set -g _CKPM_NEW_{name}_{variable} "${variable}"'


def _deactivation(request: ExportRequest, name: str) -> Iterator[str]:
    for variable, operations in by_variable(request).items():
        if not _is_list(operations, request):
            yield f"_ckpm_back {name} {variable}"
            continue
        arguments = [
            f"{'first' if is_front(operation) else 'last'} {_word(item, request.home)}"
            for operation in operations
            for item in items_of(operation, request.path_separator)
        ]
        yield f"_ckpm_list {name} {variable} {' '.join(arguments)}"


def _is_list(operations: list[Operation], request: ExportRequest) -> bool:
    separator = separator_of(operations[0], request.path_separator)
    return separator == ":" and is_path_list(operations, request.path_separator)


def _assignment(operation: Operation, request: ExportRequest) -> list[str]:
    variable = operation.var
    if operation.op == "unset":
        return [f"set -eg {variable}"]
    value = _word(operation.value or "", request.home)
    alone = f"set -gx {variable} {value}"
    if operation.op == "set":
        return [alone]
    separator = quote(separator_of(operation, request.path_separator))
    both = f'{value}{separator}"${variable}"' if is_front(operation) else f'"${variable}"{separator}{value}'
    return [f'if test -n "${variable}"', f"    set -gx {variable} {both}", "else", f"    {alone}", "end"]


def _word(value: str, home: str) -> str:
    """Quote a value, with ckpm's home in it named by a variable."""
    pieces = split_at_home(value, home)
    return '"$_ckpm_home"'.join(quote(piece) if piece or len(pieces) == 1 else "" for piece in pieces)
