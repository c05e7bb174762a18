"""The facts of this machine: system, libc, processor, limits, accelerators. Touches: files and processes, by ports.

Every fact can be overridden with ``CKPM_OVERRIDE_<FACT>`` (`OVERRIDES` lists them); an empty value makes it absent.
People resolve GPU environments on machines without a GPU.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from pkgmgr.host.ports import Files, Host
from pkgmgr.model.platform import Device, Platform

OVERRIDES = {
    "LIBC": "libc",
    "LIBC_VERSION": "libc_version",
    "KERNEL": "kernel",
    "DISTRIBUTION": "distribution",
    "DISTRIBUTION_VERSION": "distribution_version",
    "CPU": "cpu",
    "MICROARCHITECTURE": "microarchitecture",
    "FEATURE_LEVEL": "feature_level",
    "CONTAINER": "container",
}
"""Variable (behind ``CKPM_OVERRIDE_``) → fact. ``CKPM_OVERRIDE_NVIDIA_DRIVER`` and the like set a driver."""


def read_platform(host: Host) -> Platform:
    """Establish the facts of a machine; what can't be established is None."""
    os_name, arch = host.target.split("-")[:2]
    libc, libc_version = _libc(host)
    name, generic, features, cpu = _processor(host.files)
    release = parse_os_release(_text(host.files, "/etc/os-release"))
    found = Platform(
        os=os_name,
        arch=arch,
        target=host.target,
        libc=libc,
        libc_version=libc_version,
        kernel=platform.release() or None,
        distribution=release.get("ID"),
        distribution_version=release.get("VERSION_ID"),
        cpu=cpu,
        microarchitecture=name,
        feature_level=generic,
        features=features,
        cpus=os.cpu_count(),
        usable_cpus=_usable_cpus(host.files),
        memory_bytes=_memory(host.files),
        usable_memory_bytes=_memory_limit(host.files),
        container=_container(host),
        drivers=_drivers(host.files),
        devices=_devices(host),
    )
    return override(found, host.variables)


def override(facts: Platform, variables: Mapping[str, str]) -> Platform:
    """Replace facts by what a person says of them."""
    changes: dict[str, Any] = {
        field: variables[f"CKPM_OVERRIDE_{name}"] or None
        for name, field in OVERRIDES.items()
        if f"CKPM_OVERRIDE_{name}" in variables
    }
    drivers = dict(facts.drivers)
    for name, value in variables.items():
        found = re.fullmatch(r"CKPM_OVERRIDE_([A-Z0-9]+)_DRIVER", name)
        if found is not None:
            drivers.pop(found[1].lower(), None)
            if value:
                drivers[found[1].lower()] = value
    return msgspec.structs.replace(facts, drivers=drivers, **changes)


def parse_os_release(text: str) -> dict[str, str]:
    """Read ``os-release(5)``."""
    found = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and key.isidentifier():
            found[key] = value.strip().strip("\"'")
    return found


def parse_cgroup_cpus(text: str) -> int | None:
    """Read cgroup v2's ``cpu.max``: ``<quota> <period>`` in microseconds, or ``max <period>``."""
    parts = text.split()
    if len(parts) != 2 or not all(part.isdigit() for part in parts) or int(parts[1]) == 0:
        return None
    return max(1, -(-int(parts[0]) // int(parts[1])))


def parse_nvidia_smi(text: str) -> tuple[Device, ...]:
    """Read nvidia-smi's CSV of name, driver_version, compute_cap, memory.total (MiB) and pci.bus_id."""
    devices = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != 5:
            continue
        name, _, capability, memory, bus = cells
        attributes: dict[str, Any] = {"pci": bus}
        if re.fullmatch(r"\d+\.\d+", capability):
            attributes["compute_capability"] = capability
        if memory.isdigit():
            attributes["memory_bytes"] = int(memory) << 20
        devices.append(Device(kind="gpu", vendor="nvidia", name=name, attributes=attributes))
    return tuple(devices)


def _text(files: Files, path: str) -> str:
    return (files.read(path, 1 << 16) or b"").decode("utf-8", "replace")


def _libc(host: Host) -> tuple[str | None, str | None]:
    if not host.target.startswith("linux"):
        return None, None
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (ValueError, OSError):
        name, version = "", ""
    if name == "glibc":
        return "glibc", version
    loaders = [loader for loader in host.files.names("/lib") if loader.startswith("ld-musl-")]
    if not loaders:
        return None, None
    # musl's loader says its version when it is called without arguments, and exits with 1.
    said = re.search(r"^Version (\S+)", host.runner.run([f"/lib/{loaders[0]}"]).both, re.MULTILINE)
    return "musl", said[1] if said else None


def _processor(files: Files) -> tuple[str | None, str | None, tuple[str, ...], str | None]:
    """Give archspec's name and generic level, the features, and the vendor's name of the processor."""
    model = re.search(r"^(?:model name|Hardware|uarch)\s*:\s*(.+)$", _text(files, "/proc/cpuinfo"), re.MULTILINE)
    import archspec.cpu  # 40 ms, and only where facts are asked for

    try:
        seen = archspec.cpu.host()
    except Exception:  # noqa: BLE001 - archspec fails in many ways on processors that it does not know
        return None, None, (), model[1] if model else None
    features = tuple(sorted(str(feature) for feature in seen.features))
    return str(seen.name), str(seen.generic.name), features, model[1] if model else None


def _usable_cpus(files: Files) -> int | None:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limit = parse_cgroup_cpus(_text(files, "/sys/fs/cgroup/cpu.max"))
    return min(allowed, limit) if allowed and limit else allowed


def _memory(files: Files) -> int | None:
    found = re.search(r"^MemTotal:\s+(\d+) kB", _text(files, "/proc/meminfo"), re.MULTILINE)
    return int(found[1]) << 10 if found else None


def _memory_limit(files: Files) -> int | None:
    total = _memory(files)
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = _text(files, path).strip()
        if text.isdigit():
            return min(int(text), total) if total else int(text)
    return total


def _container(host: Host) -> str | None:
    if "microsoft" in _text(host.files, "/proc/version").lower():
        return "wsl"
    if host.files.stat("/run/.containerenv") is not None:
        return "podman"
    if host.files.stat("/.dockerenv") is not None:
        return "docker"
    if "KUBERNETES_SERVICE_HOST" in host.variables:
        return "kubernetes"
    return host.variables.get("container") or None


def _drivers(files: Files) -> dict[str, str]:
    found = {}
    nvidia = re.search(r"Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)", _text(files, "/proc/driver/nvidia/version"))
    if nvidia is not None:
        found["nvidia"] = nvidia[1]
    amdgpu = _text(files, "/sys/module/amdgpu/version").strip()
    if amdgpu:
        found["amdgpu"] = amdgpu
    return found


def _devices(host: Host) -> tuple[Device, ...]:
    """Ask `nvidia-smi` where there is a driver; what has no driver is not a device that can be used."""
    if host.files.stat("/proc/driver/nvidia/version") is None:
        return ()
    query = "--query-gpu=name,driver_version,compute_cap,memory.total,pci.bus_id"
    for program in ("/usr/bin/nvidia-smi", "/usr/local/nvidia/bin/nvidia-smi", "/opt/bin/nvidia-smi"):
        if host.files.stat(program) is not None:
            return parse_nvidia_smi(host.runner.run([program, query, "--format=csv,noheader,nounits"]).stdout)
    return ()
