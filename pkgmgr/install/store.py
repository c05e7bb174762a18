"""Where installed entries live: one folder each, visible by one rename, counted by its record. Touches: the home.

``store/<target>/<package>-<version>-<hash>/`` holds the product and ``.ckpm/``: ``entry.json`` (written last: a folder
without it is a leftover of a killed process), ``manifest.json`` and ``build.log``.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pkgmgr.install.locks import Busy, hold
from pkgmgr.install.use import is_used
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError, NotFoundError

if TYPE_CHECKING:
    from pkgmgr.install.anywhere import Where
    from pkgmgr.install.staging import Staging

RECORD = ".ckpm"
_MAKER = "made-in"
"""Holds who made a product (`maker_of` its staging folder)."""
_USE = ".use.lock"
_PATIENCE = 30.0
"""Seconds to wait for other processes before saying so."""


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
    anywhere: str = ""
    """Of a file that holds the home's path, or a link that leads into the home: sha256 as `pkgmgr.install.anywhere`
    reckons it, the same in every home. Empty for all others."""


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
        """Keep other processes from the same build until this one is done, where the file system has locks."""
        folder = self.prefix(recipe)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with hold(folder.parent / f".{folder.name}.lock"):
            yield

    @contextlib.contextmanager
    def using(self) -> Iterator[None]:
        """Keep others from removing entries meanwhile; any number of processes may use a store at once."""
        self.root.mkdir(parents=True, exist_ok=True)
        with hold(self.root / _USE, is_shared=True):
            yield

    @contextlib.contextmanager
    def removing(self, *, patience: float = _PATIENCE) -> Iterator[None]:
        """Keep others from installing meanwhile: what they are about to need can't be seen yet.

        :raises CkpmError: when others go on installing for longer than the patience lasts.
        """
        if not self.root.is_dir():
            yield
            return
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(hold(self.root / _USE, patience=patience))
            except Busy as error:
                raise CkpmError(
                    f"another ckpm is installing into {self.home}, or removing from it",
                    hint="run the same command again when it has ended",
                ) from error
            yield

    @property
    def staging_area(self) -> Staging:
        """Where entries are made."""
        from pkgmgr.install.staging import Staging  # 8 ms, where something is made; most only read what is there

        return Staging(base=self.home / "staging")

    def staging(self, recipe: Recipe | None = None) -> contextlib.AbstractContextManager[Path]:
        """Give a folder to build in, on the same file system as the store; it is gone afterwards.

        :param recipe: what is built; the same is built in the same folder each time.
        """
        from pkgmgr.install.places import staging_name

        area = self.staging_area
        name = None if recipe is None else staging_name(self.prefix(recipe), area.base, recipe.digest)
        return area.folder(name)

    def publish(self, made: Path, recipe: Recipe) -> Entry | None:
        """Make a finished product visible: by one rename, which only one of several can win.

        :param made: in a folder that `staging` gave, and that lives until the entry is recorded.
        :return: the entry of another process that was first, where no lock kept it out. Ours is not visible then.
        """
        from pkgmgr.install.staging import maker_of

        folder = self.prefix(recipe)
        (made / RECORD).mkdir(exist_ok=True)
        (made / RECORD / _MAKER).write_text(maker_of(made.parent), "utf-8")
        end = time.monotonic() + _PATIENCE
        while True:
            folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                made.rename(folder)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise
            else:
                return None
            winner = read_record(folder)
            if winner is not None:
                return winner
            if self._is_being_recorded(folder) and time.monotonic() < end:
                time.sleep(0.1)
                continue
            self._discard(folder)

    def _is_being_recorded(self, folder: Path) -> bool:
        """Tell whether the process that made a folder without a record is about to write it."""
        try:
            maker = (folder / RECORD / _MAKER).read_text("utf-8")
        except OSError:
            return False
        return self.staging_area.is_at_work(maker)

    def record(self, folder: Path, entry: Entry) -> None:
        """Write an entry's record: from now on it counts as installed."""
        path = folder / RECORD / "entry.json"
        temporary = path.with_name(f".entry.json.{os.getpid()}")
        with temporary.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(entry), indent=1))
            file.flush()
            os.fsync(file.fileno())  # after a power failure too, a record that is there is whole
        temporary.replace(path)

    def remove(self, entry: Entry) -> bool:
        """Remove an installed entry; refused while another one needs it. Call it within `removing`.

        :return: False when it is gone already.
        :raises CkpmError: naming those that need it, or while a program runs in it.
        """
        needed = [other.id for other in self.installed() if entry.id in other.deps]
        if needed:
            raise CkpmError(f"{entry.id} is needed by {', '.join(needed)}", hint="uninstall those first")
        if is_used(entry):
            raise CkpmError(
                f"{entry.id} is in use: a program runs in it that 'ckpm exec', 'shell' or 'run' started",
                hint="end that program first",
            )
        folder = Path(entry.prefix)
        if not folder.is_relative_to(self.root):
            raise NotFoundError(f"{entry.id} was not installed by ckpm", hint="ckpm removes only what it installed")
        if not folder.exists():
            return False
        self._discard(folder)
        return True

    def _discard(self, folder: Path) -> None:
        """Let a folder of the store vanish by one rename, then remove it; a full disk does not prevent it."""
        (folder / RECORD / "entry.json").unlink(missing_ok=True)
        try:
            with self.staging() as bin_:
                folder.rename(bin_ / "gone")
        except FileNotFoundError:
            return  # another process did it
        except OSError:
            import shutil

            shutil.rmtree(folder)


