"""Which further targets a clang serves with a root file system that a target's document names.

Detection tells what a clang can link for with what distributions install. A root file system, as of a board, lies
wherever a person has put it: the document of the target says where (``sysroots``), and detection knows no documents of
targets. What must be there is what ``clang --target=… --sysroot=…`` looks for: start files, GCC's own, a linker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec

from pkgmgr.detect.clang_targets import START_FILES, any_there, backend, backends, has_gcc, has_linker
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Entry, Value
from pkgmgr.model.target import TargetDocument, parse_target

if TYPE_CHECKING:
    from pkgmgr.detect.ask import Asker


def with_roots(clangs: Sequence[Entry], targets: Iterable[TargetDocument], asker: Asker) -> list[Entry]:
    """Add to what clangs emit the targets whose root file system is here and holds all that a link takes."""
    files = asker.host.files
    rooted = [(target, root) for target in targets if (root := root_of(target, files)) is not None]
    return [_with_roots(entry, rooted, asker) for entry in clangs] if rooted else list(clangs)


def root_of(target: TargetDocument, files: Files) -> str | None:
    """Give the root file system of a target that is on this host, if its document names one that is."""
    return next((root for root in target.sysroots if files.stat(f"{root}/usr/include") is not None), None)


def _with_roots(entry: Entry, rooted: Sequence[tuple[TargetDocument, str]], asker: Asker) -> Entry:
    files = asker.host.files
    new = {
        target.name: (target.triples[0], root)
        for target, root in rooted
        if target.name not in entry.emits and _can_link(entry, target, root, files)
    }
    program = entry.files.get("c") or entry.files.get("cxx")
    known = backends(asker, program) if new and program is not None else frozenset[str]()
    new = {name: row for name, row in new.items() if backend(parse_target(name)) in known}
    if not new:
        return entry
    held = entry.attributes.get("triples")
    triples: dict[str, Value] = {**(held if isinstance(held, Mapping) else {}), **{n: row[0] for n, row in new.items()}}
    attributes: dict[str, Value] = {
        **entry.attributes,
        "emits": [*entry.emits, *new],
        "triples": triples,
        "sysroots": {name: row[1] for name, row in new.items()},
    }
    return msgspec.structs.replace(entry, attributes=attributes)


def _can_link(entry: Entry, target: TargetDocument, root: str, files: Files) -> bool:
    starts = (f"{root}/{part.format(triple=triple)}" for part in START_FILES for triple in target.triples)
    gccs = (f"{root}/usr/lib/gcc/{triple}" for triple in target.triples)
    folders = [*dict.fromkeys([*(str(PurePath(path).parent) for path in entry.files.values()), "/usr/bin"])]
    return (
        any_there(files, starts)
        and any(has_gcc(files, folder, with_cxx="cxx" in entry.files) for folder in gccs)
        and ("linker" in entry.files or any(has_linker(files, folders, triple) for triple in target.triples))
    )
