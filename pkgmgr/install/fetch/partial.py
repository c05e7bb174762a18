"""A download that is not finished: one file, one writer, hashed while it is written.

The file is owned by a name that holds the machine and the process. It is given up by renaming it to a name without an
owner, and taken over by renaming it back: a rename succeeds for one process only, so even where a lock lies (network
file systems) a file never has two writers. What a killed process left is taken over once that process is gone.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import socket
from pathlib import Path
from types import TracebackType

from pkgmgr.install.fetch.failure import WrongContent
from pkgmgr.install.fetch.progress import Progress
from pkgmgr.model.errors import CkpmError

CHUNK = 1 << 20
_MOST = 1 << 40
"""Bytes, where a document states no size: a server that never ends must end somewhere."""
_serial = itertools.count()
_ours: set[Path] = set()
"""What this process is writing: after a restart in a container its number may be that of the one that was killed."""


class Partial:
    """One owned partial file. Use as a context: what is not published is given up at the end, for the next to resume.

    :param folder: where partial files live.
    :param sha256: of the whole content.
    :param size: of the whole content in bytes, where known.
    """

    def __init__(self, folder: Path, *, sha256: str, size: int | None, progress: Progress) -> None:
        self.sha256 = sha256
        self.size = size
        self.received = 0
        """Bytes so far."""
        self.resumed = False
        """True while bytes of an earlier process or try are part of it."""
        self._progress = progress
        self._free = folder / f"{sha256}.part"
        self._path = folder / f"{sha256}.{_owner()}.{next(_serial)}.part"
        self._hash = hashlib.sha256()
        folder.mkdir(parents=True, exist_ok=True)
        self._take_over()
        _ours.add(self._path)
        self._file = self._path.open("ab", buffering=0)
        self._read_back()

    def __enter__(self) -> Partial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        _ours.discard(self._path)
        with contextlib.suppress(OSError):
            if self.received:
                self._path.replace(self._free)
            else:
                self._path.unlink()

    def write(self, chunk: bytes | memoryview) -> None:
        """Append, and hash.

        :raises WrongContent: when this is more than the whole should be.
        """
        if self.received + len(chunk) > (self.size if self.size is not None else _MOST):
            self.restart()
            raise WrongContent(f"more than the {self.size or _MOST} bytes that are recorded arrived")
        rest = memoryview(chunk)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._give_up_space(error)
        self._hash.update(chunk)
        self.received += len(chunk)
        self._progress.advance(len(chunk))

    def restart(self) -> None:
        """Throw away what is there and begin anew."""
        self._file.truncate(0)
        self._hash = hashlib.sha256()
        self._progress.advance(-self.received)
        self.received = 0
        self.resumed = False

    def verify(self) -> None:
        """Check size and hash of all that was written; what is wrong is thrown away.

        :raises WrongContent: when it is not the recorded content.
        """
        got, received = self._hash.hexdigest(), self.received
        if got == self.sha256 and self.size in (None, received):
            return
        self.restart()
        if self.size is not None and received != self.size:
            raise WrongContent(f"expected {self.size} bytes, got {received} (sha256 {got})")
        raise WrongContent(f"expected sha256 {self.sha256}, got {got}")

    def publish(self, path: Path) -> None:
        """Give the verified file its final name."""
        self._file.close()
        self._path.chmod(0o644)
        self._path.replace(path)
        self.received = 0

    def _take_over(self) -> None:
        """Make what another process has left ours, if there is something."""
        for left in (self._free, *sorted(self._free.parent.glob(f"{self.sha256}.*.part"))):
            if left != self._free and not _is_abandoned(left):
                continue
            with contextlib.suppress(OSError):
                left.rename(self._path)
                self.resumed = True
                return

    def _read_back(self) -> None:
        """Hash what is already there; a file that can't be a beginning of the content is emptied."""
        with self._path.open("rb") as file:
            while chunk := file.read(CHUNK):
                self._hash.update(chunk)
                self.received += len(chunk)
        self._progress.advance(self.received)
        if self.received > (self.size if self.size is not None else _MOST):
            self.restart()

    def _give_up_space(self, error: OSError) -> None:
        """Turn a failed write into an error; a full disk gets its space back."""
        folder = self._path.parent
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            self.restart()
            raise CkpmError(
                f"no space left for the download in {folder}: {error.strerror}",
                hint="free some space (`ckpm cache prune` removes old downloads), or move it with CKPM_HOME",
            ) from error
        raise CkpmError(f"can't write the download in {folder}: {error.strerror}") from error


def _owner() -> str:
    return f"{socket.gethostname() or 'localhost'}.{os.getpid()}"


def is_in_use(path: Path) -> bool:
    """Tell whether somebody may be writing a partial file: not when it was given up, or its process is gone."""
    return path.name.count(".") > 1 and not _is_abandoned(path)


def _is_abandoned(path: Path) -> bool:
    """Tell whether the process in a partial file's name ran on this machine and is gone."""
    owner = path.name.split(".", 1)[1].rsplit(".", 2)[0]
    host, _, process = owner.rpartition(".")
    if host != (socket.gethostname() or "localhost") or not process.isdigit():
        return False
    if int(process) == os.getpid():
        return path not in _ours
    if os.name == "nt":  # there, signal 0 is no question but an end
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
