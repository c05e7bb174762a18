"""Accelerators that Linux's sysfs tells of: AMD's by KFD, other GPUs by DRM, NPUs, TPUs and the like.

The parsers are pure; the finders look at files through `Files`, and start no process.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from pkgmgr.host.accelerators import Found
from pkgmgr.host.ports import Files
from pkgmgr.host.text import parse_settings, read_text
from pkgmgr.model.entry import Value
from pkgmgr.model.platform import Device

_KFD = "/sys/class/kfd/kfd/topology/nodes"
_DRM = "/sys/class/drm"
_PCI_IDS = ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids")
_AMD_IDS = "/usr/share/libdrm/amdgpu.ids"
_LARGEST_IDS = 4 << 20
_HEAP_FRAMEBUFFERS = ("1", "2")
"""``HSA_MEM_HEAP_TYPE_FB_PUBLIC`` and ``_PRIVATE``: memory on the card."""

_PCI_VENDORS = {"1002": "amd", "8086": "intel", "10de": "nvidia"}
_PLATFORM_DRIVERS = {
    "panfrost": "arm",
    "panthor": "arm",
    "lima": "arm",
    "mali": "arm",
    "msm": "qualcomm",
    "v3d": "broadcom",
    "etnaviv": "vivante",
    "asahi": "apple",
    "powervr": "imagination",
}
_ACCEL_DRIVERS = {
    "intel_vpu": ("intel", "Intel NPU"),
    "amdxdna": ("amd", "AMD NPU"),
    "habanalabs": ("intel", "Intel Gaudi"),
    "qaic": ("qualcomm", "Qualcomm Cloud AI 100"),
    "rocket": ("rockchip", "Rockchip NPU"),
    "ethosu": ("arm", "Arm Ethos-U NPU"),
}
_DEVICE_NODES = (
    (re.compile(r"apex_\d+"), "google", "Coral Edge TPU"),
    (re.compile(r"hailo\d+"), "hailo", "Hailo NPU"),
    (re.compile(r"davinci\d+"), "huawei", "Ascend NPU"),
    (re.compile(r"neuron\d+"), "aws", "AWS Neuron device"),
)
_GOOGLE = "0x1ae0"
_TPUS = {
    "0x0027": "Cloud TPU v2 or v3",
    "0x005e": "Cloud TPU v4",
    "0x0062": "Cloud TPU v5p",
    "0x0063": "Cloud TPU v5e",
    "0x006f": "Cloud TPU v6e",
    "0x0076": "Cloud TPU v7",
}
"""By PCI device, as JAX tells them apart: jax/_src/hardware_utils.py."""
_USB_DEVICES = {
    ("1a6e", "089a"): ("google", "Coral USB Accelerator"),  # before its firmware is loaded
    ("18d1", "9302"): ("google", "Coral USB Accelerator"),
    ("03e7", "2485"): ("intel", "Movidius MyriadX"),
    ("03e7", "2150"): ("intel", "Movidius Myriad 2"),
}


def find_amd(files: Files) -> Found:
    """Find the GPUs that ROCm can use."""
    devices = []
    for node in files.names(_KFD):
        folder = f"{_KFD}/{node}"
        properties = parse_properties(read_text(files, f"{folder}/properties"))
        if properties.get("simd_count", 0) and properties.get("gfx_target_version", 0):
            devices.append(_kfd_device(files, folder, properties))
    version = read_text(files, "/sys/module/amdgpu/version").strip()
    return Found(devices=tuple(devices), drivers={"amdgpu": version} if version else {})


def _kfd_device(files: Files, folder: str, properties: Mapping[str, int]) -> Device:
    attributes: dict[str, Value] = {"gfx": parse_gfx(properties["gfx_target_version"])}
    memory = sum(_framebuffers(files, f"{folder}/mem_banks"))
    if memory:
        attributes["memory_bytes"] = memory
    if "location_id" in properties:
        attributes["pci"] = pci_address(properties.get("domain", 0), properties["location_id"])
    if properties.get("cu_count"):
        attributes["compute_units"] = properties["cu_count"]
    card = f"{_DRM}/renderD{properties.get('drm_render_minor', 0)}/device"
    name = read_text(files, f"{card}/product_name").strip() or parse_amd_name(
        read_text(files, _AMD_IDS), f"{properties.get('device_id', 0):04X}", read_text(files, f"{card}/revision")
    )
    return Device(kind="gpu", vendor="amd", name=name or f"AMD {attributes['gfx']}", attributes=attributes)


def _framebuffers(files: Files, folder: str) -> Iterator[int]:
    for bank in files.names(folder):
        properties = parse_properties(read_text(files, f"{folder}/{bank}/properties"))
        if str(properties.get("heap_type")) in _HEAP_FRAMEBUFFERS:
            yield properties.get("size_in_bytes", 0)


def parse_properties(text: str) -> dict[str, int]:
    """Read KFD's ``name number`` lines."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def parse_gfx(version: int) -> str:
    """Write KFD's ``gfx_target_version`` as compilers do: 90010 is gfx90a, 110003 is gfx1103."""
    return f"gfx{version // 10000}{version // 100 % 100:x}{version % 100:x}"


