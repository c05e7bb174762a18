"""A lock as plain rows, so that two can be compared line by line. Pure."""

from __future__ import annotations

import msgspec

from pkgmgr.model.lock import Lock, LockedEntry


def flat_lock(lock: Lock) -> dict[str, str]:
    """Give each fact of a lock under a name that says what it is of: ``linux-x86_64 compiler.gcc version``."""
    rows = {"inputs": lock.inputs}
    for target, part in lock.targets.items():
        for kind in ("least", "resolved_on"):
            host = msgspec.to_builtins(getattr(part, kind))
            rows |= {f"{target} {kind} {key}": str(value) for key, value in host.items() if value}
        for entry in part.entries:
            rows |= {f"{target} {name}": value for name, value in _entry_rows(entry)}
        for place, operation in enumerate(part.env):
            value = f"{operation.op} {operation.value if operation.value is not None else ''}".strip()
            rows[f"{target} env {place} {operation.var}"] = value
    return rows


def _entry_rows(entry: LockedEntry) -> list[tuple[str, str]]:
    name = entry.soft
    rows = [(f"{name} {key}", str(getattr(entry, key))) for key in ("id", "version", "prefix", "fingerprint", "accept")]
    if entry.manifest:
        rows.append((f"{name} manifest", entry.manifest))
    rows += [(f"{name} file {file.path}", file.sha256) for file in entry.content]
    if entry.package is not None:
        rows.append((f"{name} package", f"{entry.package.name} {entry.package.document}"))
    if entry.python is not None:
        rows += [(f"{name} {wheel.name}", f"{wheel.version} {wheel.sha256}") for wheel in entry.python.wheels]
    return rows
