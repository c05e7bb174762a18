"""What the files of a driver tell of accelerators, whoever made them. Pure values."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pkgmgr.model.platform import Device


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Devices and drivers that one way of looking found."""

    devices: tuple[Device, ...] = ()
    drivers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Driver → version. ``cuda`` is the newest CUDA that the driver serves; runtimes and toolkits are softs."""
