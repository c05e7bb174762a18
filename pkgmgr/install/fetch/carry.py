"""Carry downloads to a site without a network: one plain tar with ``sha256/<hash>/<name>``.

The same content gives the same archive. What is taken in is verified like a download: an archive is a stranger's.
"""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Collection
from pathlib import Path

from pkgmgr.install.fetch.address import safe_name
from pkgmgr.install.fetch.cache import Cache
from pkgmgr.install.fetch.failure import WrongContent
from pkgmgr.install.fetch.partial import CHUNK, Partial
from pkgmgr.install.fetch.progress import Progress, SilentProgress
from pkgmgr.install.fetch.upkeep import Kept, list_cache
from pkgmgr.install.unpack.member import DamagedError, Member
from pkgmgr.install.unpack.tar import tar_members
from pkgmgr.model.errors import CkpmError, IntegrityError

_NAME = re.compile(r"sha256/(?P<sha256>[0-9a-f]{64})/(?P<name>[^/]+)")
_LARGEST = 1 << 44
"""Bytes of an archive that is taken in: a site's whole disk."""


def export_cache(cache: Cache, archive: Path, *, only: Collection[str] | None = None) -> list[Kept]:
    """Write files of the cache into an archive; give them.

    :param only: hashes; None for all.
    :raises IntegrityError: when a file is not what it was: it is removed, and no archive is written.
    :raises CkpmError: when it can't be written, or a hash is not in the cache.
    """
    kept = sorted((file for file in list_cache(cache) if only is None or file.sha256 in only), key=_path_of)
    missing = sorted(set(only or ()) - {file.sha256 for file in kept})
    if missing:
        raise CkpmError(f"the cache has no {', '.join(missing)}", hint="fetch it first, on a machine with a network")
    draft = archive.with_name(f".{archive.name}.{os.getpid()}")
    try:
        with tarfile.open(draft, "w", format=tarfile.GNU_FORMAT) as tar:
            for file in kept:
                if not cache.is_true(file.path):
                    cache.is_sound(file.path)
                    raise IntegrityError(f"{file.path.name} in the cache is not what it was", hint="fetch it again")
                with file.path.open("rb") as content:
                    tar.addfile(_info(file), content)
        draft.replace(archive)
    except OSError as error:
        raise CkpmError(f"can't write {archive}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return kept


def import_cache(cache: Cache, archive: Path, *, progress: Progress | None = None) -> list[Path]:
    """Take all files of an archive into the cache; give their paths.

    :raises IntegrityError: for an archive that is damaged or holds something else; files before that are kept.
    """
    paths = []
    try:
        with archive.open("rb") as raw:
            for member in tar_members(raw, most=_LARGEST):
                paths.append(_take(cache, member, progress or SilentProgress()))
    except (DamagedError, WrongContent, tarfile.TarError, EOFError, ValueError) as error:
        raise IntegrityError(
            f"{archive.name} can't be taken in: {error}", hint="export it again with `ckpm cache export`"
        ) from error
    except OSError as error:
        raise CkpmError(f"can't take in {archive}: {error.strerror or error}") from error
    return paths


def _take(cache: Cache, member: Member, progress: Progress) -> Path:
    """Take one file."""
    match = _NAME.fullmatch(member.name)
    if match is None or member.kind != "file" or member.open is None or safe_name(match["name"]) != match["name"]:
        raise DamagedError(f"{member.name!r} is not what `ckpm cache export` writes")
    found = cache.find(match["sha256"], match["name"])
    if found is not None:
        return found
    progress.begin(match["name"], member.size)
    try:
        with Partial(cache.partials, sha256=match["sha256"], size=member.size, progress=progress) as partial:
            partial.restart()
            with member.open() as content:
                while chunk := content.read(CHUNK):
                    partial.write(chunk)
            try:
                partial.verify()
            except WrongContent as error:
                raise DamagedError(f"{match['name']}: {error.message}") from error
            return cache.publish(partial, match["name"])
    finally:
        progress.end()


def _path_of(file: Kept) -> str:
    return f"sha256/{file.sha256}/{file.path.name}"


def _info(file: Kept) -> tarfile.TarInfo:
    info = tarfile.TarInfo(_path_of(file))
    info.size = file.size
    info.mode = 0o644
    return info
