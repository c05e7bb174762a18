"""Whether a condition of a document holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from pkgmgr.model.package import Condition, Variant
from pkgmgr.model.target import Target
from pkgmgr.model.version import Version, VersionRange


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What conditions are held against."""

    target: Target
    libc: str | None = None
    version: str | None = None
    variants: Mapping[str, str] = field(default_factory=dict)

    def value(self, key: str) -> str | None:
        """Give the value of one key of a condition; None when it has none. A package's own variants come first."""
        if key in self.variants:
            return self.variants[key]
        if key in ("os", "arch", "libc", "target"):
            return {"os": self.target.os, "arch": self.target.arch, "libc": self.libc}.get(key, str(self.target))
        return None


def holds(condition: Condition, circumstances: Circumstances) -> bool:
    """Tell whether every key of a condition fits; of several globs under one key, one is enough."""
    return all(_fits(key, wanted, circumstances) for key, wanted in condition.items())


def _fits(key: str, wanted: str | tuple[str, ...], circumstances: Circumstances) -> bool:
    globs = (wanted,) if isinstance(wanted, str) else wanted
    if key == "version":
        version = Version(circumstances.version or "")
        return any(VersionRange(text).admits(version, prereleases=True) for text in globs)
    value = circumstances.value(key)
    refused = [glob[1:] for glob in globs if glob.startswith("!")]
    accepted = [glob for glob in globs if not glob.startswith("!")]
    if value is None or any(fnmatchcase(value, glob) for glob in refused):
        return value is None and not accepted
    return not accepted or any(fnmatchcase(value, glob) for glob in accepted)


def chosen_variants(declared: Mapping[str, Variant], asked: Mapping[str, str], target: Target) -> dict[str, str]:
    """Give each variant's value: what was asked for, else the target's default, else the default."""
    values = {}
    for name, variant in declared.items():
        special = next((value for glob, value in variant.default_for.items() if fnmatchcase(str(target), glob)), None)
        values[name] = asked.get(name, special or variant.default)
    return values
