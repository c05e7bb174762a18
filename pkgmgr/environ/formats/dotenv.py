"""``.env`` files, as python-dotenv, Docker Compose and Node read them. Pure.

These readers agree on plain words and on single quotes, except about backslashes, ``\\'`` and ``${…}``; in double
quotes on escapes, except Node. A value is written in the first form that all read alike, else in double quotes, which
python-dotenv and Compose read alike. Lists stand alone, as nothing is known of what is there; but a PATH that stands
alone would lose every program, so it takes in ``${PATH}``, which python-dotenv and Compose expand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pkgmgr.environ.compose import apply, separator_of
from pkgmgr.environ.request import ExportRequest, by_variable, is_path_list, refuse_bytes
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=~\\-]+")


def render(request: ExportRequest) -> str:
    """Write ``NAME=VALUE`` lines."""
    lines = []
    for variable, operations in by_variable(request).items():
        if operations[-1].op == "unset":
            raise UsageError(f"{variable}: a .env file can't unset a variable")
        if variable == "PATH" and is_path_list(operations, request.path_separator):
            lines.append(f"PATH={_around_path(operations, request.path_separator)}\n")
        else:
            value = apply(operations, {}, path_separator=request.path_separator)[variable]
            refuse_bytes(variable, value, "a .env file")
            lines.append(f"{variable}={quote(variable, value)}\n")
    return "".join(lines)


def _around_path(operations: Sequence[Operation], path_separator: str) -> str:
    marker = "\0"
    value = apply(operations, {"PATH": marker}, path_separator=path_separator)["PATH"]
    refuse_bytes("PATH", value, "a .env file")
    front, back = value.split(marker)
    if not re.fullmatch(r"[^\"'$`\\\r\n]*", front + back + separator_of(operations[0], path_separator)):
        raise UsageError(
            "PATH: a .env file can't put a folder with quotes, '$', '`', '\\' or line breaks before ${PATH}"
        )
    return f'"{front}${{PATH}}{back}"'


def quote(name: str, value: str) -> str:
    """Write a value so that all readers give it back, or the most of them.

    :raises UsageError: for a value that no form holds.
    """
    if _PLAIN.fullmatch(value):
        return value
    if "${" in value:
        raise UsageError(
            f"{name}: a .env file can't hold '${{' in a value: python-dotenv expands it inside of any quotes"
        )
    if not re.search(r"['\r]|\\\\|\\$", value):
        return f"'{value}'"
    if "$" in value or "`" in value:
        raise UsageError(f"{name}: a .env file can't hold quotes, '\\' or '\\r' together with '$' or '`' in a value")
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\r", "\\r")):
        value = value.replace(character, escape)
    return f'"{value}"'
