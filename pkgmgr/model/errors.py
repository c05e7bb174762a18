"""One tree of errors; each class is a situation that a caller may handle. Pure.

Exit codes and the words in ``error.code`` are the contract of the command line
(`docs/reference/exit-codes.md`).
"""

from __future__ import annotations

from typing import ClassVar


class CkpmError(Exception):
    """Something that ckpm was asked for and can't do.

    :param message: what is wrong and where, in one sentence.
    :param hint: what to do next, if there is something to do.
    """

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class UsageError(CkpmError):
    """The command line, or an argument of the Python API, is malformed."""

    code = "usage"
    exit_code = 2


class DocumentError(CkpmError):
    """A soft, package, env or target document does not follow its schema."""

    code = "usage"
    exit_code = 2


class NotFoundError(CkpmError):
    """A name that was required is not known, or is not on this machine."""

    code = "not_found"
    exit_code = 3


class ConflictError(CkpmError):
    """The requirements have no common solution."""

    code = "conflict"
    exit_code = 4


class IntegrityError(CkpmError):
    """A checksum or a fingerprint is not the recorded one."""

    code = "integrity"
    exit_code = 5


class LockError(CkpmError):
    """A lock is missing, stale, or can't be met on this host."""

    code = "lock"
    exit_code = 6


class NetworkError(CkpmError):
    """The network is needed and is not there, or was forbidden by ``--offline``."""

    code = "network"
    exit_code = 7


class Interrupted(CkpmError):
    """The person stopped the work."""

    code = "interrupted"
    exit_code = 130
