"""Which further targets a clang serves with a root file system that a target's document names.

Detection tells what a clang can link for with what distributions install. A root file system, as of a board, lies
wherever a person has put it: the document of the target says where (``sysroots``), and detection knows no documents of
targets. What must be there is what ``clang --target=… --sysroot=…`` looks for: start files, GCC's own, a linker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

import msgspec

from pkgmgr.detect.ask import Asker
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Entry, Value
from pkgmgr.model.target import TargetDocument, parse_target

_START_FILES = ("usr/lib/crt1.o", "usr/lib64/crt1.o", "usr/lib/{triple}/crt1.o", "lib/crt1.o", "lib/{triple}/crt1.o")
# How `clang --print-targets` calls the architectures.
_BACKENDS = {"x86_64": "x86-64", "arm64": "aarch64", "x86": "x86"}


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
    known = _backends(entry, asker) if new else frozenset[str]()
    new = {name: row for name, row in new.items() if _backend(name) in known}
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
    starts = (f"{root}/{part.format(triple=triple)}" for part in _START_FILES for triple in target.triples)
    return (
        _there(files, starts)
        and any(_has_gcc(files, f"{root}/usr/lib/gcc/{triple}", entry) for triple in target.triples)
        and ("linker" in entry.files or _there(files, _linkers(entry, target)))
    )


def _has_gcc(files: Files, folder: str, entry: Entry) -> bool:
    """Look for GCC's start files, and for its C++ library where the clang is one for C++."""
    places = [f"{folder}/{name}" for name in files.names(folder)]
    kept = [place for place in places if files.stat(f"{place}/crtbegin.o") is not None]
    libraries = (f"{place}/libstdc++{ending}" for place in kept for ending in (".so", ".a"))
    return bool(kept) and ("cxx" not in entry.files or _there(files, libraries))


def _linkers(entry: Entry, target: TargetDocument) -> Iterator[str]:
    folders = dict.fromkeys([*(str(PurePath(path).parent) for path in entry.files.values()), "/usr/bin"])
    for folder in folders:
        yield f"{folder}/ld.lld"
        yield from (f"{folder}/{triple}-ld" for triple in target.triples)


def _there(files: Files, paths: Iterable[str]) -> bool:
    return any(files.stat(path) is not None for path in paths)


def _backend(target: str) -> str:
    arch = parse_target(target).arch
    return _BACKENDS.get(arch, arch)


def _backends(entry: Entry, asker: Asker) -> frozenset[str]:
    """Ask which architectures were built in; asked only where one of another kind could be linked for."""
    program = entry.files.get("c") or entry.files.get("cxx")
    answer = asker.run([program, "--print-targets"]) if program is not None else None
    if answer is None or answer.exit_code != 0:
        return frozenset()
    rows = (line.split(" - ")[0].strip() for line in answer.both.splitlines() if " - " in line)
    return frozenset(rows)
