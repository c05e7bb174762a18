"""What people type: ``soft:compiler.gcc@>=12``, ``package:model-ssd-mobilenet+format=tf``. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from pkgmgr.model.errors import UsageError
from pkgmgr.model.version import VersionRange

KINDS = ("soft", "package", "entry", "env", "target", "repo", "platform", "result")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*$")
_VARIANT = re.compile(r"\+(?=[A-Za-z_][\w.-]*=)")


class Tags(msgspec.Struct, frozen=True, kw_only=True):
    """A choice by tags: all of ``wanted``, none of ``excluded``."""

    wanted: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    def admits(self, tags: frozenset[str] | set[str] | tuple[str, ...]) -> bool:
        """Tell whether something with these tags is chosen."""
        return self.wanted.issubset(tags) and not self.excluded.intersection(tags)

    def __bool__(self) -> bool:
        return bool(self.wanted or self.excluded)

    def __str__(self) -> str:
        return ",".join([*sorted(self.wanted), *(f"-{tag}" for tag in sorted(self.excluded))])


def parse_tags(text: str) -> Tags:
    """Read ``a,b,-c``."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return Tags(
        wanted=frozenset(part for part in parts if not part.startswith("-")),
        excluded=frozenset(part[1:] for part in parts if part.startswith("-")),
    )


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person names."""

    kind: str
    name: str
    """A name, or for an env or a document its path."""
    range: VersionRange = msgspec.field(default_factory=lambda: VersionRange(""))
    variants: Mapping[str, str] = msgspec.field(default_factory=dict)

    def __str__(self) -> str:
        version = f"@{self.range}" if not self.range.is_any else ""
        variants = "".join(f"+{key}={value}" for key, value in sorted(self.variants.items()))
        return f"{self.kind}:{self.name}{version}{variants}"


def is_path(text: str) -> bool:
    """Tell whether a text can only be the path of a document or of its folder, not a name."""
    return "/" in text or "\\" in text or text in (".", "..") or text.endswith((".toml", ".json"))


def parse_reference(text: str, *, kind: str | None = None) -> Reference:
    """Read ``[KIND:]NAME[@VERSION][+VARIANT=VALUE…]``.

    :param kind: what is meant when the text names no kind.
    :raises UsageError: when the kind is unknown or missing, or a part is malformed.
    """
    head, _, rest = text.partition(":")
    if rest and head in KINDS:
        kind, body = head, rest
    elif kind is None:
        raise UsageError(f"which kind of thing is {text!r}?", hint=f"write KIND:NAME, KIND one of {', '.join(KINDS)}")
    else:
        body = text
    if kind == "env" and is_path(body):
        return Reference(kind=kind, name=body)
    name, at, tail = body.partition("@")
    if at:
        pieces = _VARIANT.split(tail)
        version, variants = pieces[0], pieces[1:]
    else:
        pieces = _VARIANT.split(name)
        name, version, variants = pieces[0], "", pieces[1:]
    if not _NAME.match(name):
        raise UsageError(f"{name!r} in {text!r} is not a name", hint="names hold letters, digits, '.', '_' and '-'")
    if at and not version:
        raise UsageError(f"no version behind '@' in {text!r}")
    return Reference(
        kind=kind,
        name=name,
        range=VersionRange(version),
        variants=dict(_parse_variant(item, text) for item in variants),
    )


def _parse_variant(item: str, whole: str) -> tuple[str, str]:
    key, _, value = item.partition("=")
    if not value:
        raise UsageError(f"the variant {key!r} in {whole!r} has no value", hint="write +NAME=VALUE")
    return key, value


def read_word(word: str) -> Reference:
    """Read one word of a command that takes softs, entries and envs: what looks like a path is an env's."""
    is_path = "/" in word or "\\" in word or word in (".", "..") or word.endswith((".toml", ".json"))
    return parse_reference(word, kind="env" if is_path else "soft")
