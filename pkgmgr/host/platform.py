"""All facts of a machine: operating system, C library, processor, limits, accelerators.

Touches: files and processes, through the ports; `read_kernel` asks the running system. What can't be established is
absent. `pkgmgr.host.override` lists how a person states a fact.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import msgspec

from pkgmgr.host.apple import identify_mac, mac_caches, read_macos_version, read_sysctl
from pkgmgr.host.cpu import identify, parse_cpuinfo, read_caches, read_numa_nodes
from pkgmgr.host.devices import find_devices
from pkgmgr.host.limits import read_limits
from pkgmgr.host.loaders import read_opencl, read_vulkan
from pkgmgr.host.nvidia import NvidiaProbe
from pkgmgr.host.override import override
from pkgmgr.host.ports import Files, Host
from pkgmgr.host.surroundings import parse_wsl, read_container, read_libc
from pkgmgr.host.text import parse_settings, read_text
from pkgmgr.host.windows import read_report
from pkgmgr.model.entry import Value
from pkgmgr.model.platform import Platform

VISIBILITY_VARIABLES = (
    *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
    *("GPU_DEVICE_ORDINAL", "ZE_AFFINITY_MASK", "ONEAPI_DEVICE_SELECTOR"),
)
"""What restricts the accelerators that a program sees."""


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """What only the running system knows, and no file tells."""

    release: str = ""
    """`uname -r`."""
    libc: str = ""
    """``confstr(CS_GNU_LIBC_VERSION)``, such as ``glibc 2.36``."""


def read_kernel() -> Kernel:
    """Ask the system that we run on."""
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):  # Windows, musl
        libc = ""
    return Kernel(release=os.uname().release if hasattr(os, "uname") else "", libc=libc)


def read_platform(host: Host, *, kernel: Kernel | None = None, nvidia: NvidiaProbe | None = None) -> Platform:
    """Establish the facts of a machine.

    :param kernel: of the machine; by default, of the one that we run on.
    :raises UsageError: when a ``CKPM_OVERRIDE_…`` variable can't be read.
    """
    known = read_kernel() if kernel is None else kernel
    system = host.target.partition("-")[0]
    read = {"macos": _read_macos, "windows": _read_windows}.get(system, _read_linux)
    return override(_with_devices(read(host, known), host, nvidia), host.variables)


def _with_devices(platform: Platform, host: Host, nvidia: NvidiaProbe | None) -> Platform:
    found = find_devices(host, nvidia=nvidia)
    facts: dict[str, Value] = dict(platform.facts)
    if platform.os == "linux":
        facts["opencl"] = read_opencl(host.files, host.variables)
        facts["vulkan"] = read_vulkan(host.files, host.variables, host.home)
    shown = {name: value for name, value in host.variables.items() if name in VISIBILITY_VARIABLES}
    if shown:
        facts["visible_devices"] = dict(sorted(shown.items()))
    facts = {name: value for name, value in facts.items() if value not in (None, [])}
    return msgspec.structs.replace(platform, drivers=found.drivers, devices=found.devices, facts=facts)


def _read_linux(host: Host, kernel: Kernel) -> Platform:
    system, arch = host.target.split("-")[:2]
    files = host.files
    release = _os_release(files)
    processor = identify(arch, parse_cpuinfo(read_text(files, "/proc/cpuinfo")))
    limits = read_limits(files)
    libc, libc_version = read_libc(host, kernel.libc)
    return Platform(
        os=system,
        arch=arch,
        target=host.target,
        libc=libc,
        libc_version=libc_version,
        kernel=kernel.release or None,
        distribution=release.get("ID"),
        distribution_version=release.get("VERSION_ID"),
        cpu=processor.name,
        microarchitecture=processor.microarchitecture,
        feature_level=processor.level,
        features=processor.features,
        cpus=limits.cpus,
        usable_cpus=limits.usable_cpus,
        memory_bytes=limits.memory_bytes,
        usable_memory_bytes=limits.usable_memory_bytes,
        container=read_container(files, host.variables),
        facts={
            "caches": read_caches(files),
            "numa_nodes": read_numa_nodes(files),
            "wsl": parse_wsl(read_text(files, "/proc/version")),
        },
    )


def _os_release(files: Files) -> dict[str, str]:
    """Read the distribution's own file: the `distro` package reads that of the machine it runs on only."""
    return parse_settings(read_text(files, "/etc/os-release") or read_text(files, "/usr/lib/os-release"))


def _read_macos(host: Host, kernel: Kernel) -> Platform:
    known = read_sysctl(host)
    processor = identify_mac(known)
    cpus, memory = (int(known[key]) if known.get(key, "").isdigit() else None for key in ("hw.ncpu", "hw.memsize"))
    return Platform(
        os="macos",
        arch=host.target.split("-")[1],
        target=host.target,
        kernel=kernel.release or None,
        distribution="macos",
        distribution_version=read_macos_version(host),
        cpu=processor.name,
        microarchitecture=processor.microarchitecture,
        feature_level=processor.level,
        features=processor.features,
        cpus=cpus,
        usable_cpus=cpus,
        memory_bytes=memory,
        usable_memory_bytes=memory,
        facts={"caches": mac_caches(known)},
    )


def _read_windows(host: Host, kernel: Kernel) -> Platform:
    report = read_report(host)
    return Platform(
        os="windows",
        arch=host.target.split("-")[1],
        target=host.target,
        kernel=report.version,
        distribution="windows",
        distribution_version=report.version,
        cpu=report.cpu_name or host.variables.get("PROCESSOR_IDENTIFIER"),
        cpus=report.cpus,
        usable_cpus=report.cpus,
        memory_bytes=report.memory_bytes,
        usable_memory_bytes=report.memory_bytes,
    )
