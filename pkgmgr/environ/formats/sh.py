"""POSIX shells: dash, bash, zsh, ksh, busybox. Pure.

A script keeps what it replaces in unexported variables named by its identity, and its name on a stack, the newest
first. One below the top is undone by undoing those above it, then it, then doing those above again: so any order of
undoing ends where everything began. A list of paths that was changed in between is not restored but loses the items
that were added; what the person added or removed stays.

Everything happens in functions, since only there zsh can be asked to read POSIX (`emulate -L sh`), whatever options
are in force. Builtins stand behind a backslash, where no alias is looked up.
"""

from __future__ import annotations

from collections.abc import Iterator

from pkgmgr.environ.compose import is_front, separator_of
from pkgmgr.environ.request import ExportRequest, by_variable, identity_of, is_path_list, items_of, split_at_home
from pkgmgr.model.operation import Operation

# `${x#*"$y"}` takes the quoted part literally in every shell, and an assignment never splits. `case` is no
# substitute: bash's `nocasematch` changes it. _CKPM_WAS_… is empty for an unset variable, else `s` and its attributes,
# with an `x` if it is exported: zsh and bash 5 tell without a process, elsewhere it is taken to be. All variables are
# asked in one eval, and `set +a` keeps `set -a` from exporting our own.
_HELPERS = r"""
_ckpm_ask() { # how to ask for a variable's attributes: what to write before and after its name
  if [ -n "${ZSH_VERSION-}" ]; then _ckpm_how='${(t)' _ckpm_end='}'
  elif [ -n "${BASH_VERSION-}" ] && [ "${BASH_VERSINFO-0}" -ge 5 ]; then _ckpm_how='${' _ckpm_end='@a}'
  else _ckpm_how='x${' _ckpm_end=':+}'
  fi
}
_ckpm_drop() { # ID VARIABLE SEPARATOR END ITEM: take an item out, unless no more of it are there than before
  \eval "_ckpm_now=\$3\${$2-}\$3 _ckpm_old=\$3\${_CKPM_OLD_$1_$2-}\$3"
  _ckpm_it=$3$5$3
  _ckpm_more=$_ckpm_now
  while [ "${_ckpm_old#*"$_ckpm_it"}" != "$_ckpm_old" ] && [ "${_ckpm_more#*"$_ckpm_it"}" != "$_ckpm_more" ]; do
    _ckpm_old=$3${_ckpm_old#*"$_ckpm_it"}
    _ckpm_more=$3${_ckpm_more#*"$_ckpm_it"}
  done
  if [ "${_ckpm_more#*"$_ckpm_it"}" != "$_ckpm_more" ]; then
    if [ "$4" = first ]; then _ckpm_now=${_ckpm_now%%"$_ckpm_it"*}$3${_ckpm_now#*"$_ckpm_it"}
    else _ckpm_now=${_ckpm_now%"$_ckpm_it"*}$3${_ckpm_now##*"$_ckpm_it"}
    fi
    _ckpm_now=${_ckpm_now#"$3"}
    \eval "$2=\${_ckpm_now%\"\$3\"}"
  fi
  \unset _ckpm_now _ckpm_old _ckpm_it _ckpm_more
}
_ckpm_list() { # ID VARIABLE SEPARATOR (END ITEM)...: restore a list, or take the items out if it was changed
  \eval "_ckpm_was=\${_CKPM_NEW_$1_$2} _ckpm_now=\${$2-}"
  if [ "$_ckpm_now" = "$_ckpm_was" ]; then _ckpm_back "$1" "$2"
  else
    _ckpm_id=$1 _ckpm_name=$2 _ckpm_between=$3
    \shift 3
    while [ "$#" -gt 0 ]; do
      _ckpm_drop "$_ckpm_id" "$_ckpm_name" "$_ckpm_between" "$1" "$2"
      \shift 2
    done
    _ckpm_back "$_ckpm_id" "$_ckpm_name" edited
    \unset _ckpm_id _ckpm_name _ckpm_between
  fi
}
_ckpm_back() { # ID VARIABLE [edited]: restore it, or let it be what is left of a changed list
  \eval "_ckpm_was=\$_CKPM_WAS_$1_$2"
  if [ -z "${3-}" ]; then \eval "_ckpm_now=\${_CKPM_OLD_$1_$2-}"
  else \eval "_ckpm_now=\${$2-} _ckpm_was=\${$2+\$_ckpm_was}"
  fi
  if [ -z "$_ckpm_was" ] && [ -z "$_ckpm_now" ]; then \unset "$2"
  elif [ -n "$_ckpm_was" ] && [ "${_ckpm_was#*x}" = "$_ckpm_was" ]; then
    \unset "$2"
    \eval "$2=\$_ckpm_now"
  else \eval "$2=\$_ckpm_now; \\export $2"
  fi
  \unset "_CKPM_WAS_$1_$2" "_CKPM_OLD_$1_$2" "_CKPM_NEW_$1_$2" _ckpm_now _ckpm_was
}
_ckpm_enter() { # ID: activate, once
  if [ -n "${ZSH_VERSION-}" ]; then \emulate -L sh; fi
  _ckpm_stack=:${_CKPM_STACK-}
  if [ "${_ckpm_stack#*":$1:"}" = "$_ckpm_stack" ]; then
    _ckpm_flags=$-
    \set +a
    "_ckpm_env_$1" on
    _CKPM_STACK=$1:${_CKPM_STACK-}
    if [ "${_ckpm_flags#*a}" != "$_ckpm_flags" ]; then \set -a; fi
  fi
  \unset _ckpm_stack _ckpm_flags
}
_ckpm_leave() { # ID: undo those above it and it, do those above again
  if [ -n "${ZSH_VERSION-}" ]; then \emulate -L sh; fi
  _ckpm_flags=$-
  \set +a
  _ckpm_again=
  while [ "${_CKPM_STACK%%:*}" != "$1" ]; do
    "_ckpm_env_${_CKPM_STACK%%:*}" off
    _ckpm_again=${_CKPM_STACK%%:*}:$_ckpm_again
    _CKPM_STACK=${_CKPM_STACK#*:}
  done
  "_ckpm_env_$1" off
  _CKPM_STACK=${_CKPM_STACK#*:}
  \unset -f "_ckpm_env_$1"
  while [ -n "$_ckpm_again" ]; do
    "_ckpm_env_${_ckpm_again%%:*}" on
    _CKPM_STACK=${_ckpm_again%%:*}:$_CKPM_STACK
    _ckpm_again=${_ckpm_again#*:}
  done
  if [ -z "$_CKPM_STACK" ]; then
    \unset _CKPM_STACK
    \unset -f _ckpm_ask _ckpm_drop _ckpm_list _ckpm_back _ckpm_enter _ckpm_leave ckpm_deactivate
  fi
  if [ "${_ckpm_flags#*a}" != "$_ckpm_flags" ]; then \set -a; fi
  \unset _ckpm_again _ckpm_flags
}
ckpm_deactivate() { # undo what was activated last
  _ckpm_leave "${_CKPM_STACK%%:*}"
}
"""


