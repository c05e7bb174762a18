"""One entry for each installation, the best of a soft first. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pkgmgr.model.entry import Entry, version_key
from pkgmgr.model.target import ANY


def merge(entries: Iterable[Entry], *, host: str = "") -> list[Entry]:
    """Keep one entry of each installation and put the best of a soft first.

    Wrappers and copies give the same version, prefix and target as what they stand for; the one whose own file
    lies in the prefix is kept.

    :param host: the target that this machine is; what runs elsewhere comes after what runs here.
    """
    kept: dict[tuple[object, ...], Entry] = {}
    for entry in entries:
        # One model in two formats, and two builds of a library side by side, are two.
        variant = entry.attributes.get("format"), entry.attributes.get("variant")
        key: tuple[object, ...] = (
            entry.soft,
            entry.version,
            entry.prefix,
            entry.target,
            entry.emits,
            str(variant),
        )
        if entry.target == "any" or entry.soft.startswith("platform."):
            key = (entry.id,)
        if key not in kept or (not _is_inside(kept[key]) and _is_inside(entry)):
            kept[key] = entry
    return best_first(kept.values(), host=host)


def best_first(entries: Iterable[Entry], *, host: str = "") -> list[Entry]:
    """Order entries of one soft as a requirement takes them that asks for no version."""
    return sorted(entries, key=lambda entry: _goodness(entry, host))


def _is_inside(entry: Entry) -> bool:
    return all(path.startswith(entry.prefix.rstrip("/") + "/") for path in entry.files.values())


class _Newest:
    """Orders versions the newest first inside an ascending sort."""

    __slots__ = ("_key",)

    def __init__(self, entry: Entry) -> None:
        self._key = version_key(entry)

    def __lt__(self, other: _Newest) -> bool:
        return other._key < self._key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Newest) and other._key == self._key

    __hash__ = None  # type: ignore[assignment]


def _goodness(entry: Entry, host: str) -> tuple[bool, bool, bool, _Newest, bool]:
    """Put native ones first, then whole ones, then releases, then the newest: the first is what a requirement takes.

    Of one version, the usual build comes before a variant (a debug build of Python); what is equal stays in the order
    in which it was found: that of PATH.
    """
    is_cross = bool(entry.emits) and entry.target not in entry.emits
    is_cross = is_cross or (bool(host) and entry.target not in (host, ANY))
    is_variant = bool(entry.attributes.get("variant"))
    return (is_cross, not entry.is_whole, version_key(entry).is_prerelease, _Newest(entry), is_variant)