def pci_address(domain: int, location: int) -> str:
    """Write a KFD ``location_id`` (bus, device and function in 16 bits) as the kernel writes an address."""
    return f"{domain:04x}:{location >> 8 & 0xFF:02x}:{location >> 3 & 0x1F:02x}.{location & 7}"


def parse_amd_name(table: str, device: str, revision: str) -> str | None:
    """Look a card up in libdrm's ``amdgpu.ids``: device, revision, name."""
    wanted = (device.upper(), revision.strip().removeprefix("0x").upper())
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split(",", 2)]
        if len(cells) == 3 and (cells[0], cells[1]) == wanted:
            return cells[2]
    return None


def find_drm(files: Files) -> Found:
    """Find the GPUs that a graphics driver serves; cards of virtual machines and of servers' consoles are left out."""
    devices: list[Device] = []
    drivers: dict[str, str] = {}
    for name in files.names(_DRM):
        if not re.fullmatch(r"card\d+", name):
            continue
        facts = parse_settings(read_text(files, f"{_DRM}/{name}/device/uevent"))
        device = _drm_device(files, facts)
        if device is not None:
            devices.append(device)
            version = read_text(files, f"/sys/module/{facts['DRIVER']}/version").strip()
            drivers.update({facts["DRIVER"]: version} if version else {})
    return Found(devices=tuple(devices), drivers=drivers)


def _drm_device(files: Files, facts: Mapping[str, str]) -> Device | None:
    driver = facts.get("DRIVER", "")
    vendor_id, _, device_id = facts.get("PCI_ID", "").lower().partition(":")
    if vendor_id in _PCI_VENDORS and driver:
        table = next((text for path in _PCI_IDS if (text := read_text(files, path, _LARGEST_IDS))), "")
        vendor = _PCI_VENDORS[vendor_id]
        name = parse_pci_name(table, vendor_id, device_id) or f"{vendor} {vendor_id}:{device_id}"
        return Device(
            kind="gpu",
            vendor=vendor,
            name=name,
            attributes={"driver": driver, "pci": facts.get("PCI_SLOT_NAME", ""), "pci_id": f"{vendor_id}:{device_id}"},
        )
    if driver in _PLATFORM_DRIVERS:
        name = facts.get("OF_COMPATIBLE_0", driver)
        return Device(kind="gpu", vendor=_PLATFORM_DRIVERS[driver], name=name, attributes={"driver": driver})
    return None


def parse_pci_name(table: str, vendor: str, device: str) -> str | None:
    """Look a device up in ``pci.ids``: vendors at the start of a line, their devices behind one tab."""
    section = re.search(rf"^{re.escape(vendor)}  .*\n((?:[\t#].*\n?)*)", table, re.MULTILINE)
    found = re.search(rf"^\t{re.escape(device)}  (.+)$", section[1], re.MULTILINE) if section and device else None
    return found[1].strip() if found else None


def find_npus(files: Files) -> Found:
    """Find processors for neural networks, whatever they are called."""
    devices = [*_accel_devices(files), *_node_devices(files), *_usb_devices(files), *_tpus(files)]
    return Found(devices=tuple(devices))


def _accel_devices(files: Files) -> Iterator[Device]:
    root = "/sys/class/accel"
    for name in files.names(root):
        facts = parse_settings(read_text(files, f"{root}/{name}/device/uevent"))
        known = _ACCEL_DRIVERS.get(facts.get("DRIVER", ""))
        if known is not None:
            attributes: dict[str, Value] = {"driver": facts["DRIVER"]}
            attributes.update({"pci": facts["PCI_SLOT_NAME"]} if "PCI_SLOT_NAME" in facts else {})
            yield Device(kind="npu", vendor=known[0], name=known[1], attributes=attributes)


def _node_devices(files: Files) -> Iterator[Device]:
    for name in files.names("/dev"):
        for expression, vendor, label in _DEVICE_NODES:
            if expression.fullmatch(name):
                yield Device(kind="npu", vendor=vendor, name=label, attributes={"node": f"/dev/{name}"})


def _tpus(files: Files) -> Iterator[Device]:
    """Find Cloud TPUs, which no driver of the kernel's own serves."""
    root = "/sys/bus/pci/devices"
    for name in files.names(root):
        if read_text(files, f"{root}/{name}/vendor").strip() == _GOOGLE:
            label = _TPUS.get(read_text(files, f"{root}/{name}/device").strip())
            if label is not None:
                yield Device(kind="npu", vendor="google", name=label, attributes={"pci": name})


def _usb_devices(files: Files) -> Iterator[Device]:
    root = "/sys/bus/usb/devices"
    for name in files.names(root):
        folder = posixpath.join(root, name)
        ids = tuple(read_text(files, f"{folder}/{part}").strip().lower() for part in ("idVendor", "idProduct"))
        known = _USB_DEVICES.get((ids[0], ids[1]))
        if known is not None:
            yield Device(kind="npu", vendor=known[0], name=known[1], attributes={"usb": ":".join(ids)})
