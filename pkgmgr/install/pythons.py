"""Python environments from pinned requirements: by uv where it is, else by pip, each package checked by its hash.

Touches: the environment's folder; the index that pip or uv is configured for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.install.venv.clients import IndexSettings, find_uv, uv_index_settings

_SETTINGS = frozenset(
    {"INDEX", "INDEX_URL", "DEFAULT_INDEX", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "INDEX_STRATEGY"}
    | {"TRUSTED_HOST", "INSECURE_HOST", "ALLOW_INSECURE_HOST", "CERT", "CLIENT_CERT", "NATIVE_TLS", "SYSTEM_CERTS"}
    | {"PROXY", "TIMEOUT", "DEFAULT_TIMEOUT", "HTTP_TIMEOUT", "RETRIES", "HTTP_RETRIES", "KEYRING_PROVIDER"}
    | {"CONFIG_FILE", "CACHE_DIR", "NO_CACHE_DIR"}
)
"""What is after ``PIP_`` or ``UV_`` in the variables that say where packages are. Others, such as ``PIP_TARGET``,
``PIP_USER`` and ``UV_PYTHON``, would change what is made."""
_CERTIFICATES = ("XDG_", "SSL_", "REQUESTS_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


def index_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that configure pip and uv: which index, which certificates, which proxy."""
    return {key: value for key, value in environment.items() if _is_about_the_index(key)}


def _is_about_the_index(key: str) -> bool:
    client, _, setting = key.partition("_")
    if client in ("PIP", "UV"):
        # UV_INDEX_<NAME>_USERNAME and …_PASSWORD are for the index of that name.
        return setting in _SETTINGS or key.startswith("UV_INDEX_")
    return key.startswith(_CERTIFICATES) or key.upper() in _PROXIES or key == "HOME"


def wheel_folders(sources: Iterable[Path]) -> list[str]:
    """Give the folders of sources that are wheels: what no index has was fetched as a source."""
    return sorted({str(path.parent) for path in sources if path.suffix == ".whl"})


def make_environment(context: BuildContext, interpreter: str, requirements: Path, folder: Path) -> None:
    """Make a virtual environment that holds exactly the requirements."""
    context.run([interpreter, "-m", "venv", str(folder)], extra=index_variables(os.environ))
    _install(context, str(folder / "bin" / "python"), requirements)


def fill_folder(context: BuildContext, interpreter: str, requirements: Path, folder: Path) -> None:
    """Fill a folder with the requirements, for use on a path of modules."""
    folder.mkdir(parents=True, exist_ok=True)
    _install(context, interpreter, requirements, "--target", str(folder))


def _install(context: BuildContext, python: str, requirements: Path, *where: str) -> None:
    uv = find_uv(os.environ)
    index = uv_index_settings(os.environ) if uv is not None else IndexSettings()
    extra = {**index_variables(os.environ), **index.variables}
    folders = wheel_folders(context.sources.values())
    argv = install_command(uv, python, requirements, folders, index=index.options, is_offline=context.offline)
    context.run([*argv, *where], extra=extra)


def install_command(
    uv: str | None,
    python: str,
    requirements: Path,
    folders: Iterable[str],
    *,
    index: Iterable[str] = (),
    is_offline: bool = False,
) -> list[str]:
    """Give the command that installs pinned requirements for an interpreter, by uv if there is one. Pure.

    :param folders: those with wheels that no index has.
    :param index: what tells uv where pip's index is.
    """
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement", str(requirements)]
    options += [f"--find-links={folder}" for folder in folders]
    if is_offline:
        options.append("--no-index")
    if uv is None:
        return [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *options]
    # Copied, not linked from uv's cache: a file edited here must not change another environment.
    own = ["--quiet", "--python", python, "--link-mode=copy", "--compile-bytecode"]
    return [uv, "pip", "install", *own, *options, *([] if is_offline else index)]
