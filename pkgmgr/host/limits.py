"""How many processors and how much memory this process may use, by affinity and control groups.

The parsers are pure; `read_limits` looks at procfs and cgroupfs through `Files`.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterator

import msgspec

from pkgmgr.host.cpu import parse_cpu_list
from pkgmgr.host.ports import Files
from pkgmgr.host.text import parse_status, read_text

_UNLIMITED = 1 << 60
"""cgroup v1 writes "no limit" as the largest multiple of a page: 9223372036854771712."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a process may use; None is not established."""

    cpus: int | None = None
    usable_cpus: int | None = None
    memory_bytes: int | None = None
    usable_memory_bytes: int | None = None


def parse_quota(text: str) -> int | None:
    """Read cgroup v2's ``cpu.max``: quota and period in microseconds, or ``max``; rounded up to whole processors."""
    parts = text.split()
    if len(parts) != 2 or not all(part.isdigit() for part in parts) or int(parts[1]) == 0:
        return None
    return max(1, math.ceil(int(parts[0]) / int(parts[1])))


def parse_memory_limit(text: str) -> int | None:
    """Read ``memory.max`` or ``memory.limit_in_bytes``; None for no limit."""
    plain = text.strip()
    return int(plain) if plain.isdigit() and int(plain) < _UNLIMITED else None


def parse_cgroups(text: str) -> dict[str, str]:
    """Read ``/proc/self/cgroup``: controller → path; cgroup v2's is under the empty name."""
    found = {}
    for line in text.splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            found.update(dict.fromkeys(parts[1].split(","), parts[2]))
    return found


def parse_meminfo(text: str) -> int | None:
    """Give the memory of ``/proc/meminfo`` in bytes."""
    found = re.search(r"^MemTotal:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) << 10 if found else None


def read_limits(files: Files) -> Limits:
    """Give what a Linux machine has, and what this process may use of it."""
    cpus = len(parse_cpu_list(read_text(files, "/sys/devices/system/cpu/online"))) or None
    allowed = len(parse_cpu_list(parse_status(read_text(files, "/proc/self/status")).get("Cpus_allowed_list", "")))
    groups = parse_cgroups(read_text(files, "/proc/self/cgroup"))
    memory = parse_meminfo(read_text(files, "/proc/meminfo"))
    return Limits(
        cpus=cpus,
        usable_cpus=_least(cpus, allowed or None, *_cpu_quotas(files, groups)),
        memory_bytes=memory,
        usable_memory_bytes=_least(memory, *_memory_limits(files, groups)),
    )


def _least(*values: int | None) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _cpu_quotas(files: Files, groups: dict[str, str]) -> Iterator[int | None]:
    for folder in _folders("/sys/fs/cgroup", groups.get("", "/")):
        yield parse_quota(read_text(files, f"{folder}/cpu.max"))
    for folder in _folders("/sys/fs/cgroup/cpu", groups.get("cpu", "/")):
        quota, period = (read_text(files, f"{folder}/cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
        yield parse_quota(f"{quota} {period}")


def _memory_limits(files: Files, groups: dict[str, str]) -> Iterator[int | None]:
    for folder in _folders("/sys/fs/cgroup", groups.get("", "/")):
        yield parse_memory_limit(read_text(files, f"{folder}/memory.max"))
    for folder in _folders("/sys/fs/cgroup/memory", groups.get("memory", "/")):
        yield parse_memory_limit(read_text(files, f"{folder}/memory.limit_in_bytes"))


def _folders(root: str, group: str) -> Iterator[str]:
    """Give a group's folder and those above it: the least limit on the way counts.

    Inside a container the group's own path is often not there, and the root of the mount is the group.
    """
    path = posixpath.normpath("/" + group.strip("/"))
    while True:
        yield root + path.rstrip("/")
        if path == "/":
            return
        path = posixpath.dirname(path)
