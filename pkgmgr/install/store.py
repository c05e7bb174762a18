"""Where installed entries live: one folder each, visible by one rename, counted by its record. Touches: the home.

``store/<target>/<package>-<version>-<hash>/`` holds the product and ``.ckpm/``: ``entry.json`` (written last: a folder
without it is a leftover of a killed process), ``manifest.json`` and ``build.log``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError, NotFoundError

RECORD = ".ckpm"


class ManifestRow(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an installed entry."""

    path: str
    """Relative to the prefix, with ``/``."""
    kind: str
    """``file`` or ``link``."""
    sha256: str
    """Of the content; for a link, of where it leads."""
    size: int
    is_executable: bool = False


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an installed entry was made from."""

    package: str
    version: str
    target: str
    variants: Mapping[str, str]
    document: str
    """``sha256:…`` of the package's folder."""
    sources: Mapping[str, str]
    """Name → sha256."""
    dependencies: Mapping[str, str]
    """Role → id of an installed entry, or fingerprint of a found one."""
    facts: Mapping[str, str] = {}
    """What the document's conditions asked of the machine, where they asked."""

    @property
    def digest(self) -> str:
        """Give the hash that names the build, in hexadecimal."""
        rows = msgspec.to_builtins(self)
        if not self.facts:  # most ask nothing, and keep the name that they had before facts could be asked for
            del rows["facts"]
        return hashlib.sha256(msgspec.json.encode(rows, order="sorted")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Store:
    """The store of one home."""

    home: Path

    @property
    def root(self) -> Path:
        """The folder of all installed entries."""
        return self.home / "store"

    def prefix(self, recipe: Recipe) -> Path:
        """Give where a build goes."""
        return self.root / recipe.target / f"{recipe.package}-{recipe.version}-{recipe.digest[:8]}"

    def installed(self) -> list[Entry]:
        """Give every installed entry, by id."""
        found = [read_record(folder) for folder in self._folders()]
        return sorted((entry for entry in found if entry is not None), key=lambda entry: entry.id)

    def _folders(self) -> Iterator[Path]:
        for target in _subfolders(self.root):
            yield from _subfolders(target)

    def find(self, recipe: Recipe) -> Entry | None:
        """Give the entry of a build that is there, whole."""
        return read_record(self.prefix(recipe))

    @contextlib.contextmanager
    def building(self, recipe: Recipe) -> Iterator[None]:
        """Keep other processes from the same build until this one is done."""
        from filelock import FileLock

        folder = self.prefix(recipe)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            yield

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """Give a folder to build in, on the same file system as the store; it is gone afterwards."""
        base = self.home / "staging"
        base.mkdir(parents=True, exist_ok=True)
        self._sweep(base)
        folder = Path(tempfile.mkdtemp(prefix=f"{socket.gethostname()}-{os.getpid()}-", dir=base))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _sweep(self, base: Path) -> None:
        """Remove what processes of this machine that are gone left behind."""
        mine = f"{socket.gethostname()}-"
        for folder in _subfolders(base):
            owner = folder.name.removeprefix(mine).partition("-")[0]
            if folder.name.startswith(mine) and owner.isdigit() and not _is_alive(int(owner)):
                shutil.rmtree(folder, ignore_errors=True)

    def publish(self, made: Path, recipe: Recipe) -> Path:
        """Make a finished product visible, in place of a leftover if there is one."""
        folder = self.prefix(recipe)
        if folder.exists():
            shutil.rmtree(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        made.replace(folder)
        return folder

    def record(self, folder: Path, entry: Entry) -> None:
        """Write an entry's record: from now on it counts as installed."""
        path = folder / RECORD / "entry.json"
        temporary = path.with_name(".entry.json.new")
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(entry), indent=1))
        temporary.replace(path)

    def remove(self, entry: Entry) -> None:
        """Remove an installed entry; refused while another one needs it.

        :raises CkpmError: naming those that need it.
        """
        needed = [other.id for other in self.installed() if entry.id in other.deps]
        if needed:
            raise CkpmError(f"{entry.id} is needed by {', '.join(needed)}", hint="uninstall those first")
        folder = Path(entry.prefix)
        if not folder.is_relative_to(self.root):
            raise NotFoundError(f"{entry.id} was not installed by ckpm", hint="ckpm removes only what it installed")
        (folder / RECORD / "entry.json").unlink(missing_ok=True)
        shutil.rmtree(folder)


def read_record(folder: Path) -> Entry | None:
    """Give the entry that a folder of the store holds; None when it is not whole."""
    try:
        return msgspec.json.decode((folder / RECORD / "entry.json").read_bytes(), type=Entry)
    except (OSError, msgspec.MsgspecError):
        return None


def read_manifest(folder: Path) -> tuple[ManifestRow, ...]:
    """Give the files that an installed entry had when it was made."""
    try:
        return msgspec.json.decode((folder / RECORD / "manifest.json").read_bytes(), type=tuple[ManifestRow, ...])
    except (OSError, msgspec.MsgspecError):
        return ()


def make_manifest(folder: Path) -> tuple[ManifestRow, ...]:
    """Read every file below a folder, sorted by path."""
    rows = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if Path(place, name) != folder / RECORD)
        links = [name for name in folders if Path(place, name).is_symlink()]
        rows += [_row(Path(place, name), folder) for name in sorted([*names, *links])]
    return tuple(sorted(rows, key=lambda row: row.path))


def _row(path: Path, root: Path) -> ManifestRow:
    name = path.relative_to(root).as_posix()
    if path.is_symlink():
        leads = os.readlink(path)
        return ManifestRow(path=name, kind="link", sha256=hashlib.sha256(os.fsencode(leads)).hexdigest(), size=0)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    state = path.stat()
    return ManifestRow(
        path=name, kind="file", sha256=digest, size=state.st_size, is_executable=bool(state.st_mode & 0o111)
    )


def tree_hash(folder: Path) -> str:
    """Give one hash over the names, contents and executable bits below a folder."""
    return hashlib.sha256(msgspec.json.encode(make_manifest(folder))).hexdigest()


def folder_hash(folder: Path) -> str:
    """Give ``sha256:…`` over a document's folder: the document, its scripts and patches."""
    rows = [row for row in make_manifest(folder) if "__pycache__" not in row.path]
    return "sha256:" + hashlib.sha256(msgspec.json.encode(rows)).hexdigest()


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return []


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
