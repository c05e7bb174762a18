"""GitHub Actions: a POSIX script for one step, which gives the environment to the steps after it. Pure.

Variables go to ``$GITHUB_ENV``, folders for PATH to ``$GITHUB_PATH``. The forms are those of "Workflow commands for
GitHub Actions" (Setting an environment variable; Adding a system path): ``NAME<<DELIMITER`` lines.
"""

from __future__ import annotations

import hashlib

from pkgmgr.environ.compose import separator_of
from pkgmgr.environ.formats.sh import quote
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation


def render(request: ExportRequest) -> str:
    """Write a script to be run (``sh FILE``) in a step of a job."""
    lines = ["# Made by ckpm: run this file in a step; the steps after it have the environment."]
    for operation in request.operations:
        lines += _lines(operation, request.path_separator)
    return "\n".join(lines) + "\n"


def _lines(operation: Operation, path_separator: str) -> list[str]:
    name, value = operation.var, operation.value or ""
    if name == "PATH":
        if operation.op != "prepend_path":
            raise UsageError(f"PATH: GitHub Actions can only put folders in front, not {operation.op!r}")
        if "\n" in value:
            raise UsageError("PATH: GitHub Actions can't hold a folder with a line break in its name")
        return [f"printf '%s\\n' {quote(value)} >>\"$GITHUB_PATH\""]
    if operation.op == "unset":
        raise UsageError(f"{name}: GitHub Actions can't unset a variable for later steps")
    if name.startswith(("GITHUB_", "RUNNER_")) or name == "NODE_OPTIONS":
        raise UsageError(f"{name}: GitHub Actions does not let a step set it")
    if operation.op == "set":
        assign = f"{name}={quote(value)}"
    else:
        separator = quote(separator_of(operation, path_separator))
        front = operation.op.startswith("prepend")
        before = f"${{{name}:+{separator}${name}}}" if front else f"${{{name}:+${name}{separator}}}"
        assign = f"{name}={quote(value)}{before}" if front else f"{name}={before}{quote(value)}"
    # The delimiter may not stand alone on a line of the value, which the variable's old text could hold.
    delimiter = "ckpm_" + hashlib.sha256(f"{name}\0{value}".encode("utf-8", "surrogateescape")).hexdigest()
    return [assign, f"printf '%s\\n' '{name}<<{delimiter}' \"${name}\" '{delimiter}' >>\"$GITHUB_ENV\""]
