"""Windows' cmd: a batch file to be run with ``call``. Pure.

cmd has no functions, and every variable of it is exported: what is replaced is kept in variables named by the
environment's identity until `export --deactivate`'s script puts it back. A list that was changed in between loses the
added items where cmd's own replacement can name them, whatever their case.
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

_LONGEST_LINE = 8191


def render(request: ExportRequest) -> str:
    """Write a batch file that activates the environment, once."""
    name = identity_of(request)
    lines = ["@rem Made by ckpm: call this file. What `ckpm export --deactivate` writes undoes it.", *_guards(request)]
    lines.append(f"@if defined _CKPM_ON_{name} exit /b 0")
    lines.append(f'@set "_CKPM_ON_{name}=1"')
    groups = by_variable(request)
    for variable in groups:
        lines.append(f'@if defined {variable} set "_CKPM_OLD_{name}_{variable}=%{variable}%"')
    for operation in request.operations:
        lines += _assignment(operation, request)
    for variable, operations in groups.items():
        if is_path_list(operations, request.path_separator):
            lines.append(f'@set "_CKPM_NEW_{name}_{variable}=%{variable}%"')
    return _batch_file([*lines, '@set "_CKPM_SEP="', "@exit /b 0"])


def render_deactivate(request: ExportRequest) -> str:
    """Write a batch file that undoes this environment."""
    name = identity_of(request)
    lines = ["@rem Made by ckpm: call this file to undo the activation of the same environment.", *_guards(request)]
    lines.append(f"@if not defined _CKPM_ON_{name} exit /b 0")
    for variable, operations in by_variable(request).items():
        old, new = f"_CKPM_OLD_{name}_{variable}", f"_CKPM_NEW_{name}_{variable}"
        if is_path_list(operations, request.path_separator):
            lines.append(f'@if not "%{variable}%"=="%{new}%" goto edited_{variable}')
            lines += [f'@set "{variable}=%{old}%"', f"@goto done_{variable}", f":edited_{variable}"]
            lines += _drops(operations, request)
            lines.append(f":done_{variable}")
        else:
            lines.append(f'@set "{variable}=%{old}%"')
        lines += [f'@set "{old}="', f'@set "{new}="']
    return _batch_file([*lines, f'@set "_CKPM_ON_{name}="', "@exit /b 0"])


def assignment(variable: str, value: str) -> str:
    """Write ``set``, with the value as it is: inside of quotes, or with carets where it has a quote itself."""
    value = value.replace("%", "%%")
    if '"' not in value:
        return f'@set "{variable}={value}"'
    return f"@set {variable}=" + re.sub(r'(["^&|<>()])', r"^\1", value)


def _guards(request: ExportRequest) -> Iterator[str]:
    values = "".join((operation.value or "") for operation in request.operations)
    # One command a line: Wine's cmd takes what follows an `&` out of an `if`.
    if "!" in values:
        yield '@if not "!!"=="" goto ckpm_plain'
        yield "@echo ckpm: this file needs cmd without delayed expansion: cmd /v:off 1>&2"
        yield "@exit /b 1"
        yield ":ckpm_plain"
    if not values.isascii():
        yield '@set "_CKPM_SEP=é"'
        yield '@if "%_CKPM_SEP:~1%"=="" goto ckpm_text'
        yield "@echo ckpm: this file is UTF-8, run chcp 65001 first 1>&2"
        yield "@exit /b 1"
        yield ":ckpm_text"


def _assignment(operation: Operation, request: ExportRequest) -> list[str]:
    variable, value = operation.var, operation.value or ""
    if operation.op == "unset":
        return [f'@set "{variable}="']
    if not value:
        raise UsageError(f"{variable}: cmd can't hold an empty value: it unsets the variable")
    separator = separator_of(operation, request.path_separator)
    for text in (value, separator):
        refuse_bytes(variable, text, "cmd")
        if "\n" in text or "\r" in text:
            raise UsageError(f"{variable}: cmd can't hold a line break in a value")
    if operation.op == "set":
        return [assignment(variable, value)]
    if '"' in value + separator:
        raise UsageError(f"{variable}: cmd can't add a value with a double quote to another one")
    front = is_front(operation)
    both = f"{value}\0{separator}" if front else f"{separator}\0{value}"
    first, last = both.replace("%", "%%").split("\0")
    # No block in parentheses: cmd would end it at the first parenthesis of the old value.
    lines = ['@set "_CKPM_SEP="', f'@if defined {variable} set "_CKPM_SEP={last if front else first}"']
    middle = f"{first}%_CKPM_SEP%%{variable}%" if front else f"%{variable}%%_CKPM_SEP%{last}"
    return [*lines, f'@set "{variable}={middle}"']


def _drops(operations: list[Operation], request: ExportRequest) -> Iterator[str]:
    variable = operations[0].var
    separator = separator_of(operations[0], request.path_separator).replace("%", "%%")
    yield f'@set "{variable}={separator}%{variable}%{separator}"'
    for operation in operations:
        for item in items_of(operation, request.path_separator):
            wanted = f"{separator}{item}{separator}"
            if item and not re.search(r'[=%!"]', wanted):
                yield f'@set "{variable}=%{variable}:{wanted}={separator}%"'
    length = len(separator.replace("%%", "%"))
    yield f'@if "%{variable}:~0,{length}%"=="{separator}" set "{variable}=%{variable}:~{length}%"'
    ends = f'@if defined {variable} if "%{variable}:~-{length}%"=="{separator}"'
    yield f'{ends} set "{variable}=%{variable}:~0,-{length}%"'


def _batch_file(lines: list[str]) -> str:
    for line in lines:
        if len(line) > _LONGEST_LINE:
            raise UsageError(f"cmd can't read a line of more than {_LONGEST_LINE} characters: {line[:60]}…")
    return "\r\n".join(lines) + "\r\n"
