"""What Windows tells of itself, asked once through PowerShell's CIM classes.

`parse_report` is pure; `read_report` starts one process, through the ports. Written after the documents of
Win32_OperatingSystem, Win32_Processor, Win32_ComputerSystem and Win32_VideoController: it was not run on Windows by
those who wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from pkgmgr.host.accelerators import Found
from pkgmgr.host.ports import Host
from pkgmgr.model.entry import Value
from pkgmgr.model.platform import Device

_POWERSHELL = "C:/Windows/System32/WindowsPowerShell/v1.0/powershell.exe"
_QUESTION = (
    "[Console]::OutputEncoding = [Text.Encoding]::UTF8; @{"
    "os = @(Get-CimInstance Win32_OperatingSystem | Select-Object Version, Caption);"
    "cpu = @(Get-CimInstance Win32_Processor | Select-Object Name, NumberOfLogicalProcessors);"
    "machine = @(Get-CimInstance Win32_ComputerSystem | Select-Object TotalPhysicalMemory);"
    "gpu = @(Get-CimInstance Win32_VideoController | Select-Object Name, DriverVersion, PNPDeviceID)"
    "} | ConvertTo-Json -Compress -Depth 4"
)
_TIMEOUT = 30.0
_PNP_VENDORS = {"10DE": "nvidia", "1002": "amd", "8086": "intel", "5143": "qualcomm"}


class _System(msgspec.Struct, frozen=True, rename="pascal"):
    version: str | None = None
    caption: str | None = None


class _Cpu(msgspec.Struct, frozen=True, rename="pascal"):
    name: str | None = None
    number_of_logical_processors: int | None = None


class _Machine(msgspec.Struct, frozen=True, rename="pascal"):
    total_physical_memory: int | None = None


class _Video(msgspec.Struct, frozen=True, rename="pascal"):
    name: str | None = None
    driver_version: str | None = None
    pnp_device_id: str | None = msgspec.field(name="PNPDeviceID", default=None)


class WindowsReport(msgspec.Struct, frozen=True):
    """What the CIM classes say."""

    os: tuple[_System, ...] = ()
    cpu: tuple[_Cpu, ...] = ()
    machine: tuple[_Machine, ...] = ()
    gpu: tuple[_Video, ...] = ()

    @property
    def version(self) -> str | None:
        """Of Windows, such as ``10.0.22631``."""
        return self.os[0].version if self.os else None

    @property
    def cpu_name(self) -> str | None:
        """Of the first processor, as its maker writes it."""
        return self.cpu[0].name.strip() if self.cpu and self.cpu[0].name else None

    @property
    def cpus(self) -> int | None:
        """Logical processors of all sockets."""
        return sum(item.number_of_logical_processors or 0 for item in self.cpu) or None

    @property
    def memory_bytes(self) -> int | None:
        """Memory that Windows can use."""
        return self.machine[0].total_physical_memory if self.machine else None


def read_report(host: Host) -> WindowsReport:
    """Ask Windows; what it does not say is missing."""
    return parse_report(host.runner.run(question(), timeout=_TIMEOUT).stdout)


def question() -> Sequence[str]:
    """Give the command that asks."""
    return (_POWERSHELL, "-NoProfile", "-NonInteractive", "-Command", _QUESTION)


def parse_report(text: str) -> WindowsReport:
    """Read PowerShell's JSON; an empty report for anything else."""
    try:
        return msgspec.json.decode(text.strip() or "{}", type=WindowsReport)
    except msgspec.MsgspecError:
        return WindowsReport()


def find_windows_gpus(host: Host) -> Found:
    """Find the GPUs of a Windows machine."""
    return report_gpus(read_report(host))


def report_gpus(report: WindowsReport) -> Found:
    """Give the cards of makers whose cards compute; the basic display driver has no vendor."""
    devices = []
    for card in report.gpu:
        found = re.match(r"PCI\\VEN_([0-9A-F]{4})&DEV_([0-9A-F]{4})", card.pnp_device_id or "", re.IGNORECASE)
        vendor = _PNP_VENDORS.get(found[1].upper()) if found else None
        if found is None or vendor is None:
            continue
        attributes: dict[str, Value] = {"pci_id": f"{found[1]}:{found[2]}".lower()}
        if card.driver_version:
            attributes["driver_version"] = card.driver_version
        devices.append(Device(kind="gpu", vendor=vendor, name=card.name or vendor, attributes=attributes))
    return Found(devices=tuple(devices))
