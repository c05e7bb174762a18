"""POSIX shells: dash, bash, zsh, ksh, busybox. Pure.

A script keeps what it replaces in unexported variables named by its identity, and its name on a stack, the newest
first. When one below the top is undone, what it kept is handed to the next one above that touched the same
variable, so that any order of undoing ends where everything began. Lists of paths are not restored but lose the
items that were added: what the person added or removed in between stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from pkgmgr.environ.compose import is_list, separator_of
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.operation import Operation

# `${x%%"$y"*}` outside of double quotes: every shell here takes the quoted part literally, whatever IFS, noglob
# or zsh's options are, and an assignment never splits.
_HELPERS = """\
_ckpm_back() {
  _ckpm_above=${_CKPM_STACK%%"$1"*}
  _ckpm_next=
  while [ -n "$_ckpm_above" ]; do
    _ckpm_item=${_ckpm_above%%:*}
    _ckpm_above=${_ckpm_above#*:}
    eval "if [ -n \\"\\${_CKPM_HAD_${_ckpm_item}_$2+x}\\" ]; then _ckpm_next=\\$_ckpm_item; fi"
  done
  if [ -n "$_ckpm_next" ]; then
    eval "_CKPM_HAD_${_ckpm_next}_$2=\\$_CKPM_HAD_$1_$2; _CKPM_OLD_${_ckpm_next}_$2=\\${_CKPM_OLD_$1_$2-}"
  elif [ "$3" = list ]; then
    eval "if [ \\"\\$_CKPM_HAD_$1_$2\\" = 0 ] && [ -z \\"\\${$2-}\\" ]; then unset $2; fi"
  else
    eval "if [ \\"\\$_CKPM_HAD_$1_$2\\" = 0 ]; then unset $2; else $2=\\$_CKPM_OLD_$1_$2; export $2; fi"
  fi
  eval "unset _CKPM_HAD_$1_$2 _CKPM_OLD_$1_$2"
  unset _ckpm_above _ckpm_next _ckpm_item
}
_ckpm_drop() {
  eval "_ckpm_list=\\$3\\${$1-}\\$3"
  _ckpm_before=$_ckpm_list
  if [ "$4" = first ]; then
    case $_ckpm_list in
      *"$3$2$3"*) _ckpm_list=${_ckpm_list%%"$3$2$3"*}$3${_ckpm_list#*"$3$2$3"} ;;
    esac
  else
    case $_ckpm_list in
      *"$3$2$3"*) _ckpm_list=${_ckpm_list%"$3$2$3"*}$3${_ckpm_list##*"$3$2$3"} ;;
    esac
  fi
  if [ "$_ckpm_list" != "$_ckpm_before" ]; then
    _ckpm_list=${_ckpm_list#"$3"}
    _ckpm_list=${_ckpm_list%"$3"}
    eval "$1=\\$_ckpm_list"
  fi
  unset _ckpm_list _ckpm_before
}
ckpm_deactivate() {
  if [ -n "${_CKPM_STACK-}" ]; then
    "_ckpm_off_${_CKPM_STACK%%:*}"
  fi
}
"""


def quote(value: str) -> str:
    """Write a value as one word that every POSIX shell reads back unchanged."""
    return "'" + value.replace("'", "'\\''") + "'"


def render(request: ExportRequest) -> str:
    """Write an activation script; it defines ``ckpm_deactivate``."""
    name = request.identity
    lines = ["# Made by ckpm: source this file. `ckpm_deactivate` undoes it."]
    lines.append(f'if [ -z "${{_CKPM_ON_{name}-}}" ]; then')
    lines.append(f"_CKPM_ON_{name}=1")
    lines.append(f"_CKPM_STACK={name}:${{_CKPM_STACK-}}")
    lines += _home_line(request)
    for variable in _variables(request):
        kept, old = f"_CKPM_HAD_{name}_{variable}", f"_CKPM_OLD_{name}_{variable}"
        lines.append(f'if [ -n "${{{variable}+x}}" ]; then {kept}=1; {old}=${variable}; else {kept}=0; fi')
    lines += [_do(operation, request) for operation in request.operations]
    lines += [_HELPERS.rstrip("\n"), f"_ckpm_off_{name}() {{", *_home_line(request)]
    lines += _undo(request)
    if request.home:
        lines.append("unset _ckpm_home")
    lines += _forget(name)
    lines.append("}")
    if request.home:
        lines.append("unset _ckpm_home")
    lines.append("fi")
    return "\n".join(lines) + "\n"


def render_deactivate(request: ExportRequest) -> str:
    """Write a script that undoes exactly this environment, wherever it stands among nested ones."""
    name = request.identity
    return f'if [ -n "${{_CKPM_ON_{name}-}}" ]; then _ckpm_off_{name}; fi\n'


def _home_line(request: ExportRequest) -> list[str]:
    return [f"_ckpm_home={quote(request.home)}"] if request.home else []


def _word(value: str, request: ExportRequest) -> str:
    home = request.home
    if home and (value == home or value.startswith(home + "/")):
        return f'"$_ckpm_home"{quote(value[len(home) :])}' if value != home else '"$_ckpm_home"'
    return quote(value)


def _variables(request: ExportRequest) -> list[str]:
    return list(dict.fromkeys(operation.var for operation in request.operations))


def _do(operation: Operation, request: ExportRequest) -> str:
    variable = operation.var
    if operation.op == "unset":
        return f"unset {variable}"
    value = _word(operation.value or "", request)
    if operation.op == "set":
        return f"{variable}={value}; export {variable}"
    separator = quote(separator_of(operation, request.path_separator))
    if operation.op.startswith("prepend"):
        return f"{variable}={value}${{{variable}:+{separator}${variable}}}; export {variable}"
    return f"{variable}=${{{variable}:+${variable}{separator}}}{value}; export {variable}"


def _undo(request: ExportRequest) -> Iterator[str]:
    name = request.identity
    lists = {
        variable
        for variable in _variables(request)
        if all(is_list(operation) for operation in request.operations if operation.var == variable)
    }
    for operation in reversed(request.operations):
        if operation.var in lists:
            separator = quote(separator_of(operation, request.path_separator))
            end = "first" if operation.op == "prepend_path" else "last"
            yield f"_ckpm_drop {operation.var} {_word(operation.value or '', request)} {separator} {end}"
    for variable in _variables(request):
        yield f"_ckpm_back {name} {variable} {'list' if variable in lists else 'value'}"


def _forget(name: str) -> list[str]:
    return [
        f"_CKPM_STACK=${{_CKPM_STACK%%{name}:*}}${{_CKPM_STACK#*{name}:}}",
        f"unset _CKPM_ON_{name}",
        f"unset -f _ckpm_off_{name}",
        'if [ -z "$_CKPM_STACK" ]; then',
        "unset _CKPM_STACK",
        "unset -f _ckpm_back _ckpm_drop ckpm_deactivate",
        "fi",
    ]
