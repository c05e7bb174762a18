"""What an entry needs, and what that needs in turn. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pkgmgr.model.entry import Entry


def reached(entries: Iterable[Entry], known: Mapping[str, Entry]) -> list[Entry]:
    """Give entries and all that they need, each once and before what it needs, as a linker wants static libraries.

    :param known: id → entry, of those that may be needed. What is not known lies outside of the store.
    """
    after: dict[str, Entry] = {}

    def visit(entry: Entry, way: frozenset[str]) -> None:
        if entry.id in after or entry.id in way:
            return
        for name in reversed(entry.deps):
            if name in known:
                visit(known[name], way | {entry.id})
        after[entry.id] = entry

    for entry in reversed(list(entries)):
        visit(entry, frozenset())
    return list(reversed(after.values()))


def libraries_behind(entries: Sequence[Entry], installed: Callable[[], Iterable[Entry]]) -> list[Entry]:
    """Give the libraries that the libraries among some entries need, and what these need in turn.

    :param installed: gives what may be needed; not called where nothing is.
    """
    libraries = [entry for entry in entries if _is_library(entry)]
    if not any(entry.deps for entry in libraries):
        return []
    found = reached(libraries, {entry.id: entry for entry in installed() if _is_library(entry)})
    given = {entry.id for entry in entries}
    return [entry for entry in found if entry.id not in given]


def with_further(roles: Mapping[str, Entry], known: Mapping[str, Entry]) -> dict[str, Entry]:
    """Add the libraries that the resolved ones need: a ``.pc`` file names them, and a static link takes them.

    They stand under their ids, which no document can name: what it uses itself, it must require.
    """
    found = reached(roles.values(), known)
    direct = {entry.id for entry in roles.values()}
    return {**roles, **{entry.id: entry for entry in found if entry.id not in direct and _is_library(entry)}}


def _is_library(entry: Entry) -> bool:
    return entry.soft.startswith("lib.")
