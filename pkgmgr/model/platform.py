"""The facts of a host: system, processor, memory, accelerators. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pkgmgr.model.entry import Value
from pkgmgr.model.target import Target


class Device(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One accelerator."""

    kind: str
    """``gpu`` or ``npu``."""
    vendor: str
    name: str
    attributes: Mapping[str, Value] = {}
    """Such as ``compute_capability``, ``memory_bytes``, ``pci``."""


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a machine. A fact that was not established is None or missing."""

    os: str
    arch: str
    target: str
    """The target that this machine is."""
    libc: str | None = None
    libc_version: str | None = None
    kernel: str | None = None
    distribution: str | None = None
    distribution_version: str | None = None
    cpu: str | None = None
    """The processor's name as the vendor writes it."""
    microarchitecture: str | None = None
    """archspec's name, such as ``zen3`` or ``neoverse_n1``."""
    feature_level: str | None = None
    """archspec's generic level that this processor reaches, such as ``x86_64_v3``."""
    features: tuple[str, ...] = ()
    cpus: int | None = None
    """Logical processors of the machine."""
    usable_cpus: int | None = None
    """Those that this process may use, by affinity and cgroup."""
    memory_bytes: int | None = None
    usable_memory_bytes: int | None = None
    container: str | None = None
    """``docker``, ``podman``, ``kubernetes``, ``lxc``, ``wsl`` …; None when none was seen."""
    drivers: Mapping[str, str] = {}
    """Driver → version, such as ``nvidia``."""
    devices: tuple[Device, ...] = ()
    facts: Mapping[str, Value] = {}
    """Further facts: caches, NUMA nodes, runtimes, Vulkan, OpenCL."""

    @property
    def parsed_target(self) -> Target:
        """`target` as a value."""
        from pkgmgr.model.target import parse_target

        return parse_target(self.target)
