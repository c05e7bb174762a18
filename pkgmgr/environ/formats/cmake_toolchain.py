"""A CMake toolchain file: compilers, the target, where libraries are, and the environment while configuring. Pure.

CMake reads a toolchain file again for every language and every ``try_compile``, in one process: additions to
variables are therefore made once for each process.
"""

from __future__ import annotations

import re

from pkgmgr.environ.cmake import cache_variables
from pkgmgr.environ.compose import is_front, separator_of
from pkgmgr.environ.request import ExportRequest, identity_of, refuse_bytes
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation


def render(request: ExportRequest) -> str:
    """Write a file for ``cmake -D CMAKE_TOOLCHAIN_FILE=…``."""
    lines = ["# Made by ckpm: cmake -D CMAKE_TOOLCHAIN_FILE=<this file>"]
    for name, values in cache_variables(request).items():
        words = " ".join(quote(value) for value in values)
        # A person's own -D CMAKE_PREFIX_PATH=… stays in front.
        lines.append(f"list(APPEND {name} {words})" if name == "CMAKE_PREFIX_PATH" else f"set({name} {words})")
    if request.operations:
        marker = f"_CKPM_ON_{identity_of(request)}"
        lines += [f"if(NOT DEFINED ENV{{{marker}}})", f"  set(ENV{{{marker}}} 1)"]
        for operation in request.operations:
            lines += _lines(operation, request.path_separator)
        lines.append("endif()")
    return "\n".join(lines) + "\n"


def quote(text: str) -> str:
    """Write a bracket argument: nothing inside is special, but the first line break after it opens is dropped."""
    equals = "="
    while f"]{equals}]" in f"{text}]":
        equals += "="
    return f"[{equals}[" + ("\n" if text.startswith("\n") else "") + f"{text}]{equals}]"


def _lines(operation: Operation, path_separator: str) -> list[str]:
    name, value = operation.var, operation.value or ""
    variable = f"ENV{{{name}}}"
    if operation.op == "unset":
        return [f"  unset({variable})"]
    separator = separator_of(operation, path_separator)
    for text in (value, separator):
        _refuse(name, text)
    if operation.op == "set":
        if not value:
            raise UsageError(f'{name}: CMake can\'t hold an empty value: set(ENV{{{name}}} "") unsets it')
        return [f"  set({variable} {quote(value)})"]
    if not value:
        raise UsageError(f"{name}: CMake can't add an empty value to a variable that may be unset")
    first, last = (value + separator, "") if is_front(operation) else ("", separator + value)
    return [
        f'  if("_$ENV{{{name}}}" STREQUAL "_")',
        f"    set({variable} {quote(value)})",
        "  else()",
        f"    set(_ckpm_first {quote(first)})",
        f"    set(_ckpm_last {quote(last)})",
        f'    set({variable} "${{_ckpm_first}}$ENV{{{name}}}${{_ckpm_last}}")',
        "    unset(_ckpm_first)",
        "    unset(_ckpm_last)",
        "  endif()",
    ]


def _refuse(name: str, text: str) -> None:
    refuse_bytes(name, text, "CMake")
    if re.search(r"\r\n?", text):
        raise UsageError(f"{name}: CMake can't hold a carriage return in a file: it reads it as a line break")
