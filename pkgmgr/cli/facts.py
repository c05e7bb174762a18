"""The facts of a machine as a person likes to read them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pkgmgr.cli.table import table
from pkgmgr.host.override import PREFIX
from pkgmgr.model.entry import Value
from pkgmgr.model.platform import Device, Platform

_SHOWN_FEATURES = 12


def platform_text(platform: Platform, *, stated: Mapping[str, str], verbose: bool = False) -> str:
    """Show a machine.

    :param stated: the variables of the person; those that state a fact are named at the end.
    :param verbose: show every processor feature.
    """
    rows = [
        ("system", _system(platform)),
        ("processor", _processor(platform)),
        ("features", _features(platform.features, verbose=verbose)),
        ("caches", ", ".join(_caches(platform.facts.get("caches")))),
        ("NUMA nodes", _nodes(platform.facts.get("numa_nodes"))),
        ("memory", _memory(platform)),
        ("container", _container(platform)),
        *(("drivers" if place == 0 else "", text) for place, text in enumerate(_drivers(platform.drivers))),
        *((device.kind, _device(device)) for device in platform.devices),
        *(("OpenCL", text) for text in _runtimes(platform.facts.get("opencl"))),
        *(("Vulkan", text) for text in _runtimes(platform.facts.get("vulkan"))),
        *(("visible", text) for text in _pairs(platform.facts.get("visible_devices"))),
        *(("stated", f"{name}={value}") for name, value in sorted(stated.items()) if name.startswith(PREFIX)),
    ]
    return table([[name, text] for name, text in rows if text])


def size_text(count: int) -> str:
    """Write bytes as people do: 32 KiB, 23.5 GiB."""
    amount, units = float(count), ("B", "KiB", "MiB", "GiB", "TiB")
    place = 0
    while amount >= 1024 and place < len(units) - 1:
        amount, place = amount / 1024, place + 1
    return f"{amount:.1f}".removesuffix(".0") + f" {units[place]}"


def _joined(parts: Iterable[str | None]) -> str:
    return ", ".join(part for part in parts if part)


def _system(platform: Platform) -> str:
    distribution = " ".join(filter(None, (platform.distribution, platform.distribution_version)))
    libc = " ".join(filter(None, (platform.libc, platform.libc_version)))
    kernel = f"kernel {platform.kernel}" if platform.kernel else None
    return _joined([platform.target, distribution, kernel, libc])


def _processor(platform: Platform) -> str:
    names = dict.fromkeys(name for name in (platform.microarchitecture, platform.feature_level) if name)
    count = platform.usable_cpus or platform.cpus
    usable = None
    if count is not None:
        is_cut = platform.cpus is not None and platform.cpus != count
        usable = f"{count} of {platform.cpus} processors usable" if is_cut else f"{count} processors"
    return _joined([platform.cpu, " in ".join(names), usable])


def _features(features: tuple[str, ...], *, verbose: bool) -> str:
    if verbose or len(features) <= _SHOWN_FEATURES:
        return " ".join(features)
    # The vector units are what people build for; the rest is there with -v.
    telling = [name for name in features if name.startswith(("avx", "amx", "sse4", "sve", "asimd", "neon", "fma"))]
    return f"{' '.join(telling)} … ({len(features)} in all; -v shows them)" if telling else f"{len(features)} in all"


def _rows(value: Value) -> Iterator[dict[str, Value]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _caches(value: Value) -> Iterator[str]:
    for row in _rows(value):
        kind = {"data": "d", "instruction": "i"}.get(str(row.get("kind")), "")
        count = row.get("bytes")
        yield f"L{row.get('level')}{kind} {size_text(count) if isinstance(count, int) else '?'}"


def _nodes(value: Value) -> str:
    sizes = [len(cpus) for row in _rows(value) if isinstance(cpus := row.get("cpus"), list)]
    return f"{len(sizes)}, of {', '.join(map(str, sizes))} processors" if len(sizes) > 1 else ""


def _memory(platform: Platform) -> str:
    whole, usable = platform.memory_bytes, platform.usable_memory_bytes
    if whole is None:
        return size_text(usable) if usable is not None else ""
    is_cut = usable is not None and usable != whole
    return f"{size_text(whole)}, {size_text(usable or 0)} of it usable" if is_cut else size_text(whole)


def _container(platform: Platform) -> str:
    wsl = platform.facts.get("wsl")
    return _joined([platform.container, f"WSL {wsl}" if wsl else None])


def _drivers(drivers: Mapping[str, str]) -> Iterator[str]:
    for name, version in sorted(drivers.items()):
        yield f"serves CUDA up to {version}" if name == "cuda" else f"{name} {version}"


def _device(device: Device) -> str:
    facts = device.attributes
    memory, capability = facts.get("memory_bytes"), facts.get("compute_capability")
    named = device.name if device.vendor.lower() in device.name.lower() else f"{device.vendor} {device.name}"
    return _joined(
        [
            named,
            f"compute capability {capability}" if capability else None,
            *(str(facts[key]) for key in ("gfx", "metal", "driver", "node") if facts.get(key)),
            f"{facts['cores']} cores" if facts.get("cores") else None,
            size_text(memory) if isinstance(memory, int) else None,
            str(facts["pci"]) if facts.get("pci") else None,
        ]
    )


def _runtimes(value: Value) -> Iterator[str]:
    for row in _rows(value):
        version = row.get("api_version")
        yield _joined([str(row.get("library")), str(version) if version else None, str(row.get("file"))])


def _pairs(value: Value) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{name}={item}" for name, item in value.items())
