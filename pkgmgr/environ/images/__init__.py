"""What continuous integration takes: a Dockerfile, a workflow of GitHub Actions, a development container. Pure.

All are made from a lock; a new one is a new file with ``render(request)``.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pkgmgr.model.errors import UsageError
from pkgmgr.model.lock import Lock, LockedEntry, LockedTarget, used_ids
from pkgmgr.model.operation import Operation

HOME = "/opt/ckpm"
"""The home inside an image."""
HOME_MARK = "${CKPM_HOME}"
_WITH_APT = ("debian", "ubuntu")
_OWNER = re.compile(r"(?P<name>\S+) (?P<version>\S+) \(dpkg\)")


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """A locked env to be written for continuous integration."""

    lock: Lock
    target: str
    part: LockedTarget
    version: str
    """Of ckpm."""
    digest: str
    """Of the lock, for caches."""
    document: str = "env.toml"
    """The env's file name."""
    included: tuple[str, ...] = ()
    """Documents that it includes, relative to its folder."""

    @property
    def base(self) -> str:
        """The image that the lock's host was.

        :raises UsageError: for a system whose packages are no Debian ones.
        """
        name, _, version = (self.part.resolved_on.distribution or "debian 12").partition(" ")
        if name not in _WITH_APT:
            raise UsageError(
                f"the lock was made on {name} {version}, and an image is written for Debian and Ubuntu alone",
                hint="make the lock there, for example in a container: ckpm lock",
            )
        return f"{name}:{version}-slim" if name == "debian" else f"{name}:{version}"


def image_names() -> list[str]:
    """Give the names of all of these formats."""
    return sorted(item.name.replace("_", "-") for item in pkgutil.iter_modules(__path__))


def render_image(name: str, request: ImageRequest) -> str:
    """Write a locked env in a format."""
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    text: str = module.render(request)
    return text


def system_packages(part: LockedTarget, *, at_run_time: bool = False) -> list[str]:
    """Give the Debian packages that brought the found entries, as ``apt-get install`` takes them.

    One version of a package is asked for where the lock takes no other (``accept = "exact"``). A mirror keeps the
    newest of a release alone, and `sync` holds what it brings against the lock anyway.

    :param at_run_time: leave out what only served to build installed entries, such as their compiler.
    :raises UsageError: for a found entry that no package of the system brought: an image has no way to it.
    """
    found: set[str] = set()
    lost: list[str] = []
    used = used_ids(part)
    for entry in part.entries:
        if entry.prefix is None or entry.soft.startswith("platform.") or (at_run_time and entry.id not in used):
            continue
        owners = entry.attributes.get("owners") or [entry.attributes.get("owner", "")]
        named = [_OWNER.match(str(owner)) for owner in owners] if isinstance(owners, Sequence) else []
        lost += [_place(entry)] if not all(named) else []
        for owner in filter(None, named):
            # The interpreter's file is in a package that has not the whole standard library.
            name = owner["name"].removesuffix("-minimal")
            found.add(f"{name}={owner['version']}" if entry.accept == "exact" else name)
    if lost:
        raise UsageError(
            f"an image can't have {', '.join(lost)}: no package of the system brought it",
            hint="ask for the version that the system's packages bring, or lock with --only installed",
        )
    return sorted(found)


def _place(entry: LockedEntry) -> str:
    return f"{entry.soft} {entry.version or ''} of {entry.prefix}"


def in_image(operations: tuple[Operation, ...], texts: Mapping[str, str] | None = None) -> list[Operation]:
    """Give a lock's operations with the image's home in place of its mark."""
    import msgspec

    home = (texts or {}).get("home", HOME)
    return [
        msgspec.structs.replace(item, value=item.value.replace(HOME_MARK, home) if item.value is not None else None)
        for item in operations
    ]
