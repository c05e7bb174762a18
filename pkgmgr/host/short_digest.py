"""Short names for questions whose answers are remembered. Pure.

`hashlib` loads OpenSSL, for which most answers from memory would have to wait; BLAKE2 is Python's own (RFC 7693).
"""

from __future__ import annotations

from collections.abc import Iterable

try:
    from _blake2 import blake2b
except ImportError:  # not CPython
    from hashlib import blake2b


def short_digest(parts: Iterable[str]) -> str:
    """Hash texts, in their order, to 32 hexadecimal digits: 128 bits, so that no two questions get the same.

    :param parts: none holds a NUL; bytes that are no UTF-8 may stand in them as `os.fsdecode` writes these.
    """
    return blake2b("\0".join(parts).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
