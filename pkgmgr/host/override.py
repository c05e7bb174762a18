"""Facts that a person states in place of those that a machine gives. Pure.

People resolve for machines that they are not at: a GPU node from a laptop, an old glibc from a new one. Each variable
is ``CKPM_OVERRIDE_`` and a name of this table; an empty value makes the fact absent.

============================  =====================================================================
``TARGET``                    the whole target, ``linux-arm64``: operating system and architecture
``LIBC``, ``LIBC_VERSION``    ``glibc``, ``2.28``
``KERNEL``                    ``5.15.0``
``DISTRIBUTION``, …``_VERSION``  ``ubuntu``, ``22.04``
``CPU``                       the processor's name
``MICROARCHITECTURE``         archspec's name: ``zen3``
``FEATURE_LEVEL``             archspec's generic level: ``x86_64_v3``
``FEATURES``                  processor features, separated by commas or spaces
``CPUS``, ``USABLE_CPUS``     numbers
``MEMORY_BYTES``, ``USABLE_MEMORY_BYTES``  numbers
``CONTAINER``                 ``docker``
``DEVICES``                   GPUs as ``vendor:name[:compute capability or gfx]``, separated by semicolons; or any
                              devices as a JSON list: ``[{"kind": "npu", "vendor": "google", "name": "Edge TPU"}]``
``<NAME>_DRIVER``             the version of a driver: ``CUDA_DRIVER=12.4``, ``NVIDIA_DRIVER=550.54``
``FACT_<NAME>``               any further fact, as JSON: ``FACT_VULKAN=[]``
============================  =====================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from pkgmgr.model.entry import Value
from pkgmgr.model.errors import UsageError
from pkgmgr.model.platform import Device, Platform

PREFIX = "CKPM_OVERRIDE_"

_TEXTS = {"LIBC", "LIBC_VERSION", "KERNEL", "DISTRIBUTION", "DISTRIBUTION_VERSION", "CPU"} | {
    *("MICROARCHITECTURE", "FEATURE_LEVEL", "CONTAINER")
}
_NUMBERS = {"CPUS", "USABLE_CPUS", "MEMORY_BYTES", "USABLE_MEMORY_BYTES"}
_DRIVER = re.compile(r"([A-Z0-9]+)_DRIVER")
_FACT = re.compile(r"FACT_([A-Z0-9_]+)")


def override(platform: Platform, variables: Mapping[str, str]) -> Platform:
    """Replace facts by those that a person states.

    :raises UsageError: when a variable names no fact, or its value can't be read.
    """
    changes: dict[str, Any] = {}
    drivers, facts = dict(platform.drivers), dict(platform.facts)
    for variable, value in sorted(variables.items()):
        name = variable.removeprefix(PREFIX)
        if name == variable or name == "TARGET":
            continue
        if driver := _DRIVER.fullmatch(name):
            _put(drivers, driver[1].lower(), value or None)
        elif fact := _FACT.fullmatch(name):
            _put(facts, fact[1].lower(), _json(variable, value))
        else:
            changes[name.lower()] = _field(variable, name, value)
    return msgspec.structs.replace(platform, drivers=drivers, facts=facts, **changes)


def _put(table: dict[str, Any], key: str, value: object) -> None:
    table.pop(key, None)
    if value is not None:
        table[key] = value


def _field(variable: str, name: str, value: str) -> object:
    if name in _TEXTS:
        return value or None
    if name in _NUMBERS:
        if value and not (value.isascii() and value.isdigit()):
            raise UsageError(f"{variable}={value}: not a number", hint="write it in digits, or leave it empty")
        return int(value) if value else None
    if name == "FEATURES":
        return tuple(sorted(part for part in re.split(r"[,\s]+", value) if part))
    if name == "DEVICES":
        return _devices(variable, value)
    known = sorted(_TEXTS | _NUMBERS | {"TARGET", "FEATURES", "DEVICES", "<NAME>_DRIVER", "FACT_<NAME>"})
    raise UsageError(f"{variable}: there is no such fact", hint=f"{PREFIX}… takes {', '.join(known)}")


def _devices(variable: str, value: str) -> tuple[Device, ...]:
    if not value.lstrip().startswith("["):
        return tuple(_device(variable, part) for part in value.split(";") if part.strip())
    try:
        return msgspec.json.decode(value, type=tuple[Device, ...])
    except msgspec.MsgspecError as error:
        raise UsageError(f"{variable}: {error}", hint='each device needs "kind", "vendor" and "name"') from error


def _device(variable: str, text: str) -> Device:
    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in (2, 3) or not all(parts):
        raise UsageError(f"{variable}: can't read the device {text.strip()!r}", hint="write vendor:name[:capability]")
    attributes: dict[str, Value] = {}
    if len(parts) == 3:
        attributes["gfx" if parts[2].startswith("gfx") else "compute_capability"] = parts[2]
    return Device(kind="gpu", vendor=parts[0].lower(), name=parts[1], attributes=attributes)


def _json(variable: str, value: str) -> object:
    if not value:
        return None
    try:
        return msgspec.json.decode(value)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{variable}={value}: {error}", hint="write the fact as JSON") from error
