"""PowerShell, 5.1 and newer, on any system. Pure.

The same design as `sh`. Variables are read and written through .NET, which is the same under every strict mode and
error preference. Each value is one verbatim literal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pkgmgr.environ.compose import is_front, separator_of
from pkgmgr.environ.request import (
    ExportRequest,
    by_variable,
    identity_of,
    is_path_list,
    items_of,
    refuse_bytes,
)
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation

# The table is Hashtable::new(), not @{}: that one would take `cc` and `CC` for the same name. Before .NET 9 the empty
# text unsets a variable, so one that was empty can only come back as unset there.
_HELPERS = r"""
function global:_ckpm_keep([string] $id, [string[]] $names) {
  foreach ($name in $names) { $global:_ckpm["$id was $name"] = [Environment]::GetEnvironmentVariable($name) }
}
function global:_ckpm_set([string] $name, $value) { [Environment]::SetEnvironmentVariable($name, $value) }
function global:_ckpm_add([string] $name, [string] $value, [string] $separator, [bool] $front) {
  $now = [Environment]::GetEnvironmentVariable($name)
  if ([string]::IsNullOrEmpty($now)) { _ckpm_set $name $value }
  elseif ($front) { _ckpm_set $name ($value + $separator + $now) }
  else { _ckpm_set $name ($now + $separator + $value) }
}
function global:_ckpm_split([string] $value, [string] $separator) {
  $items = [System.Collections.Generic.List[string]]::new()
  foreach ($item in $value.Split([string[]] @($separator), [StringSplitOptions]::None)) { $items.Add($item) }
  , $items
}
function global:_ckpm_drop([string] $id, [string] $name, [string] $separator, [bool] $front, [string] $item) {
  $now = _ckpm_split ([Environment]::GetEnvironmentVariable($name)) $separator
  $before = _ckpm_split $global:_ckpm["$id was $name"] $separator
  $more = @($now | Where-Object { $_ -ceq $item }).Count - @($before | Where-Object { $_ -ceq $item }).Count
  if ($more -gt 0) {
    if ($front) { $now.RemoveAt($now.IndexOf($item)) } else { $now.RemoveAt($now.LastIndexOf($item)) }
    _ckpm_set $name ([string]::Join($separator, $now))
  }
}
function global:_ckpm_back([string] $id, [string[]] $names) {
  foreach ($name in $names) {
    $was = $global:_ckpm["$id was $name"]
    if ($null -eq $was) { _ckpm_set $name ([NullString]::Value) } else { _ckpm_set $name $was }
  }
}
function global:_ckpm_leave([string] $id) {
  $again = @()
  while ($global:_ckpm['stack'][0] -cne $id) {
    $top = $global:_ckpm['stack'][0]
    & "_ckpm_env_$top" 'off'
    $again = @($top) + $again
    $global:_ckpm['stack'] = @($global:_ckpm['stack'] | Select-Object -Skip 1)
  }
  & "_ckpm_env_$id" 'off'
  $global:_ckpm['stack'] = @($global:_ckpm['stack'] | Select-Object -Skip 1)
  Remove-Item -LiteralPath "Function:_ckpm_env_$id"
  foreach ($top in $again) {
    & "_ckpm_env_$top" 'on'
    $global:_ckpm['stack'] = @($top) + $global:_ckpm['stack']
  }
  if ($global:_ckpm['stack'].Count -eq 0) {
    Remove-Variable -Name _ckpm -Scope Global
    foreach ($name in 'keep', 'set', 'add', 'split', 'drop', 'back', 'leave') {
      Remove-Item -LiteralPath "Function:_ckpm_$name"
    }
    Remove-Item -LiteralPath Function:ckpm_deactivate
  }
}
function global:ckpm_deactivate { _ckpm_leave $global:_ckpm['stack'][0] }
if (-not (Test-Path -LiteralPath Variable:global:_ckpm)) {
  $global:_ckpm = [System.Collections.Hashtable]::new()
  $global:_ckpm['stack'] = @()
}
"""


def quote(value: str) -> str:
    """Write a verbatim literal. PowerShell takes the typographic quotes ‘’‚‛ for the plain one, so all are doubled."""
    return "'" + re.sub("(['‘’‚‛])", r"\1\1", value) + "'"


def render(request: ExportRequest) -> str:
    """Write a script to be dot-sourced; it defines ``ckpm_deactivate``."""
    for operation in request.operations:
        _refuse(operation)
    name = identity_of(request)
    lines = [
        "# Made by ckpm: dot-source this file. `ckpm_deactivate` undoes it.",
        f"function global:_ckpm_env_{name}([string] $to) {{",
        "  if ($to -eq 'on') {",
        *(f"    {line}" for line in _activation(request, name)),
        "  } else {",
        *(f"    {line}" for line in _deactivation(request, name)),
        "  }",
        "}",
    ]
    enter = [
        f"if ($global:_ckpm['stack'] -cnotcontains '{name}') {{",
        f"  _ckpm_env_{name} 'on'",
        f"  $global:_ckpm['stack'] = @('{name}') + $global:_ckpm['stack']",
        "}",
    ]
    return "\n".join(lines) + _HELPERS + "\n".join(enter) + "\n"


def render_deactivate(request: ExportRequest) -> str:
    """Write a script that undoes exactly this environment, wherever it stands among nested ones."""
    name = identity_of(request)
    return (
        "# Made by ckpm: dot-source this file to undo the activation of the same environment.\n"
        f"if (Test-Path -LiteralPath Function:_ckpm_env_{name}) {{ _ckpm_leave '{name}' }}\n"
    )


def _refuse(operation: Operation) -> None:
    refuse_bytes(operation.var, (operation.value or "") + (operation.sep or ""), "PowerShell")
    if operation.op == "set" and operation.value == "":
        raise UsageError(f"{operation.var}: PowerShell can't hold an empty value: it unsets the variable")


def _activation(request: ExportRequest, name: str) -> Iterator[str]:
    groups = by_variable(request)
    yield f"_ckpm_keep '{name}' {_array(groups)}"
    for operation in request.operations:
        yield _assignment(operation, request)
    for variable, operations in groups.items():
        if is_path_list(operations, request.path_separator):
            yield f"$global:_ckpm['{name} new {variable}'] = [Environment]::GetEnvironmentVariable('{variable}')"


def _deactivation(request: ExportRequest, name: str) -> Iterator[str]:
    groups = by_variable(request)
    lists = [it for it, operations in groups.items() if is_path_list(operations, request.path_separator)]
    yield f"_ckpm_back '{name}' {_array([variable for variable in groups if variable not in lists])}"
    for variable in lists:
        untouched = f"[Environment]::GetEnvironmentVariable('{variable}') -ceq $global:_ckpm['{name} new {variable}']"
        yield f"if ({untouched}) {{ _ckpm_back '{name}' {_array([variable])} }} else {{"
        for operation in groups[variable]:
            front = "$true" if is_front(operation) else "$false"
            separator = quote(separator_of(operation, request.path_separator))
            for item in items_of(operation, request.path_separator):
                yield f"  _ckpm_drop '{name}' '{variable}' {separator} {front} {quote(item)}"
        yield "}"
    yield f"foreach ($key in @($global:_ckpm.Keys | Where-Object {{ $_.StartsWith('{name} ') }})) {{"
    yield "  $global:_ckpm.Remove($key)"
    yield "}"


def _array(names: list[str] | dict[str, list[Operation]]) -> str:
    return "@(" + ", ".join(f"'{name}'" for name in names) + ")"


def _assignment(operation: Operation, request: ExportRequest) -> str:
    variable = operation.var
    if operation.op == "unset":
        return f"_ckpm_set '{variable}' ([NullString]::Value)"
    value = quote(operation.value or "")
    if operation.op == "set":
        return f"_ckpm_set '{variable}' {value}"
    separator = quote(separator_of(operation, request.path_separator))
    return f"_ckpm_add '{variable}' {value} {separator} {'$true' if is_front(operation) else '$false'}"
