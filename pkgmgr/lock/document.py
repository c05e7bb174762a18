"""A lock as text, and back. Pure.

The bytes are the same whoever writes them on whichever system: keys sorted, one value a line, no time, no user.
"""

from __future__ import annotations

import contextlib
import json

import msgspec

from pkgmgr.model.errors import LockError
from pkgmgr.model.lock import LOCK_FORMAT, Lock


def render_lock(lock: Lock) -> str:
    """Give the canonical text of a lock."""
    return json.dumps(msgspec.to_builtins(lock), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def parse_lock(text: str, *, where: str) -> Lock:
    """Read a lock.

    :param where: the file's name, for messages.
    :raises LockError: when it is no lock, or one of a format that this version can't read.
    """
    again = "make it again with 'ckpm lock'"
    # The careful way below takes several times as long; it is there to say what is wrong.
    with contextlib.suppress(msgspec.MsgspecError, UnicodeError):
        lock = msgspec.json.decode(text, type=Lock)
        if lock.format == LOCK_FORMAT:
            return lock
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise LockError(f"{where}:{error.lineno}: the lock is not valid JSON: {error.msg}", hint=again) from error
    found = raw.get("format") if isinstance(raw, dict) else None
    if found != LOCK_FORMAT:
        raise LockError(f"{where}: lock format {found!r}, and this ckpm reads {LOCK_FORMAT}", hint=again)
    try:
        return msgspec.convert(raw, Lock)
    except msgspec.ValidationError as error:
        raise LockError(f"{where}: the lock is malformed: {error}", hint=again) from error
