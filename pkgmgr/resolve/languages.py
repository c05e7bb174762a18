"""Which languages, and which standards of them, a compiler compiles; how to say what it lacks. Pure."""

from __future__ import annotations

from pkgmgr.model.entry import Entry
from pkgmgr.model.package import Package
from pkgmgr.model.soft import Soft
from pkgmgr.model.standard import STANDARDS, language_of, spoken, standards_taken


def languages_of_entry(entry: Entry, soft: Soft) -> set[str]:
    """Give what a compiler that is there compiles."""
    stated = {*_texts(entry, "languages"), *_texts(entry, "standards")}
    if "standards" in entry.attributes:
        return stated
    # Installed before its soft knew of standards.
    return stated | set(standards_taken(soft.entry.standards, _number(entry, soft), stated))


def languages_of_package(package: Package, version: str | None, soft: Soft) -> set[str]:
    """Give what a compiler will compile once a package has made it."""
    stated = {*package.languages, *map(language_of, package.languages)}
    number = version if soft.entry.standards_by == "{version}" else None
    return stated | set(standards_taken(soft.entry.standards, number, stated))


def lack(name: str, entry: Entry | None, version: str | None, soft: Soft) -> str:
    """Say that a compiler does not take a language or a standard, and which version of it would."""
    what = f"{soft.name} {version or ''}".rstrip()
    language = language_of(name)
    if entry is not None and language != name and language not in _texts(entry, "languages"):
        return f"{what} has no {spoken(language)}"
    since = next((text for standard, text in soft.entry.standards.items() if standard == name), "")
    if not since:
        known = "" if name in STANDARDS or language == name else ", which is no standard that is known here"
        return f"{what} has no {spoken(name)}{known}"
    label = soft.entry.standards_by.strip("{}")
    number = "" if label == "version" else f"{label} "
    return f"{what} has no {spoken(name)}: it needs {number}{since.replace('>=', '≥ ')}"


def _texts(entry: Entry, attribute: str) -> list[str]:
    value = entry.attributes.get(attribute)
    return [str(item) for item in value] if isinstance(value, list) else []


def _number(entry: Entry, soft: Soft) -> str | None:
    """Give the number that a soft's standards speak of, of what was installed."""
    if soft.entry.standards_by == "{version}":
        return entry.version
    value = entry.attributes.get(soft.entry.standards_by.strip("{}"))
    return value if isinstance(value, str) else None
