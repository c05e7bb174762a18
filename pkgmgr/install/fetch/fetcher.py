"""Fetch a source from the first address that gives it, verify it, keep it under its hash.

Touches: the download cache; the network, through the modules in `schemes`.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pkgmgr.install.fetch.errors import SourceFailed
from pkgmgr.model.errors import CkpmError, IntegrityError, NetworkError
from pkgmgr.model.package import Source

_BLOCK = 1 << 20
_SCHEMES = {
    "https": "http",
    "http": "http",
    "file": "file",
    "pypi": "pypi",
    "npm": "npm",
    "apt": "apt",
    "apt-source": "apt",
    "hf": "hf",
}


class Progress(Protocol):
    """Told how a download goes on; the command line draws it."""

    def begin(self, name: str, size: int | None) -> None:
        """A download of so many bytes begins; None when the size is not known."""

    def advance(self, count: int) -> None:
        """So many bytes more have come."""

    def end(self) -> None:
        """It is there, or has failed."""


class SilentProgress:
    """Shows nothing."""

    def begin(self, name: str, size: int | None) -> None:
        """Show nothing."""

    def advance(self, count: int) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """Fetches into one cache."""

    cache: Path
    """Its folder; files lie in ``sha256/<2>/<hash>/<name>``."""
    offline: bool = False
    mirrors: Mapping[str, str] = field(default_factory=dict)
    """Beginning of an address → what to put in its place."""
    progress: Progress = field(default_factory=SilentProgress)
    jobs: int = 4

    def fetch(self, source: Source) -> Path:
        """Give the path of a source's artifact, fetched if it is not in the cache.

        :raises IntegrityError: when what came has another hash; it is not kept.
        :raises NetworkError: when no address could be reached, naming each and why.
        """
        kept = self.cached(source)
        if kept is not None:
            return kept
        from filelock import FileLock  # 50 ms that a look-up of what is there need not pay

        folder = self._folder(source.sha256)
        folder.parent.mkdir(parents=True, exist_ok=True)
        # One process downloads; the others wait and find the file.
        with FileLock(f"{folder}.lock"):
            kept = self.cached(source)
            return kept if kept is not None else self._fetch(source, folder)

    def fetch_all(self, wanted: Sequence[Sequence[Source]]) -> list[Path]:
        """Fetch several at the same time; each is a list of sources of which any will do.

        :return: the path of each, in order.
        """
        if len(wanted) < 2:
            return [self.fetch_any(rows) for rows in wanted]
        with ThreadPoolExecutor(max_workers=max(1, self.jobs)) as pool:
            return list(pool.map(self.fetch_any, wanted))

    def fetch_any(self, sources: Sequence[Source]) -> Path:
        """Give the first of several equivalent sources that can be had, what is in the cache before all others."""
        for source in sources:
            kept = self.cached(source)
            if kept is not None:
                return kept
        failures: list[CkpmError] = []
        for source in sources:
            try:
                return self.fetch(source)
            except IntegrityError:
                raise
            except CkpmError as error:
                failures.append(error)
        if len(failures) == 1:
            raise failures[0]
        kind = NetworkError if all(isinstance(error, NetworkError) for error in failures) else CkpmError
        raise kind("\n".join(error.message for error in failures), hint=failures[-1].hint)

    def cached(self, source: Source) -> Path | None:
        """Give the path of an artifact that is in the cache, whole."""
        path = self._folder(source.sha256) / file_name(source)
        try:
            size = path.stat().st_size
        except OSError:
            return self._renamed(source)
        return path if source.size is None or size == source.size else None

    def _renamed(self, source: Source) -> Path | None:
        """Give the same content kept under another name."""
        folder = self._folder(source.sha256)
        try:
            found = [path for path in folder.iterdir() if not path.name.startswith(".")]
        except OSError:
            return None
        return found[0] if found else None

    def _folder(self, sha256: str) -> Path:
        return self.cache / "sha256" / sha256[:2] / sha256

    def _fetch(self, source: Source, folder: Path) -> Path:
        reasons: list[tuple[str, str]] = []
        wrong: IntegrityError | None = None
        needs_network = True
        for address in source.urls:
            mirrored = self._mirrored(address)
            scheme = mirrored.partition(":")[0]
            if self.offline and scheme != "file":
                reasons.append((address, "not asked: offline"))
                continue
            try:
                return self._from(mirrored, scheme, source, folder)
            except IntegrityError as error:
                wrong = error
            except SourceFailed as error:
                needs_network = needs_network and error.is_network
                reasons.append((address, str(error)))
        if wrong is not None:
            raise wrong
        tried = "".join(f"\n  {address}: {reason}" for address, reason in reasons)
        message = f"{file_name(source)} {source.version} could not be fetched; tried:{tried}"
        if needs_network:
            hint = (
                "run without --offline" if self.offline else "is the network there? 'ckpm cache import' carries files"
            )
            raise NetworkError(message, hint=hint)
        raise CkpmError(message, hint="'ckpm cache import' brings a file that was fetched elsewhere")

    def _mirrored(self, address: str) -> str:
        for beginning, place in self.mirrors.items():
            if address.startswith(beginning):
                return place + address[len(beginning) :]
        return address

    def _from(self, address: str, scheme: str, source: Source, folder: Path) -> Path:
        if scheme not in _SCHEMES:
            raise SourceFailed(f"unknown kind of address {scheme!r}", is_network=False)
        module = importlib.import_module(f"pkgmgr.install.fetch.schemes.{_SCHEMES[scheme]}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = folder.parent / f"{folder.name}.partial"
        self.progress.begin(file_name(source), source.size)
        try:
            module.fetch(address, partial, source=source, advance=self.progress.advance)
            check_file(partial, source, address)
        except IntegrityError:
            partial.unlink(missing_ok=True)
            raise
        except OSError as error:
            if error.errno == 28:
                partial.unlink(missing_ok=True)
            raise
        finally:
            self.progress.end()
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name[:8]}-", dir=folder.parent))
        partial.replace(staging / file_name(source))
        if folder.exists():
            shutil.rmtree(folder)
        staging.chmod(0o755)
        staging.replace(folder)
        return folder / file_name(source)


def file_name(source: Source) -> str:
    """Give the name to keep an artifact under."""
    if source.file:
        return source.file
    address = source.urls[0]
    _, mark, fragment = address.partition("#")
    last = (fragment if mark else address).rstrip("/").rsplit("/", 1)[-1]
    return "".join(character if character.isalnum() or character in ".-_+" else "_" for character in last) or "artifact"


def check_file(path: Path, source: Source, address: str) -> None:
    """Raise `IntegrityError` unless a file has the source's size and hash."""
    size = path.stat().st_size
    digest = hash_file(path)
    if digest != source.sha256:
        expected = f"sha256 {source.sha256}" + (f", {source.size} bytes" if source.size is not None else "")
        raise IntegrityError(
            f"{file_name(source)} from {address} is not what was pinned: expected {expected}; "
            f"got sha256 {digest}, {size} bytes",
            hint="nothing was kept; the file was changed on its way or upstream: do not use it unless you know why",
        )
    if source.size is not None and size != source.size:
        raise IntegrityError(f"{file_name(source)}: {size} bytes, and the package states {source.size}")


def hash_file(path: str | os.PathLike[str]) -> str:
    """Give the sha256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
