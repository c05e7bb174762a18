"""From the facts of a machine to candidates: its system, processor, drivers and accelerators. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from pkgmgr.detect.candidates import Candidate
from pkgmgr.model.entry import Value
from pkgmgr.model.platform import Device, Platform
from pkgmgr.model.soft import Soft


def find_in_platform(soft: Soft, platform: Platform) -> Iterator[Candidate]:
    """Give the candidates that a soft sees among the facts of a machine."""
    wanted = soft.find.platform
    if wanted is None:
        return
    known = machine_facts(platform)
    if wanted.having and all(name in known for name in wanted.having):
        yield _candidate(soft, wanted.having[0], known)
    if wanted.driver and wanted.driver in platform.drivers:
        told = {**known, "version": platform.drivers[wanted.driver]}
        yield _candidate(soft, f"the driver {wanted.driver}", told)
    for place, row in enumerate(_rows(platform.facts.get(wanted.rows))):
        yield _candidate(soft, str(row.get("file", f"{wanted.rows} {place}")), {**known, **row})
    if wanted.device:
        for place, device in enumerate(platform.devices):
            if _is_like(device, wanted.device):
                yield _candidate(soft, _device_name(device, place), {**known, **device_facts(device)})


def machine_facts(platform: Platform) -> dict[str, Value]:
    """Give the established facts of a machine by their names; a driver's version is ``driver.NAME``."""
    plain: dict[str, Value] = msgspec.to_builtins(platform)
    left_out = {"drivers", "devices", "facts"}
    known = {name: value for name, value in plain.items() if name not in left_out and value not in (None, [])}
    return {
        **known,
        **{f"driver.{name}": version for name, version in platform.drivers.items()},
        **{name: value for name, value in platform.facts.items() if value is not None},
    }


def device_facts(device: Device) -> dict[str, Value]:
    """Give what is known of an accelerator by names."""
    return {**device.attributes, "device": device.name, "vendor": device.vendor, "kind": device.kind}


def _is_like(device: Device, wanted: Mapping[str, str]) -> bool:
    told = device_facts(device)
    return all(told.get(name) == value for name, value in wanted.items())


def _device_name(device: Device, place: int) -> str:
    """Name a device among its equals by where it is plugged in, which stays the same, else by its place."""
    where = next((str(device.attributes[key]) for key in ("pci", "node", "usb") if device.attributes.get(key)), None)
    return f"{device.name} at {where}" if where is not None else f"{device.name}, device {place}"


def _rows(value: Value) -> Iterator[dict[str, Value]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _candidate(soft: Soft, name: str, facts: Mapping[str, Value]) -> Candidate:
    told = {**facts, "prefix": "/", "evidence": f"{name}, among the facts of this machine"}
    return Candidate(soft=soft.name, path=name, real=name, names=(name,), facts=told, form="fact")
