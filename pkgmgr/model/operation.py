"""One change to one environment variable. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec


class Operation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One change to one variable; `docs/reference/operations.md` says what each does."""

    op: Literal["set", "unset", "prepend", "append", "prepend_path", "append_path"]
    var: str
    value: str | None = None
    """Data, never shell; None for ``unset`` only."""
    sep: str | None = None
    """What stands between items; None where a path list is meant: the target system's separator."""
