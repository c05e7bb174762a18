"""Environments of conda, mamba, micromamba and pixi: folders with ``conda-meta`` in them.

Touches: files, through `pkgmgr.host.ports.Files`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pkgmgr.detect.installed_by.prefix import Prefix, expand
from pkgmgr.host.ports import Host
from pkgmgr.host.search import is_folder
from pkgmgr.host.text import read_text

_NAMES = ("miniconda3", "miniconda", "anaconda3", "anaconda", "miniforge3", "mambaforge", "micromamba")
_ROOTS = (
    *("$MAMBA_ROOT_PREFIX", "/opt/conda", "~/.local/share/mamba", "~/.conda"),
    *(f"{folder}/{name}" for folder in ("~", "/opt") for name in _NAMES),
)
_PIXI = ("$PIXI_HOME/envs/*", "~/.pixi/envs/*")
_MOST_ENVIRONMENTS = 2_000
_ENVS_DIRS = r"(?m)^envs_dirs:[ \t]*(?:\[(?P<inline>[^\]]*)\]|\n(?P<rows>(?:[ \t]*-.*\n?)*))"


def find(host: Host) -> Iterator[Prefix]:
    """Give each environment that conda's own list, its settings or the usual folders lead to."""
    seen: set[str] = set()
    for path in _named(host):
        if path in seen or len(seen) >= _MOST_ENVIRONMENTS:
            continue
        seen.add(path)
        if is_folder(host.files, f"{path}/conda-meta"):
            yield Prefix(path=path, origin=f"conda:{path}")


def _named(host: Host) -> Iterator[str]:
    active = host.variables.get("CONDA_PREFIX", "")
    if active.startswith("/"):
        yield posixpath.normpath(active)
    roots = list(expand(host, _ROOTS))
    program = host.variables.get("CONDA_EXE", "")
    if program.startswith("/"):
        roots.insert(0, posixpath.dirname(posixpath.dirname(program)))
    yield from parse_environments(read_text(host.files, f"{host.home}/.conda/environments.txt"))
    for root in roots:
        yield root
        yield from expand(host, [f"{root}/envs/*"])
    for folder in _environment_folders(host):
        yield from expand(host, [f"{folder}/*"])
    yield from expand(host, _PIXI)


def _environment_folders(host: Host) -> Iterator[str]:
    stated = host.variables.get("CONDA_ENVS_PATH") or host.variables.get("CONDA_ENVS_DIRS") or ""
    yield from (part for part in stated.replace(",", ":").split(":") if part.startswith(("/", "~")))
    for settings in (f"{host.home}/.condarc", f"{host.home}/.config/conda/.condarc", f"{host.home}/.mambarc"):
        yield from parse_envs_dirs(read_text(host.files, settings))


def parse_environments(text: str) -> list[str]:
    """Read ``~/.conda/environments.txt``: one prefix a line."""
    lines = (line.strip() for line in text.splitlines())
    return [posixpath.normpath(line) for line in lines if line.startswith("/")]


def parse_envs_dirs(text: str) -> list[str]:
    """Read the list ``envs_dirs`` of a ``.condarc``."""
    section = re.search(_ENVS_DIRS, text) if "envs_dirs" in text else None
    if section is None:
        return []
    rows = section["inline"].split(",") if section["inline"] else (section["rows"] or "").splitlines()
    items = (row.partition(" #")[0].strip().removeprefix("-").strip().strip("\"'") for row in rows)
    return [item for item in items if item.startswith(("/", "~"))]
