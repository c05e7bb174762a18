"""``CMakePresets.json`` (version 3, CMake 3.21): a configure, a build and a test preset called ``ckpm``. Pure.

``${dollar}`` is the only escape there is. A preset can't ask whether a variable is set, so only PATH, which always is,
takes in what is there (``$penv{PATH}``); other lists stand alone.
"""

from __future__ import annotations

import json

from pkgmgr.environ.cmake import cache_variables
from pkgmgr.environ.compose import apply
from pkgmgr.environ.request import ExportRequest, by_variable, is_path_list, refuse_bytes
from pkgmgr.model.errors import UsageError


def render(request: ExportRequest) -> str:
    """Write the presets; other presets inherit from the hidden or the visible ones by name."""
    configure = {
        "name": "ckpm",
        "displayName": "ckpm",
        "cacheVariables": {name: _escape(";".join(values)) for name, values in cache_variables(request).items()},
        "environment": _environment(request),
    }
    document = {
        "version": 3,
        "cmakeMinimumRequired": {"major": 3, "minor": 21, "patch": 0},
        "configurePresets": [configure],
        "buildPresets": [{"name": "ckpm", "configurePreset": "ckpm"}],
        "testPresets": [{"name": "ckpm", "configurePreset": "ckpm"}],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _environment(request: ExportRequest) -> dict[str, str]:
    environment = {}
    for variable, operations in by_variable(request).items():
        if operations[-1].op == "unset":
            raise UsageError(f"{variable}: a CMake preset can't unset a variable (null does not)")
        is_path = variable == "PATH" and is_path_list(operations, request.path_separator)
        marker = {"PATH": "\0"} if is_path else {}
        value = apply(operations, marker, path_separator=request.path_separator)[variable]
        refuse_bytes(variable, value, "a CMake preset")
        environment[variable] = _escape(value).replace("\0", "$penv{PATH}")
    return environment


def _escape(value: str) -> str:
    return value.replace("$", "${dollar}")
