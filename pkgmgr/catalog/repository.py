"""Where documents lie: the built-in repository and the ones a person added. Lists folders, reads no document."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

FOLDERS: Mapping[str, str] = {
    "soft": "soft_plugins",
    "package": "packages",
    "env": "envs",
    "target": "targets",
}
BUILT_IN = "built-in"


class DocumentState(NamedTuple):
    """What tells whether a document has changed."""

    mtime_ns: int
    size: int
    """In bytes."""
    inode: int
    ctime_ns: int


def document_state(found: os.stat_result) -> DocumentState:
    """Give the state of a file from what the system says of it."""
    return DocumentState(found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)


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


def list_documents(repository: Repository, kind: str) -> dict[str, tuple[str, DocumentState]]:
    """Map the names of a repository's documents of one kind to their files and the state of these."""
    folder = str(repository.folder(kind))
    try:
        with os.scandir(folder) as items:
            names = sorted(item.name for item in items if _may_be_named(item.name) and item.is_dir())
    except OSError:
        return {}
    listed = ((name, _document_in(f"{folder}{os.sep}{name}", kind)) for name in names)
    return {name: found for name, found in listed if found is not None}


def find_document(repository: Repository, kind: str, name: str) -> tuple[str, DocumentState] | None:
    """Give the file of one document of a repository, and its state; None when there is none of that name."""
    if not _may_be_named(name):
        return None
    return _document_in(f"{repository.folder(kind)}{os.sep}{name}", kind)


def _may_be_named(name: str) -> bool:
    return name[:1] not in ("", ".", "_") and os.path.basename(name) == name


def document_file(folder: Path, kind: str) -> Path | None:
    """Give the document of this kind in a folder: TOML first, else JSON."""
    found = _document_in(str(folder), kind)
    return None if found is None else Path(found[0])


def _document_in(folder: str, kind: str) -> tuple[str, DocumentState] | None:
    for ending in ("toml", "json"):
        path = f"{folder}{os.sep}{kind}.{ending}"
        try:
            found = os.stat(path)
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode):
            return path, document_state(found)
    return None
