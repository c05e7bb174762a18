"""What a processor is: its name, archspec's microarchitecture and generic level, features, caches, NUMA nodes.

The parsers and `identify` are pure; `read_caches` and `read_numa_nodes` look at sysfs through `Files`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from pkgmgr.host.ports import Files
from pkgmgr.host.text import read_text
from pkgmgr.model.entry import Value

if TYPE_CHECKING:
    from archspec.cpu import Microarchitecture

_FAMILIES = {"arm64": "aarch64"}
"""Our name of an architecture → archspec's, where they differ."""
_CACHES = "/sys/devices/system/cpu/cpu0/cache"
_NODES = "/sys/devices/system/node"


class Processor(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a processor; None is not established."""

    name: str | None = None
    """As the vendor writes it."""
    microarchitecture: str | None = None
    level: str | None = None
    """archspec's generic one, such as ``x86_64_v3``."""
    features: tuple[str, ...] = ()


def parse_cpuinfo(text: str) -> dict[str, str]:
    """Read the first processor of ``/proc/cpuinfo``, and the lines that stand behind all of them (``Hardware``)."""
    blocks = [block for block in re.split(r"\n\s*\n", text) if block.strip()]
    found: dict[str, str] = {}
    for block in (*blocks[:1], *blocks[-1:]):
        for line in block.splitlines():
            key, colon, value = line.partition(":")
            if colon:
                found.setdefault(key.strip(), value.strip())
    return found


def identify(arch: str, info: Mapping[str, str]) -> Processor:
    """Name the processor that ``/proc/cpuinfo`` of a machine describes.

    archspec reads the file of the machine it runs on; this is its choice, made for any machine.
    """
    features = frozenset((info.get("flags") or info.get("Features") or "").split())
    name = next((info[key] for key in ("model name", "Processor", "cpu", "uarch", "Hardware") if info.get(key)), None)
    best = _best(_compatible(arch, info, features), info.get("CPU part", ""))
    return Processor(
        name=name,
        microarchitecture=best.name if best is not None else None,
        level=best.generic.name if best is not None else None,
        features=tuple(sorted(features)),
    )


def _compatible(arch: str, info: Mapping[str, str], features: frozenset[str]) -> list[Microarchitecture]:
    from archspec.cpu import TARGETS, Microarchitecture  # 40 ms, and only where facts are asked for
    from archspec.cpu.schema import TARGETS_JSON

    family = _FAMILIES.get(arch, arch)
    known = [item for item in TARGETS.values() if str(item.family) == family]
    if family in ("ppc64le", "ppc64"):
        power = re.search(r"POWER(\d+)", info.get("cpu", ""))
        return [item for item in known if item.generation <= (int(power[1]) if power else 0)]
    if family == "riscv64":
        name = {"sifive,u74-mc": "u74mc", "spacemit,x60": "x60"}.get(info.get("uarch", ""), info.get("uarch"))
        return [item for item in known if item.name == name or item.vendor == "generic"]
    if family == "aarch64":
        # Which of the generic levels (armv8.2a, …) is reached, the features do not say.
        known = [item for item in known if item.vendor != "generic" or item.name == family]
        code = info.get("CPU implementer", "generic")
        vendor = TARGETS_JSON["conversions"]["arm_vendors"].get(code, code)
    else:
        vendor = info.get("vendor_id", "generic")
    # archspec adds the features that others imply or that go by two names (``pni`` is ``sse3``).
    seen = Microarchitecture("", [], vendor, set(features), {}).features
    return [item for item in known if item.vendor in (vendor, "generic") and item.features <= seen] or [
        item for item in known if item.name == family
    ]


def _best(candidates: list[Microarchitecture], part: str) -> Microarchitecture | None:
    def depth(item: Microarchitecture) -> tuple[int, int]:
        return len(item.ancestors), len(item.features)

    generic = max((item for item in candidates if item.vendor == "generic"), key=depth, default=None)
    if generic is None:
        return None
    if part and any(item.cpu_part == part for item in candidates):
        candidates = [item for item in candidates if item.cpu_part == part]
    return max((item for item in candidates if item > generic), key=depth, default=generic)


def parse_cpu_list(text: str) -> tuple[int, ...]:
    """Read the kernel's lists of processors: ``0-3,8,10-11``; what can't be read is left out."""
    found: set[int] = set()
    for part in text.strip().split(","):
        first, dash, last = part.partition("-")
        if first.isdigit() and (not dash or last.isdigit()):
            found.update(range(int(first), min(int(last or first), int(first) + 65536) + 1))
    return tuple(sorted(found))


def parse_size(text: str) -> int | None:
    """Read ``512K``, ``32M`` or plain bytes."""
    found = re.fullmatch(r"(\d+)\s*([KMG]?)B?", text.strip(), re.IGNORECASE)
    return int(found[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[found[2].upper()] if found else None


def read_caches(files: Files) -> list[Value]:
    """Give the caches of the first processor, the nearest first."""
    found: list[Value] = []
    for name in files.names(_CACHES):
        if not re.fullmatch(r"index\d+", name):
            continue
        folder = f"{_CACHES}/{name}"
        level, size = read_text(files, f"{folder}/level").strip(), parse_size(read_text(files, f"{folder}/size"))
        if level.isdigit() and size is not None:
            shared = parse_cpu_list(read_text(files, f"{folder}/shared_cpu_list"))
            kind = read_text(files, f"{folder}/type").strip().lower()
            found.append({"level": int(level), "kind": kind, "bytes": size, "shared_by": len(shared) or 1})
    return found


def read_numa_nodes(files: Files) -> list[Value]:
    """Give the processors of each NUMA node."""
    return [
        {"node": int(name[4:]), "cpus": list(parse_cpu_list(read_text(files, f"{_NODES}/{name}/cpulist")))}
        for name in files.names(_NODES)
        if re.fullmatch(r"node\d+", name)
    ]
