"""Python environments from pinned requirements: by venv and pip.

Touches: the environment's folder; the index that pip or uv is configured for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pkgmgr.install.context import BuildContext

_CONFIGURATION = ("PIP_", "UV_", "XDG_", "SSL_", "REQUESTS_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


def index_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that configure pip and uv: which index, which certificates, which proxy."""
    return {
        key: value
        for key, value in environment.items()
        if key.startswith(_CONFIGURATION) or key.upper() in _PROXIES or key == "HOME"
    }


def wheel_folders(sources: Iterable[Path]) -> list[str]:
    """Give the folders of sources that are wheels: what no index has was fetched as a source."""
    return sorted({str(path.parent) for path in sources if path.suffix == ".whl"})


def make_environment(context: BuildContext, interpreter: str, requirements: Path, folder: Path) -> None:
    """Make a virtual environment that holds exactly the requirements, each checked by its hash."""
    extra = index_variables(os.environ)
    context.run([interpreter, "-m", "venv", str(folder)], extra=extra)
    python = str(folder / "bin" / "python")
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement", str(requirements)]
    options += [f"--find-links={folder}" for folder in wheel_folders(context.sources.values())]
    if context.offline:
        options.append("--no-index")
    context.run([python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *options], extra=extra)


def fill_folder(context: BuildContext, interpreter: str, requirements: Path, folder: Path) -> None:
    """Fill a folder with the requirements, for use on a path of modules."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement", str(requirements)]
    argv = [interpreter, "-m", "pip", "install", "--disable-pip-version-check", "--target", str(folder), *options]
    context.run(argv, extra=index_variables(os.environ))
