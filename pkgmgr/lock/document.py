"""A lock as text, and back. Pure.

The bytes are the same whoever writes them on whichever system: keys sorted, one value a line, no time, no user.
"""

from __future__ import annotations

import contextlib
import json

import msgspec

from pkgmgr.model.errors import LockError
from pkgmgr.model.lock import LOCK_FORMAT, READABLE_FORMATS, Lock


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
        if lock.format in READABLE_FORMATS:
            return lock
    if text.startswith("<<<<<<< ") or "\n<<<<<<< " in text:
        raise LockError(f"{where}: the lock holds both sides of a merge that is not resolved", hint=again)
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise LockError(f"{where}:{error.lineno}: the lock is not valid JSON: {error.msg}", hint=again) from error
    found = raw.get("format") if isinstance(raw, dict) else None
    if found not in READABLE_FORMATS:
        newer = isinstance(found, int) and found > LOCK_FORMAT
        readable = " and ".join(str(number) for number in READABLE_FORMATS)
        raise LockError(
            f"{where}: lock format {found!r}, and this ckpm reads {readable}",
            hint="it was written by a newer ckpm: update this one" if newer else again,
        )
    try:
        return msgspec.convert(raw, Lock)
    except msgspec.ValidationError as error:
        raise LockError(f"{where}: the lock is malformed: {error}", hint=again) from error
