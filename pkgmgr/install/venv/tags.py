"""Which wheels fit a machine: the tags of PEP 425 and 600, markers, and what pip and uv call platforms. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pkgmgr.model.errors import UsageError
from pkgmgr.model.target import Target

_USUAL_GLIBC = (2, 28)
"""What a Linux machine is taken to have at the least where nothing is known of it (RHEL 8, Debian 10)."""
_OLDEST_GLIBC = 5
_LEGACY = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
_USUAL_MACOS = (13, 0)
_MACHINES = {"arm64": "aarch64", "arm": "armv7l", "x86": "i686"}


def platform_tags(target: Target, libc_version: str | None = None) -> list[str]:
    """Give the platform tags of a target, the best first.

    :param libc_version: of the machine, where known.
    :raises UsageError: for a target that no wheel is made for.
    """
    machine = _MACHINES.get(target.arch, target.arch)
    if target.os == "linux" and target.detail == "musl":
        return [f"musllinux_1_{minor}_{machine}" for minor in (2, 1)]
    if target.os == "linux":
        return list(_manylinux(machine, _glibc(libc_version)))
    if target.os == "macos":
        from packaging.tags import mac_platforms

        return list(mac_platforms(_USUAL_MACOS, target.arch))
    if target.os == "windows":
        return [{"x86_64": "win_amd64", "x86": "win32", "arm64": "win_arm64"}.get(target.arch, f"win_{target.arch}")]
    raise UsageError(f"there is no Python environment for {target}", hint='write on = "host" where it runs here')


def _glibc(text: str | None) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", text or "")
    return (int(found[1]), int(found[2])) if found else _USUAL_GLIBC


def _manylinux(machine: str, glibc: tuple[int, int]) -> Iterator[str]:
    for minor in range(glibc[1], _OLDEST_GLIBC - 1, -1):
        yield f"manylinux_{glibc[0]}_{minor}_{machine}"
        if (glibc[0], minor) in _LEGACY:
            yield f"{_LEGACY[glibc[0], minor]}_{machine}"
    yield f"linux_{machine}"


def supported_tags(version: str, target: Target, libc_version: str | None = None) -> list[str]:
    """Give all tags that CPython of a version takes on a target, as texts, the best first."""
    from packaging.tags import compatible_tags, cpython_tags

    numbers = tuple(int(part) for part in version.split(".")[:2])
    platforms = platform_tags(target, libc_version)
    interpreter = f"cp{numbers[0]}{numbers[1]}"
    own = cpython_tags(numbers, platforms=platforms)
    return [str(tag) for tag in [*own, *compatible_tags(numbers, interpreter, platforms)]]


def best_wheel(files: Sequence[str], tags: Sequence[str]) -> str | None:
    """Choose the wheel with the best tag, of equal ones that with the highest build number."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    order = {tag: place for place, tag in enumerate(tags)}
    rated = []
    for file in files:
        try:
            _, _, build, offered = parse_wheel_filename(file)
        except InvalidWheelFilename:
            continue
        places = [order[str(tag)] for tag in offered if str(tag) in order]
        if places:
            rated.append((-min(places), build, file))
    return max(rated)[2] if rated else None


def pip_platforms(target: Target, libc_version: str | None = None) -> list[str]:
    """Give what pip's ``--platform`` takes."""
    return platform_tags(target, libc_version)


def uv_platform(target: Target) -> str:
    """Give what uv's ``--python-platform`` takes."""
    machine = {"arm64": "aarch64"}.get(target.arch, target.arch)
    if target.os == "linux":
        # `aarch64-unknown-linux-gnu` alone means the oldest glibc that uv knows of.
        return f"{machine}-unknown-linux-musl" if target.detail == "musl" else f"{machine}-manylinux_2_28"
    if target.os == "macos":
        return f"{machine}-apple-darwin"
    if target.os == "windows":
        return f"{machine}-pc-windows-msvc"
    raise UsageError(f"there is no Python environment for {target}", hint='write on = "host" where it runs here')


def marker_values(version: str, target: Target) -> dict[str, str]:
    """Give what environment markers see with CPython of a version on a target, by the names of PEP 508."""
    system = {"linux": ("linux", "Linux", "posix"), "macos": ("darwin", "Darwin", "posix")}
    platform, name, os_name = system.get(target.os, ("win32", "Windows", "nt"))
    machine = {("macos", "arm64"): "arm64", ("windows", "x86_64"): "AMD64"}.get(
        (target.os, target.arch), {"arm64": "aarch64", "arm": "armv7l"}.get(target.arch, target.arch)
    )
    return {
        "sys_platform": platform,
        "platform_system": name,
        "os_name": os_name,
        "platform_machine": machine,
        "python_version": ".".join(version.split(".")[:2]),
        "python_full_version": version,
    }
