"""uv and pip as programs: which is here, and how it is told where the index is. Touches: processes.

uv does not read pip's configuration, and many sites have that alone: where uv is told nothing, it is told what pip is.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pkgmgr.model.errors import CkpmError

_UV_INDEX = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_CONFIG_FILE")
_PIP_TO_UV = {"index-url": "--index-url", "extra-index-url": "--extra-index-url", "find-links": "--find-links"}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a client said."""

    code: int
    out: str
    errors: str


def run_client(argv: Sequence[str], variables: Mapping[str, str], *, text: str = "") -> Ran:
    """Run pip or uv with the person's variables, so that its configuration counts.

    :raises CkpmError: when it can't be started.
    """
    try:
        done = subprocess.run(
            list(argv),
            input=text.encode(),
            capture_output=True,
            check=False,
            env={**variables, "PYTHONNOUSERSITE": "1"},
        )
    except OSError as error:
        raise CkpmError(f"{argv[0]} can't be started: {error.strerror}") from error
    return Ran(
        code=done.returncode, out=done.stdout.decode("utf-8", "replace"), errors=done.stderr.decode("utf-8", "replace")
    )


def find_uv(variables: Mapping[str, str]) -> str | None:
    """Give uv's path: on PATH, or beside ckpm as the distribution ``uv``. ``CKPM_UV=0`` means: use pip."""
    if variables.get("CKPM_UV") == "0":
        return None
    found = shutil.which("uv", path=variables.get("PATH"))
    if found is None and importlib.util.find_spec("uv") is not None:
        beside = Path(sys.executable).with_name("uv")
        found = str(beside) if os.access(beside, os.X_OK) else None
    return found


def find_pip(interpreter: str, variables: Mapping[str, str]) -> list[str]:
    """Give a command that is pip, working for an interpreter: ours, its own, or the one that its ensurepip carries.

    :raises CkpmError: when there is none.
    """
    own = [[sys.executable, "-m", "pip"]] if importlib.util.find_spec("pip") is not None else []
    for command in [*own, [interpreter, "-m", "pip"], *_bundled(interpreter)]:
        if run_client([*command, "--python", interpreter, "--version"], variables).code == 0:
            return command
    raise CkpmError(
        f"no pip works for {interpreter}", hint="install uv, or pip for that interpreter (`python -m ensurepip`)"
    )


def _bundled(interpreter: str) -> list[list[str]]:
    wheels = [*Path(interpreter).resolve().parents[1].glob("lib/python3*/ensurepip/_bundled/pip-*.whl")]
    wheels += Path("/usr/share/python-wheels").glob("pip-*.whl")
    return [[interpreter, f"{wheel}/pip"] for wheel in sorted(wheels)]


def uv_index_options(variables: Mapping[str, str]) -> list[str]:
    """Give what tells uv where the packages are, unless it is configured itself."""
    told = any(variables.get(name) for name in _UV_INDEX)
    folder = Path(variables.get("XDG_CONFIG_HOME") or Path(variables.get("HOME", "/")) / ".config") / "uv"
    if told or (folder / "uv.toml").is_file() or Path("/etc/uv/uv.toml").is_file():
        return []
    if importlib.util.find_spec("pip") is None:
        return []
    said = run_client([sys.executable, "-m", "pip", "config", "list"], variables)
    return pip_settings(said.out) if said.code == 0 else []


def pip_settings(text: str) -> list[str]:
    """Read ``pip config list`` into options of uv. Pure.

    A line is ``global.find-links='/opt/wheels /more'`` or ``:env:.index-url='https://…'``; the environment comes last
    and wins.
    """
    values: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        scope, _, name = key.rpartition(".")
        if equals and name.replace("_", "-") in _PIP_TO_UV and scope in ("global", "install", "download", ":env:"):
            values[name.replace("_", "-")] = value.strip().strip("'\"").replace("\\n", "\n")
    return [word for name, value in values.items() for item in value.split() for word in (_PIP_TO_UV[name], item)]
