"""Remember the facts of a machine until it is started anew, changes its drivers, or an hour has passed.

`cache_key` is pure; `cached_platform` touches one file of the cache.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from pkgmgr.host.cache_file import write_cache_file
from pkgmgr.host.ports import Host
from pkgmgr.host.short_digest import short_digest
from pkgmgr.host.text import parse_status, read_text
from pkgmgr.host.visibility import VISIBILITY_VARIABLES
from pkgmgr.model.platform import Platform

LONGEST = 3600.0
"""Seconds. A card can be plugged in and a limit changed without any sign that is cheap to see."""
_FORMAT = 1

_SIGNS = (
    *("/proc/driver/nvidia/version", "/sys/module/amdgpu/version", "/sys/module/nvidia/version", "/etc/os-release"),
    *("/proc/self/cgroup", "/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/memory.max", "/sys/devices/system/cpu/online"),
)
_FOLDERS = ("/sys/class/drm", "/sys/class/accel", "/etc/OpenCL/vendors", "/usr/share/vulkan/icd.d")
_VARIABLES = (*VISIBILITY_VARIABLES, "KUBERNETES_SERVICE_HOST", "container", "VK_DRIVER_FILES", "VK_ICD_FILENAMES")


class _Remembered(msgspec.Struct, frozen=True):
    key: str
    at: float
    platform: Platform


def cache_key(host: Host, boot: str) -> str:
    """Hash what the facts depend on and what is cheap to see.

    :param boot: changes with each start of the machine.
    """
    files = host.files
    stated = {
        name: value for name, value in host.variables.items() if name in _VARIABLES or name.startswith("CKPM_OVERRIDE_")
    }
    parts = [
        str(_FORMAT),
        host.target,
        host.kernel.release,
        host.kernel.libc,
        boot,
        *(read_text(files, path) for path in _SIGNS),
        parse_status(read_text(files, "/proc/self/status")).get("Cpus_allowed_list", ""),
        *(name for folder in _FOLDERS for name in files.names(folder)),
        *(f"{name}={value}" for name, value in sorted(stated.items())),
    ]
    return short_digest(parts)


def boot_id(host: Host) -> str:
    """Give what changes with each start of the machine; empty where the system tells nothing of the kind."""
    return read_text(host.files, "/proc/sys/kernel/random/boot_id").strip()


def cached_platform(
    host: Host,
    folder: Path,
    *,
    refresh: bool = False,
    read: Callable[[Host], Platform] | None = None,
    now: Callable[[], float] = time.time,
) -> Platform:
    """Give the facts of a machine, those of last time if nothing speaks against it.

    :param read: in place of `read_platform`.
    :param folder: of the cache; what lies there may be removed at any time.
    """
    path, key = folder / "platform.json", cache_key(host, boot_id(host))
    if not refresh:
        known = _recall(path)
        if known is not None and known.key == key and 0 <= now() - known.at < LONGEST:
            return known.platform
    if read is None:
        from pkgmgr.host.platform import read_platform  # 8 ms, where facts are established anew

        read = read_platform
    platform = read(host)
    write_cache_file(path, msgspec.json.encode(_Remembered(key=key, at=now(), platform=platform)))
    return platform


def _recall(path: Path) -> _Remembered | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Remembered)
    except (OSError, msgspec.MsgspecError):
        return None