def read_record(folder: Path) -> Entry | None:
    """Give the entry that a folder of the store holds; None when it is not whole."""
    try:
        content = (folder / RECORD / "entry.json").read_bytes()
        entry = msgspec.json.decode(content, type=Entry)
        recorded = Path(entry.prefix)
        if recorded.parts[-2:] != folder.parts[-2:]:
            return entry
        return moved_entry(entry, recorded.parents[1], folder.parents[1])
    except (OSError, msgspec.MsgspecError):
        return None


def moved_entry(entry: Entry, old: Path, new: Path) -> Entry:
    """Let an entry whose files lie below a folder lead to another place of that folder."""
    if old == new:
        return entry
    before, after = (msgspec.json.encode(f"{root}/")[1:-1] for root in (old, new))
    return msgspec.json.decode(msgspec.json.encode(entry).replace(before, after), type=Entry)


def moved_path(path: Path, old: Path, new: Path) -> Path:
    """Do the same for one path."""
    return new / path.relative_to(old) if old != new and path.is_relative_to(old) else path


def read_manifest(folder: Path) -> tuple[ManifestRow, ...]:
    """Give the files that an installed entry had when it was made."""
    try:
        return msgspec.json.decode((folder / RECORD / "manifest.json").read_bytes(), type=tuple[ManifestRow, ...])
    except (OSError, msgspec.MsgspecError):
        return ()


def make_manifest(folder: Path, where: Where | None = None) -> tuple[ManifestRow, ...]:
    """Read every file below a folder, sorted by path.

    :param where: the place that the files were made for; None: they know of none.
    """
    rows = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if Path(place, name) != folder / RECORD)
        links = [name for name in folders if Path(place, name).is_symlink()]
        rows += [_row(Path(place, name), folder, where) for name in sorted([*names, *links])]
    return tuple(sorted(rows, key=lambda row: row.path))


def _row(path: Path, root: Path, where: Where | None) -> ManifestRow:
    name = path.relative_to(root).as_posix()
    anywhere = where.anywhere(path, name) if where is not None else ""
    if path.is_symlink():
        digest = hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest()
        return ManifestRow(path=name, kind="link", sha256=digest, size=0, anywhere=anywhere)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    state = path.stat()
    is_executable = bool(state.st_mode & 0o111)
    return ManifestRow(
        path=name, kind="file", sha256=digest, size=state.st_size, is_executable=is_executable, anywhere=anywhere
    )


def tree_hash(folder: Path) -> str:
    """Give one hash over the names, contents and executable bits below a folder."""
    return _hash_rows(make_manifest(folder))


def folder_hash(folder: Path) -> str:
    """Give ``sha256:…`` over a document's folder: the document, its scripts and patches."""
    return "sha256:" + _hash_rows(row for row in make_manifest(folder) if "__pycache__" not in row.path)


def _hash_rows(rows: Iterable[ManifestRow]) -> str:
    # These fields alone, whatever else a row comes to hold: the hash is in locks and in the names of builds.
    shown = [{name: getattr(row, name) for name in ("path", "kind", "sha256", "size", "is_executable")} for row in rows]
    return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return []
