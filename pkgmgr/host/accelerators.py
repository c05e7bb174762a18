"""What the files of a driver tell of accelerators, whoever made them. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pkgmgr.model.platform import Device


@dataclass(frozen=True, kw_only=True)
class Found:
    """Devices and drivers that one way of looking found."""

    devices: tuple[Device, ...] = ()
    drivers: Mapping[str, str] = field(default_factory=dict)
    """Driver → version. ``cuda`` is the newest CUDA that the driver serves; runtimes and toolkits are softs."""
