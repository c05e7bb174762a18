"""Read the lock of an env, and the facts of this machine that a lock keeps. Light: no resolver is loaded for it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pkgmgr.install.store import folder_hash
from pkgmgr.install.venv.wanted import ENVIRONMENT
from pkgmgr.jobs.envs import LoadedEnv, inputs_digest
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.lock.document import parse_lock
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import LockError
from pkgmgr.model.lock import Lock, LockedEntry, LockedHost, LockedTarget
from pkgmgr.model.target import Target


def read_lock(loaded: LoadedEnv) -> Lock | None:
    """Read an env's lock; None when it has none."""
    return read_lock_at(loaded.lock_path)


def read_lock_at(path: Path) -> Lock | None:
    """Read the lock in a file; None when it is not there."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise LockError(f"{path}: the lock is not UTF-8", hint="make it again with 'ckpm lock'") from error
    return parse_lock(text, where=str(path))


def require_lock(workspace: Workspace, loaded: LoadedEnv, *, frozen: bool) -> Lock:
    """Give an env's lock, or raise `LockError` when it is missing or (unless frozen) stale."""
    lock = read_lock(loaded)
    make = f"'{loaded.command('lock')}' makes it"
    if lock is None:
        raise LockError(f"{loaded.env.name} has no lock: {loaded.lock_path} is not there", hint=make)
    if not frozen and lock.inputs != inputs_digest(workspace, loaded):
        raise LockError(f"the lock of {loaded.env.name} is stale: what the env asks for has changed", hint=make)
    return lock


def locked_target(lock: Lock, target: Target) -> LockedTarget:
    """Give a lock's part for a target, or raise `LockError`."""
    for name in (str(target), str(target.base)):
        if name in lock.targets:
            return lock.targets[name]
    have = ", ".join(lock.targets) or "none"
    raise LockError(
        f"the lock of {lock.name} does not cover {target}; it covers {have}", hint=f"ckpm lock --target {target}"
    )


def locked_host(workspace: Workspace) -> LockedHost:
    """Give the facts of this machine that a lock keeps."""
    platform = workspace.platform()
    accelerators = {
        device.vendor: str(device.attributes.get("compute_capability", "")) for device in reversed(platform.devices)
    }
    return LockedHost(
        os=platform.os,
        arch=platform.arch,
        libc=platform.libc,
        libc_version=platform.libc_version,
        feature_level=platform.feature_level,
        microarchitecture=platform.microarchitecture,
        distribution=" ".join(filter(None, (platform.distribution, platform.distribution_version))) or None,
        kernel=platform.kernel,
        drivers=dict(platform.drivers),
        accelerators=accelerators,
    )


def carrier_id(entry: Entry) -> str:
    """Give an entry's id; of a package of a Python environment, that one's."""
    return entry.deps[0] if is_inside_environment(entry) else entry.id


def is_inside_environment(entry: Entry) -> bool:
    """Tell whether an entry is a package inside a Python environment of the store."""
    return entry.origin.startswith(f"python:{ENVIRONMENT}-")


def changed_packages(workspace: Workspace, pins: Iterable[LockedEntry]) -> dict[str, str]:
    """Tell of packages whose documents are no longer those that entries were locked with: name → what is to be said."""
    used = {pin.package.name: pin.package.document for pin in pins if pin.package is not None}
    places = workspace.catalog.locations("package")
    found = {}
    for name, document in sorted(used.items()):
        if name not in places:
            found[name] = f"the package {name} is not in this catalog"
        elif folder_hash(places[name].folder) != document:
            found[name] = f"the package {name} has changed"
    return found
