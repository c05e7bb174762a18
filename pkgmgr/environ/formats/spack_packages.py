"""``packages.yaml`` for Spack: entries as externals. Pure.

The file says what there is, not what an environment does with it: operations are not in it, since Spack makes the
environment of a build itself. Strings are written as JSON strings, which are YAML too.
"""

from __future__ import annotations

import json

from pkgmgr.environ.request import ExportRequest, refuse_bytes
from pkgmgr.environ.tools import name_for
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import UsageError

_LANGUAGES = {"c": "c", "cxx": "cxx", "fortran": "fortran"}
_WITH_LANGUAGES = frozenset({"gcc"})
"""Spack's packages whose variant ``languages`` has to agree with the compilers that are there."""


def render(request: ExportRequest) -> str:
    """Write ``packages:`` with an external for each entry, those of one package together."""
    packages: dict[str, list[str]] = {}
    for entry in request.entries:
        name = name_for(entry, "spack", request)
        packages.setdefault(name, []).extend(_external(entry, name))
    if not packages:
        return "packages: {}\n"
    lines = ["# Made by ckpm: spack config --scope=site add -f <this file>", "packages:"]
    for name, externals in packages.items():
        lines += [f"  {name}:", "    externals:", *externals]
    return "\n".join(lines) + "\n"


def _external(entry: Entry, name: str) -> list[str]:
    if not entry.version:
        raise UsageError(f"{entry.id}: Spack needs the version of an external, and none is known")
    compilers = {role: entry.files[role] for role in _LANGUAGES if role in entry.files}
    spec = f"{name}@={entry.version}"
    if name in _WITH_LANGUAGES and compilers:
        spec += f" languages:='{','.join('c++' if role == 'cxx' else role for role in compilers)}'"
    lines = [f"    - spec: {_text(entry, spec)}", f"      prefix: {_text(entry, entry.prefix)}"]
    if entry.soft.startswith("compiler.") and compilers:
        lines += ["      extra_attributes:", "        compilers:"]
        lines += [f"          {role}: {_text(entry, path)}" for role, path in compilers.items()]
    return lines


def _text(entry: Entry, text: str) -> str:
    refuse_bytes(entry.id, text, "packages.yaml")
    return json.dumps(text, ensure_ascii=False)
