"""All accelerators of a machine, each once, by whichever way of looking tells the most.

Touches: files and processes, through the ports.
"""

from __future__ import annotations

from collections.abc import Iterable

from pkgmgr.host.accelerators import Found
from pkgmgr.host.apple import find_apple_gpus
from pkgmgr.host.nvidia import NvidiaProbe, find_nvidia
from pkgmgr.host.ports import Host
from pkgmgr.host.sysfs_devices import find_amd, find_drm, find_npus
from pkgmgr.host.windows import find_windows_gpus
from pkgmgr.model.platform import Device


def find_devices(host: Host, *, nvidia: NvidiaProbe | None = None) -> Found:
    """Find the accelerators of a machine."""
    system = host.target.partition("-")[0]
    if system == "macos":
        return find_apple_gpus(host)
    if system == "windows":
        return merge((find_nvidia(host, nvidia), find_windows_gpus(host)))
    files = host.files
    return merge((find_nvidia(host, nvidia), find_amd(files), find_drm(files), find_npus(files)))


def merge(found: Iterable[Found]) -> Found:
    """Join what several ways of looking found: the first one to name a device or driver counts."""
    devices: list[Device] = []
    drivers: dict[str, str] = {}
    seen: set[object] = set()
    for part in found:
        # Two equal cards without an address are two cards; only an earlier way of looking may have named one before.
        devices += [device for device in part.devices if not _identities(device) & seen]
        for device in part.devices:
            seen |= {(device.vendor, device.name), *_identities(device)}
        drivers = {**part.drivers, **drivers}
    return Found(devices=tuple(devices), drivers=drivers)


def _identities(device: Device) -> set[object]:
    """Give what an earlier way of looking would have called a device: its address, else its name."""
    named: set[object] = {(device.vendor, device.name)}
    return {device.attributes["pci"]} if device.attributes.get("pci") else named
