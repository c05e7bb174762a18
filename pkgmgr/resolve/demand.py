"""One thing that is wanted, for one machine: what requirements are read into. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pkgmgr.model.package import Require
from pkgmgr.model.reference import Reference, parse_reference
from pkgmgr.model.target import Target
from pkgmgr.model.version import VersionRange

BUILD_FAMILIES = ("compiler", "tool", "lang")
"""Softs that serve a build: what is wanted of them runs on the host."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """A requirement with everything settled that does not need the world."""

    text: str
    """As a person wrote it."""
    role: str
    target: Target
    """What the result is for. Compilers and tools run on the host and serve it."""
    soft: str = ""
    package: str = ""
    """Only what this package installed will do."""
    range: VersionRange = field(default_factory=lambda: VersionRange(""))
    variants: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()
    by: str = ""
    """Who demands it: a package, or '' for the person."""

    @property
    def takes_substitutes(self) -> bool:
        """Tell whether a toolchain for another target, whose programs run on this one, will do.

        Not inside a package's build: there the package as a whole is built for that other target.
        """
        return not self.by

    def __hash__(self) -> int:
        return hash((self.text, self.role, self.target, self.by))


def read_requirement(requirement: str | Require, target: Target, host: Target, *, by: str = "") -> Demand:
    """Read one requirement of a person, an env or a package.

    :raises UsageError: when its text is malformed.
    """
    if isinstance(requirement, str):
        requirement = _row(requirement)
    runs = host if requirement.on == "host" else target
    languages = f" for {', '.join(requirement.languages)}" if requirement.languages else ""
    if requirement.soft:
        reference = parse_reference(requirement.soft, kind="soft")
    elif requirement.package:
        reference = parse_reference(requirement.package, kind="package")
    else:
        tags = ",".join(requirement.tags)
        default = "compiler" if "compiler" in requirement.tags else tags
        return Demand(
            text=f"tags {tags}{languages}",
            role=requirement.role or default,
            target=runs,
            tags=requirement.tags,
            languages=requirement.languages,
            prefer=requirement.prefer,
            by=by,
        )
    variants = dict(reference.variants)
    # What a text can say of languages, as it does of a distribution's extras: `compiler.gcc+languages=c11/cxx17`.
    is_compiler = reference.kind == "soft" and reference.name.startswith(("compiler.", "lang."))
    named = variants.pop("languages", "") if is_compiler else ""
    return Demand(
        text=f"{reference}{languages}",
        role=requirement.role or reference.name,
        target=runs,
        soft=reference.name if reference.kind == "soft" else "",
        package=reference.name if reference.kind == "package" else "",
        range=reference.range,
        variants=variants,
        languages=(*requirement.languages, *(name for name in named.split("/") if name)),
        by=by,
    )


def _row(text: str) -> Require:
    reference: Reference = parse_reference(text, kind="soft")
    body = str(reference).partition(":")[2]
    return Require(package=body) if reference.kind == "package" else Require(soft=body)
