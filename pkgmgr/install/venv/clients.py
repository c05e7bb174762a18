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
from dataclasses import dataclass, field
from pathlib import Path

from pkgmgr.install.store import Store
from pkgmgr.model.entry import version_key
from pkgmgr.model.errors import CkpmError

_UV = "tool.uv"
_UV_INDEX = (
    *("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX"),
    "UV_CONFIG_FILE",
)
_PIP_TO_UV = {
    "index-url": "--index-url",
    "extra-index-url": "--extra-index-url",
    "find-links": "--find-links",
    "constraint": "--constraints",
    "trusted-host": "--allow-insecure-host",
}
_PIP_TO_VARIABLES = {"cert": ("SSL_CERT_FILE",), "proxy": ("HTTP_PROXY", "HTTPS_PROXY")}
_SCOPES = ("global", "install", "download", ":env:")
"""Sections of pip's configuration, the one that wins last."""


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


def find_uv(variables: Mapping[str, str], store: Store | None = None) -> str | None:
    """Give uv's path: on PATH, beside ckpm as the distribution ``uv``, or installed. ``CKPM_UV=0`` means: use pip.

    :param store: where ``ckpm install package:tool-uv`` has put one; the newest is taken.
    """
    if variables.get("CKPM_UV") == "0":
        return None
    found = shutil.which("uv", path=variables.get("PATH"))
    if found is None and importlib.util.find_spec("uv") is not None:
        beside = Path(sys.executable).with_name("uv")
        found = str(beside) if os.access(beside, os.X_OK) else None
    return found if found is not None or store is None else _installed_uv(store)


def _installed_uv(store: Store) -> str | None:
    entries = sorted((entry for entry in store.installed() if entry.soft == _UV), key=version_key, reverse=True)
    programs = [path for entry in entries for path in entry.files.values() if Path(path).name in ("uv", "uv.exe")]
    return next((path for path in programs if os.access(path, os.X_OK)), None)


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


@dataclass(frozen=True, kw_only=True)
class IndexSettings:
    """What uv is told of the index."""

    options: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """For what uv has no options: certificates and a proxy."""


def uv_index_settings(variables: Mapping[str, str]) -> IndexSettings:
    """Give what tells uv where the packages are, unless it is configured itself."""
    told = any(variables.get(name) for name in _UV_INDEX)
    folder = Path(variables.get("XDG_CONFIG_HOME") or Path(variables.get("HOME", "/")) / ".config") / "uv"
    if told or (folder / "uv.toml").is_file() or Path("/etc/uv/uv.toml").is_file():
        return IndexSettings()
    if importlib.util.find_spec("pip") is None:
        return IndexSettings()
    said = run_client([sys.executable, "-m", "pip", "config", "list"], variables)
    settings = pip_settings(said.out) if said.code == 0 else IndexSettings()
    own = {name: value for name, value in settings.variables.items() if not variables.get(name)}
    return IndexSettings(options=settings.options, variables=own)


def pip_settings(text: str) -> IndexSettings:
    """Read ``pip config list`` into what uv takes. Pure.

    A line is ``global.find-links='/opt/wheels /more'`` or ``:env:.index-url='https://…'``, sorted by its name. pip
    takes the best of all indexes, uv of the first that has a project, unless it is told otherwise.
    """
    values: dict[str, str] = {}
    rows = [(scope, name.replace("_", "-"), value) for scope, name, value in map(_setting, text.splitlines())]
    for wanted in _SCOPES:
        values |= {name: value for scope, name, value in rows if scope == wanted}
    options = [
        word for name, option in _PIP_TO_UV.items() for item in values.get(name, "").split() for word in (option, item)
    ]
    if values.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        options.append("--no-index")
    if "extra-index-url" in values:
        options += ["--index-strategy", "unsafe-best-match"]
    found = {name: values[key] for key, names in _PIP_TO_VARIABLES.items() if values.get(key) for name in names}
    return IndexSettings(options=tuple(options), variables=found)


def _setting(line: str) -> tuple[str, str, str]:
    key, _, value = line.partition("=")
    scope, _, name = key.rpartition(".")
    return scope, name, value.strip().strip("'\"").replace("\\n", "\n")
