"""The least host that a locked result will run on. Touches: the entries' files (read).

A program that was linked against glibc 2.36 runs on an older one unless it uses a symbol that is newer: what counts is
the newest version that it asks for by name. A wheel says in its tags what it was made for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pkgmgr.model.entry import Entry
from pkgmgr.model.lock import LockedEntry, LockedHost
from pkgmgr.model.target import Target
from pkgmgr.model.version import Version

_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_|manylinux(2014|2010|1)_")
_LEGACY = {"2014": "2.17", "2010": "2.12", "1": "2.5"}
_DRIVER = re.compile(r"platform\.(?P<name>[a-z0-9]+)-driver")
_AT_LEAST = re.compile(r">=\s*([^,\s]+)")


def newest(versions: Iterable[str]) -> str | None:
    """Give the newest of several versions; None of none."""
    return max(versions, key=Version, default=None)


def wheel_glibc(file: str) -> str | None:
    """Give the oldest glibc that a wheel is for, by its name; None when it needs none."""
    found = [f"{major}.{minor}" if major else _LEGACY[old] for major, minor, old in _MANYLINUX.findall(file)]
    return min(found, key=Version, default=None)


def glibc_of(path: Path) -> str | None:
    """Give the newest version of glibc's symbols that an ELF object asks for; None when it asks for none."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.gnuversions import GNUVerNeedSection

    found = []
    try:
        with path.open("rb") as file:
            if file.read(4) != b"\x7fELF":
                return None
            for section in ELFFile(file).iter_sections():
                if isinstance(section, GNUVerNeedSection):
                    names = [item.name for _, rows in section.iter_versions() for item in rows]
                    found += [name[6:] for name in names if re.fullmatch(r"GLIBC_\d[\d.]*", name)]
    except (OSError, ELFError, ValueError):
        return None
    return newest(found)


def least_host(
    entries: Sequence[Entry],
    locked: Sequence[LockedEntry],
    roots: Mapping[str, str],
    host: LockedHost,
    target: Target,
    host_target: Target,
) -> LockedHost:
    """Give the least host for a result.

    :param roots: requirement → id; what is asked of drivers is read from the requirement.
    """
    runs_here = any(entry.target == str(host_target) for entry in entries)
    libc = newest([*_glibcs(entries, host_target if runs_here else target), *_wheel_glibcs(locked)])
    drivers, accelerators = _devices(locked, roots)
    if runs_here or target == host_target:
        return LockedHost(
            os=host.os,
            arch=host.arch,
            libc=host.libc if libc is not None else None,
            libc_version=libc,
            drivers=drivers,
            accelerators=accelerators,
        )
    return LockedHost(
        os=target.os,
        arch=target.arch,
        libc="glibc" if libc is not None else None,
        libc_version=libc,
        drivers=drivers,
        accelerators=accelerators,
    )


def _glibcs(entries: Sequence[Entry], runs_on: Target) -> Iterator[str]:
    for entry in entries:
        if entry.target == str(runs_on):
            for path in entry.files.values():
                version = glibc_of(Path(path))
                if version is not None:
                    yield version


def _wheel_glibcs(locked: Sequence[LockedEntry]) -> Iterator[str]:
    for entry in locked:
        for wheel in entry.python.wheels if entry.python is not None else ():
            version = wheel_glibc(wheel.file)
            if version is not None:
                yield version


def _devices(locked: Sequence[LockedEntry], roots: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    drivers: dict[str, str] = {}
    accelerators: dict[str, str] = {}
    for entry in locked:
        texts = " ".join(text for text, identity in roots.items() if identity == entry.id)
        asked = _AT_LEAST.search(texts)
        if found := _DRIVER.fullmatch(entry.soft):
            drivers[found["name"]] = asked[1] if asked else entry.version or ""
        elif entry.soft in ("platform.cuda-gpu", "platform.rocm-gpu", "platform.intel-gpu", "platform.apple-gpu"):
            vendor = {"cuda": "nvidia", "rocm": "amd"}.get(entry.soft[9:-4], entry.soft[9:-4])
            accelerators[vendor] = asked[1] if asked else str(entry.attributes.get("compute_capability", ""))
    return drivers, accelerators
