"""Where documents lie: the built-in repository and the ones a person added. Lists folders, reads no document."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

FOLDERS: Mapping[str, str] = {
    "soft": "soft_plugins",
    "package": "packages",
    "env": "envs",
    "target": "targets",
}
BUILT_IN = "built-in"


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """One root that holds ``soft_plugins/``, ``packages/``, ``envs/`` and ``targets/``."""

    name: str
    root: Path
    is_trusted: bool = False
    """Whether ``hook.py`` files of its softs may run."""

    def folder(self, kind: str) -> Path:
        """The folder that holds documents of this kind."""
        return self.root / FOLDERS[kind]


def built_in_root() -> Path:
    """Find the built-in documents: inside the package when installed, beside it in a checkout.

    An editable install does not apply ``package_dir`` to data, hence the second place.
    """
    package = Path(__file__).resolve().parent.parent
    return package if (package / FOLDERS["soft"]).is_dir() else package.parent


def find_repositories(
    *, variables: Mapping[str, str], added: Sequence[Repository] = (), installed: Iterable[Repository] = ()
) -> tuple[Repository, ...]:
    """Give all repositories in the order in which names are looked up: built-in, added, plugin path, wheels."""
    from_path = tuple(
        Repository(name=Path(item).name, root=Path(item), is_trusted=True)
        for item in variables.get("CKPM_PLUGIN_PATH", "").split(os.pathsep)
        if item
    )
    built_in = Repository(name=BUILT_IN, root=built_in_root(), is_trusted=True)
    return (built_in, *added, *from_path, *installed)


def list_documents(repository: Repository, kind: str) -> dict[str, Path]:
    """Map the names of a repository's documents of one kind to their files."""
    try:
        folders = sorted(os.scandir(repository.folder(kind)), key=lambda item: item.name)
    except OSError:
        return {}
    found = {}
    for item in folders:
        if item.name.startswith((".", "_")) or not item.is_dir():
            continue
        path = document_file(Path(item.path), kind)
        if path is not None:
            found[item.name] = path
    return found


def document_file(folder: Path, kind: str) -> Path | None:
    """Give the document of this kind in a folder: TOML first, else JSON."""
    for ending in ("toml", "json"):
        path = folder / f"{kind}.{ending}"
        if path.is_file():
            return path
    return None
