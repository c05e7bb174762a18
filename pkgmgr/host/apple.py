"""What macOS tells of itself by `sw_vers`, `sysctl` and `system_profiler`.

The parsers are pure; the readers start those three programs, through the ports. Written after recorded output: it was
not run on a Mac by those who wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from pkgmgr.host.accelerators import Found
from pkgmgr.host.cpu import Processor
from pkgmgr.host.ports import Host
from pkgmgr.model.entry import Value
from pkgmgr.model.platform import Device

_SYSCTL = (
    *("/usr/sbin/sysctl", "-i", "machdep.cpu.brand_string", "machdep.cpu.vendor", "machdep.cpu.features"),
    *("machdep.cpu.leaf7_features", "machdep.cpu.extfeatures", "hw.ncpu", "hw.physicalcpu", "hw.memsize"),
    *("hw.l1dcachesize", "hw.l1icachesize", "hw.l2cachesize", "hw.l3cachesize"),
)
_CACHES = {"hw.l1dcachesize": (1, "data"), "hw.l1icachesize": (1, "instruction"), "hw.l2cachesize": (2, "unified")} | {
    "hw.l3cachesize": (3, "unified")
}
_VENDORS = {"apple": "apple", "amd": "amd", "0x1002": "amd", "intel": "intel", "0x8086": "intel", "nvidia": "nvidia"}


def read_macos_version(host: Host) -> str | None:
    """Give the version of macOS, such as ``14.4.1``."""
    said = host.runner.run(["/usr/bin/sw_vers", "-productVersion"]).stdout.strip()
    return said if re.fullmatch(r"\d+(?:\.\d+)*", said) else None


def read_sysctl(host: Host) -> dict[str, str]:
    """Ask for the keys of the kernel that we use; those that a machine lacks are missing."""
    return parse_sysctl(host.runner.run(_SYSCTL).stdout)


def parse_sysctl(text: str) -> dict[str, str]:
    """Read ``name: value`` lines."""
    pairs = (line.partition(": ") for line in text.splitlines())
    return {key.strip(): value.strip() for key, colon, value in pairs if colon}


def identify_mac(known: Mapping[str, str]) -> Processor:
    """Name the processor of a Mac, as archspec does."""
    brand = known.get("machdep.cpu.brand_string")
    if brand is None:
        return Processor()
    if "Apple" not in brand:
        return _identify_intel(known, brand)
    from archspec.cpu import TARGETS

    series = re.search(r"Apple M(\d+)", brand)
    names = [f"m{number}" for number in range(int(series[1]) if series else 0, 0, -1)]
    best = next((TARGETS[name] for name in names if name in TARGETS), TARGETS["aarch64"])
    return Processor(
        name=brand, microarchitecture=best.name, level=best.generic.name, features=tuple(sorted(best.features))
    )


def _identify_intel(known: Mapping[str, str], brand: str) -> Processor:
    from archspec.cpu.schema import TARGETS_JSON

    from pkgmgr.host.cpu import identify

    keys = ("machdep.cpu.features", "machdep.cpu.leaf7_features", "machdep.cpu.extfeatures")
    features = set(" ".join(known.get(key, "") for key in keys).lower().split())
    for theirs, linux in TARGETS_JSON["conversions"]["darwin_flags"].items():
        if features.issuperset(theirs.split()):
            features.update(linux.split())
    vendor = known.get("machdep.cpu.vendor", "generic")
    return identify("x86_64", {"model name": brand, "vendor_id": vendor, "flags": " ".join(sorted(features))})


def mac_caches(known: Mapping[str, str]) -> list[Value]:
    """Give the caches, the nearest first."""
    return [
        {"level": level, "kind": kind, "bytes": int(known[key])}
        for key, (level, kind) in _CACHES.items()
        if known.get(key, "0").isdigit() and known.get(key, "0") != "0"
    ]


def find_apple_gpus(host: Host) -> Found:
    """Find the GPUs of a Mac."""
    argv = ["/usr/sbin/system_profiler", "SPDisplaysDataType", "-json"]
    return Found(devices=parse_displays(host.runner.run(argv).stdout))


class _Display(msgspec.Struct, frozen=True):
    name: str = msgspec.field(name="_name", default="")
    sppci_model: str = ""
    sppci_cores: str = ""
    spdisplays_vendor: str = ""
    spdisplays_vram: str = ""
    spdisplays_mtlgpufamilysupport: str = ""
    spdisplays_metal: str = ""


class _Displays(msgspec.Struct, frozen=True):
    SPDisplaysDataType: tuple[_Display, ...] = ()


def parse_displays(text: str) -> tuple[Device, ...]:
    """Read ``system_profiler SPDisplaysDataType -json``; empty for anything else."""
    try:
        displays = msgspec.json.decode(text or "{}", type=_Displays).SPDisplaysDataType
    except msgspec.MsgspecError:
        return ()
    return tuple(map(_gpu, displays))


def _gpu(display: _Display) -> Device:
    vendor = display.spdisplays_vendor.removeprefix("sppci_vendor_").lower()
    name = display.sppci_model or display.name
    words = f"{vendor} {name.lower()}"
    attributes: dict[str, Value] = {}
    if display.sppci_cores.isdigit():
        attributes["cores"] = int(display.sppci_cores)
    memory = re.fullmatch(r"(\d+) ([MG])B", display.spdisplays_vram)
    if memory is not None:
        attributes["memory_bytes"] = int(memory[1]) << {"M": 20, "G": 30}[memory[2]]
    metal = display.spdisplays_mtlgpufamilysupport or display.spdisplays_metal
    if metal:
        attributes["metal"] = metal.removeprefix("spdisplays_")
    named = next((value for word, value in _VENDORS.items() if word in words), "unknown")
    return Device(kind="gpu", vendor=named, name=name, attributes=attributes)
