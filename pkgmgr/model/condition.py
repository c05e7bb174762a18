"""Whether a condition of a document holds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from pkgmgr.model.package import Condition, Variant
from pkgmgr.model.platform import Platform
from pkgmgr.model.target import Target
from pkgmgr.model.version import Version, VersionRange

_RANGE_OPERATORS = (">", "<", "==", "~=")
"""What a text in a condition begins with when it is a range and not a glob."""


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What conditions are held against."""

    target: Target
    libc: str | None = None
    version: str | None = None
    variants: Mapping[str, str] = {}
    facts: Mapping[str, str] = {}
    """Of the machine that the target is, where that is known: see `platform_facts`."""

    def value(self, key: str) -> str | None:
        """Give the value of one key of a condition; None when it has none. A package's own variants come first."""
        if key in self.variants:
            return self.variants[key]
        if key in ("os", "arch", "libc", "target"):
            return {"os": self.target.os, "arch": self.target.arch, "libc": self.libc}.get(key, str(self.target))
        return self.facts.get(key)


def platform_facts(platform: Platform) -> dict[str, str]:
    """Give what conditions may ask about a machine: ``libc_version = ">=2.28"``, ``gpu = "nvidia"``, …

    A fact that was not established is absent, and no condition on it holds but a negated one.
    """
    known = {
        "libc_version": platform.libc_version,
        "kernel": platform.kernel,
        "distribution": platform.distribution,
        "distribution_version": platform.distribution_version,
        "microarchitecture": platform.microarchitecture,
        "feature_level": platform.feature_level,
        "container": platform.container,
    }
    facts = {key: value for key, value in known.items() if value is not None}
    facts |= {f"driver.{name}": version for name, version in platform.drivers.items()}
    for device in platform.devices:
        facts.setdefault(device.kind, device.vendor)
        capability = device.attributes.get("compute_capability")
        if isinstance(capability, str):
            facts.setdefault("compute_capability", capability)
    return facts


class LateFacts(Mapping[str, str]):
    """Facts that are read from the machine when a condition first asks for one: most never do.

    :param read: gives them.
    """

    def __init__(self, read: Callable[[], Mapping[str, str]]) -> None:
        self._read = read
        self._known: Mapping[str, str] | None = None

    def _all(self) -> Mapping[str, str]:
        if self._known is None:
            self._known = self._read()
        return self._known

    def __getitem__(self, key: str) -> str:
        return self._all()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def asked_facts(conditions: Iterable[Condition], circumstances: Circumstances) -> dict[str, str]:
    """Give the facts of the machine that conditions ask for: a result depends on these and on no others."""
    own = {"os", "arch", "libc", "target", "version", *circumstances.variants}
    keys = sorted({key for condition in conditions for key in condition} - own)
    return {key: value for key in keys if (value := circumstances.facts.get(key)) is not None}


def holds(condition: Condition, circumstances: Circumstances) -> bool:
    """Tell whether every key of a condition fits; of several globs under one key, one is enough."""
    return all(_fits(key, wanted, circumstances) for key, wanted in condition.items())


_version = lru_cache(maxsize=4096)(Version)
_range = lru_cache(maxsize=4096)(VersionRange)
"""The same few texts are asked for again and again: for each version of a package, all its conditions."""


def _fits(key: str, wanted: str | tuple[str, ...], circumstances: Circumstances) -> bool:
    texts = (wanted,) if isinstance(wanted, str) else wanted
    if key == "version":
        version = _version(circumstances.version or "")
        return any(_range(text).admits(version, prereleases=True) for text in texts)
    value = circumstances.value(key)
    refused = [text[1:] for text in texts if text.startswith("!")]
    accepted = [text for text in texts if not text.startswith("!")]
    if value is None or any(_is_like(value, text) for text in refused):
        return value is None and not accepted
    return not accepted or any(_is_like(value, text) for text in accepted)


def _is_like(value: str, text: str) -> bool:
    if text.startswith(_RANGE_OPERATORS):
        return _range(text).admits(_version(value), prereleases=True)
    return fnmatchcase(value, text)


def chosen_variants(declared: Mapping[str, Variant], asked: Mapping[str, str], target: Target) -> dict[str, str]:
    """Give each variant's value: what was asked for, else the target's default, else the default."""
    values = {}
    for name, variant in declared.items():
        special = next((value for glob, value in variant.default_for.items() if fnmatchcase(str(target), glob)), None)
        values[name] = asked.get(name, special or variant.default)
    return values
