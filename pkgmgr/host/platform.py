"""All facts of a machine: operating system, C library, processor, limits, accelerators.

Touches: files and processes, through the ports. What can't be established is absent. `pkgmgr.host.override` lists how
a person states a fact.
"""

from __future__ import annotations

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
from pkgmgr.host.visibility import VISIBILITY_VARIABLES
from pkgmgr.host.windows import read_report
from pkgmgr.model.entry import Value
from pkgmgr.model.platform import Platform


def read_platform(host: Host, *, nvidia: NvidiaProbe | None = None) -> Platform:
    """Establish the facts of a machine.

    Where a person states another target than the machine is, the machine tells nothing of it: what is not stated, too,
    is absent.

    :raises UsageError: when a ``CKPM_OVERRIDE_…`` variable can't be read.
    """
    system, arch = host.target.split("-")[:2]
    if host.kernel.target and host.kernel.target.split("-")[:2] != [system, arch]:
        return override(Platform(os=system, arch=arch, target=host.target), host.variables)
    read = {"macos": _read_macos, "windows": _read_windows}.get(system, _read_linux)
    return override(_with_devices(read(host), host, nvidia), host.variables)


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


def _read_linux(host: Host) -> Platform:
    system, arch = host.target.split("-")[:2]
    files = host.files
    release = _os_release(files)
    processor = identify(arch, parse_cpuinfo(read_text(files, "/proc/cpuinfo")))
    limits = read_limits(files)
    libc, libc_version = read_libc(host)
    return Platform(
        os=system,
        arch=arch,
        target=host.target,
        libc=libc,
        libc_version=libc_version,
        kernel=host.kernel.release or None,
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


def _read_macos(host: Host) -> Platform:
    known = read_sysctl(host)
    processor = identify_mac(known)
    cpus, memory = (int(known[key]) if known.get(key, "").isdigit() else None for key in ("hw.ncpu", "hw.memsize"))
    return Platform(
        os="macos",
        arch=host.target.split("-")[1],
        target=host.target,
        kernel=host.kernel.release or None,
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


def _read_windows(host: Host) -> Platform:
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
