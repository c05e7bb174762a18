"""NVIDIA's GPUs: by NVML or libcuda in a process of their own, else `nvidia-smi`, else what the kernel module tells.

The parsers are pure; `find_nvidia` reaches files and processes through the ports.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from pkgmgr.host.accelerators import Found
from pkgmgr.host.ports import Files, Host
from pkgmgr.host.text import read_text
from pkgmgr.model.entry import Value
from pkgmgr.model.platform import Device

_TIMEOUT = 15.0
"""Seconds. A driver that is not kept loaded needs five for eight GPUs."""
# Without any of these no driver is there to be asked; each is one `stat`.
_SIGNS = (
    *("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/nvhost-gpu", "/dev/nvgpu", "/dev/nvmap"),
    *("/usr/lib/wsl/lib/libnvidia-ml.so.1", "C:/Windows/System32/nvml.dll"),
)
_SMI_FOLDERS = (
    "/usr/bin",
    "/usr/local/bin",
    "/usr/local/nvidia/bin",
    "/opt/bin",
    "/usr/lib/wsl/lib",
    "C:/Windows/System32",
)
_QUERY = ("name", "driver_version", "memory.total", "pci.bus_id")

_BANNER_DRIVER = re.compile(r"\b(?:Driver|KMD) Version\s*:\s*(\d+(?:\.\d+)+)")
_BANNER_CUDA = re.compile(r"\bCUDA (?:UMD )?Version\s*:\s*(\d+\.\d+)")
_NVRM = re.compile(r"^NVRM version:.*?Kernel Module\D*?(?:for \S+)?\s+(\d+(?:\.\d+)+)", re.MULTILINE)


class _DeviceRow(msgspec.Struct, frozen=True):
    name: str | None = None
    memory: int | None = None
    pci: str | None = None
    capability: str | None = None
    mig: bool | None = None


class _Report(msgspec.Struct, frozen=True):
    driver: str | None = None
    cuda: str | None = None
    devices: tuple[_DeviceRow, ...] = ()


class NvidiaProbe(msgspec.Struct, frozen=True, kw_only=True):
    """How to ask the driver's libraries.

    :param argv: a program that prints a report as `pkgmgr.host.nvml_probe` does.
    """

    argv: tuple[str, ...] = (sys.executable, "-I", "-S", str(Path(__file__).with_name("nvml_probe.py")))
    variables: Mapping[str, str] = msgspec.field(default_factory=dict)
    timeout: float = _TIMEOUT


def find_nvidia(host: Host, probe: NvidiaProbe | None = None) -> Found:
    """Find the GPUs that a driver of NVIDIA serves; starts no process on a machine without one."""
    if not any(host.files.stat(sign) for sign in _SIGNS):
        return Found()
    kernel = parse_nvrm_version(read_text(host.files, "/proc/driver/nvidia/version"))
    asked = probe or NvidiaProbe()
    answer = host.runner.run(asked.argv, timeout=asked.timeout, variables=asked.variables)
    found = parse_report(answer.stdout) if answer.exit_code == 0 else None
    if found is None:
        found = _ask_smi(host)
    if found is None:
        found = Found(devices=tuple(_kernel_devices(host.files)))
    return Found(devices=found.devices, drivers={**({"nvidia": kernel} if kernel else {}), **found.drivers})


def parse_report(text: str) -> Found | None:
    """Read what `pkgmgr.host.nvml_probe` printed; None for anything else."""
    try:
        report = msgspec.json.decode(text.strip() or "null", type=_Report)
    except msgspec.MsgspecError:
        return None
    return Found(devices=tuple(map(_device, report.devices)), drivers=_drivers(report.driver, report.cuda))


def _drivers(driver: str | None, cuda: str | None) -> dict[str, str]:
    return {name: version for name, version in (("nvidia", driver), ("cuda", cuda)) if version}


def _device(row: _DeviceRow) -> Device:
    known: dict[str, Value] = {
        "compute_capability": row.capability,
        "memory_bytes": row.memory,
        "pci": normal_pci(row.pci) if row.pci else None,
        "mig": row.mig,
    }
    attributes = {key: value for key, value in known.items() if value is not None}
    return Device(kind="gpu", vendor="nvidia", name=row.name or "NVIDIA GPU", attributes=attributes)


def normal_pci(text: str) -> str:
    """Write a PCI address as the kernel does: NVIDIA's tools give the domain eight digits, in capitals."""
    found = re.fullmatch(r"(?:0000)?([0-9a-f]{4,8}):([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])", text.strip().lower())
    return f"{found[1]}:{found[2]}" if found else text.strip().lower()


def _ask_smi(host: Host) -> Found | None:
    programs = (f"{folder}/{name}" for folder in _SMI_FOLDERS for name in ("nvidia-smi", "nvidia-smi.exe"))
    program = next((path for path in programs if host.files.stat(path) is not None), None)
    if program is None:
        return None
    banner = parse_smi_banner(host.runner.run([program], timeout=_TIMEOUT).stdout)
    devices: tuple[Device, ...] = ()
    # Drivers before 510 do not know `compute_cap`, and answer nothing at all when it is asked for.
    for query in ((*_QUERY, "compute_cap"), _QUERY):
        argv = [program, f"--query-gpu={','.join(query)}", "--format=csv,noheader,nounits"]
        answer = host.runner.run(argv, timeout=_TIMEOUT)
        if answer.exit_code == 0:
            devices = parse_smi_rows(answer.stdout)
            break
    return Found(devices=devices, drivers=banner) if devices or banner else None


def parse_smi_banner(text: str) -> dict[str, str]:
    """Read the driver and the newest CUDA that it serves from the head of `nvidia-smi`'s table.

    Since release 610 they are called ``KMD Version`` and ``CUDA UMD Version``.
    """
    driver, cuda = _BANNER_DRIVER.search(text), _BANNER_CUDA.search(text)
    return _drivers(driver[1] if driver else None, cuda[1] if cuda else None)


def parse_smi_rows(text: str) -> tuple[Device, ...]:
    """Read ``name, driver_version, memory.total, pci.bus_id[, compute_cap]``; ``[N/A]`` is not established."""
    devices = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) not in (4, 5):
            continue
        name, _, memory, bus, capability = (*cells, "")[:5]
        devices.append(
            _device(
                _DeviceRow(
                    name=name,
                    memory=int(memory) << 20 if memory.isdigit() else None,
                    pci=bus if ":" in bus else None,
                    capability=capability if re.fullmatch(r"\d+\.\d+", capability) else None,
                )
            )
        )
    return tuple(devices)


def parse_nvrm_version(text: str) -> str | None:
    """Read the driver's version from ``/proc/driver/nvidia/version``."""
    found = _NVRM.search(text)
    return found[1] if found else None


def parse_gpu_information(text: str) -> Device | None:
    """Read ``/proc/driver/nvidia/gpus/<address>/information``."""
    pairs = (line.partition(":") for line in text.splitlines())
    known = {key.strip(): value.strip() for key, _, value in pairs}
    return _device(_DeviceRow(name=known["Model"], pci=known.get("Bus Location"))) if known.get("Model") else None


def _kernel_devices(files: Files) -> Iterator[Device]:
    root = "/proc/driver/nvidia/gpus"
    for name in files.names(root):
        device = parse_gpu_information(read_text(files, posixpath.join(root, name, "information")))
        if device is not None:
            yield device