def quote(value: str) -> str:
    """Write a value as one word that every POSIX shell reads back unchanged."""
    return "'" + value.replace("'", "'\\''") + "'"


def render(request: ExportRequest) -> str:
    """Write an activation script; it defines ``ckpm_deactivate``."""
    name = identity_of(request)
    lines = ["# Made by ckpm: source this file. `ckpm_deactivate` undoes it.", f"_ckpm_env_{name}() {{"]
    if request.home:
        lines.append(f"  _ckpm_home={quote(request.home)}")
    lines.append('  if [ "$1" = on ]; then')
    lines += [f"    {line}" for line in _activation(request, name)]
    lines.append("  else")
    lines += [f"    {line}" for line in _deactivation(request, name)]
    lines.append("  fi")
    if request.home:
        lines.append("  \\unset _ckpm_home")
    return "\n".join([*lines, "}"]) + _HELPERS + f"_ckpm_enter {name}\n"


def render_deactivate(request: ExportRequest) -> str:
    """Write a script that undoes exactly this environment, wherever it stands among nested ones."""
    name = identity_of(request)
    return (
        "# Made by ckpm: source this file to undo the activation of the same environment.\n"
        f"case :${{_CKPM_STACK-}} in *:{name}:*) _ckpm_leave {name} ;; esac\n"
    )


def _activation(request: ExportRequest, name: str) -> Iterator[str]:
    groups = by_variable(request)
    yield "_ckpm_ask"
    if groups:
        keep = [f"_CKPM_WAS_{name}_{it}=\\${{{it}+s${{_ckpm_how}}{it}$_ckpm_end}}" for it in groups]
        yield '\\eval "' + "\n".join(keep) + '"'
    yield from (f"_CKPM_OLD_{name}_{variable}=${{{variable}-}}" for variable in groups)
    yield "\\unset _ckpm_how _ckpm_end"
    for operation in request.operations:
        yield _assignment(operation, request)
    exported = [variable for variable, operations in groups.items() if operations[-1].op != "unset"]
    if exported:
        yield f"\\export {' '.join(exported)}"
    for variable, operations in groups.items():
        if is_path_list(operations, request.path_separator):
            yield f"_CKPM_NEW_{name}_{variable}=${variable}"


def _deactivation(request: ExportRequest, name: str) -> Iterator[str]:
    yield ":"  # a branch without a command is a syntax error
    for variable, operations in by_variable(request).items():
        if is_path_list(operations, request.path_separator):
            yield f"_ckpm_list {name} {variable} {' '.join(_list_arguments(operations, request))}"
        else:
            yield f"_ckpm_back {name} {variable}"


def _list_arguments(operations: list[Operation], request: ExportRequest) -> Iterator[str]:
    yield quote(separator_of(operations[0], request.path_separator))
    for operation in operations:
        for item in items_of(operation, request.path_separator):
            yield f"{'first' if is_front(operation) else 'last'} {_word(item, request.home)}"


def _assignment(operation: Operation, request: ExportRequest) -> str:
    variable = operation.var
    if operation.op == "unset":
        return f"\\unset {variable}"
    value = _word(operation.value or "", request.home)
    if operation.op != "set":
        separator = quote(separator_of(operation, request.path_separator))
        front = is_front(operation)
        value += f"${{{variable}:+{separator}${variable}}}" if front else ""
        value = value if front else f"${{{variable}:+${variable}{separator}}}" + value
    return f"{variable}={value}"


def _word(value: str, home: str) -> str:
    """Quote a value, with ckpm's home in it named by a variable."""
    pieces = split_at_home(value, home)
    return '"$_ckpm_home"'.join(quote(piece) if piece or len(pieces) == 1 else "" for piece in pieces)
