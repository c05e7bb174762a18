"""GitHub Actions: a POSIX script for one step, which gives the environment to the steps after it. Pure.

Variables go to ``$GITHUB_ENV``, folders for PATH to ``$GITHUB_PATH``. The forms are those of "Workflow commands for
GitHub Actions" (Setting an environment variable; Adding a system path): ``NAME<<DELIMITER`` lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from pkgmgr.environ.compose import is_front, is_list, separator_of
from pkgmgr.environ.formats.sh import quote
from pkgmgr.environ.request import ExportRequest, items_of, refuse_bytes
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation


def render(request: ExportRequest) -> str:
    """Write a script to be run (``sh FILE``, or through ``eval``) in a step of a job."""
    lines = ["# Made by ckpm: run this file in a step; the steps after it have the environment."]
    for operation in request.operations:
        refuse_bytes(operation.var, operation.value or "", "GitHub Actions")
        lines += _path_lines(operation, request) if operation.var == "PATH" else _lines(operation, request)
    return "\n".join(lines) + "\n"


def _path_lines(operation: Operation, request: ExportRequest) -> Iterator[str]:
    if not (is_front(operation) and is_list(operation, request.path_separator)):
        raise UsageError(f"PATH: GitHub Actions can only put folders in front, not {operation.op!r}")
    if "\n" in (operation.value or "") or "\r" in (operation.value or ""):
        raise UsageError("PATH: GitHub Actions can't hold a folder with a line break in its name")
    # The runner puts each line in front of the one before.
    for folder in reversed(items_of(operation, request.path_separator)):
        yield f"printf '%s\\n' {quote(folder)} >>\"$GITHUB_PATH\""


def _lines(operation: Operation, request: ExportRequest) -> Iterator[str]:
    name = operation.var
    if operation.op == "unset":
        raise UsageError(f"{name}: GitHub Actions can't unset a variable for later steps")
    if name.startswith(("GITHUB_", "RUNNER_")) or name == "NODE_OPTIONS":
        raise UsageError(f"{name}: GitHub Actions does not let a step set it")
    # The step exports it too: a later operation on the same variable builds on this one.
    yield f"{name}={_value(operation, request.path_separator)}; export {name}"
    digest = hashlib.sha256(f"{name}\0{operation.value}".encode()).hexdigest()[:16]
    yield f"ckpm_end=ckpm_{digest}"
    # What was there is part of the value, and could hold any delimiter that is known beforehand.
    yield f'while case ${name} in *"$ckpm_end"*) ;; *) false ;; esac; do ckpm_end=${{ckpm_end}}_; done'
    yield f'printf \'%s\\n\' "{name}<<$ckpm_end" "${name}" "$ckpm_end" >>"$GITHUB_ENV"; unset ckpm_end'


def _value(operation: Operation, path_separator: str) -> str:
    name, value = operation.var, quote(operation.value or "")
    if operation.op == "set":
        return value
    separator = quote(separator_of(operation, path_separator))
    if is_front(operation):
        return f"{value}${{{name}:+{separator}${name}}}"
    return f"${{{name}:+${name}{separator}}}{value}"
