"""A folder that runs on a machine which has no files of this one: what is in it, how it starts, whether it is whole.

Pure but for looking into ELF files.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pkgmgr.host.ports import ElfFacts
from pkgmgr.model.target import TargetDocument

LIBRARIES = "lib"
SCRIPT = "run.sh"
OUTPUT = "out"
"""Folder for what the program writes; it comes back from a device."""


@dataclass(frozen=True, kw_only=True)
class Needed:
    """Libraries that a program needs, and of those that they need."""

    found: Mapping[str, str]
    """Name → file."""
    missing: Mapping[str, str]
    """Name → what needs it."""


def needed_libraries(
    program: str,
    folders: Sequence[str],
    elf: Callable[[str], ElfFacts | None],
    document: TargetDocument,
) -> Needed:
    """Follow what a program needs through folders with libraries, its loader included.

    A library for another machine is passed over, as a loader does. One that each machine of the target has is left out.
    """
    found: dict[str, str] = {}
    missing: dict[str, str] = {}
    waiting = [program]
    while waiting:
        path = waiting.pop()
        facts = elf(path)
        if facts is None:
            continue
        loader = [PurePosixPath(facts.interpreter).name] if facts.interpreter else []
        for name in [*facts.needed, *loader]:
            if name in found or name in missing or name in document.libraries:
                continue
            places = (f"{folder}/{name}" for folder in folders)
            fitting = (place for place in places if _is_for(elf(place), facts.machine))
            place = next(fitting, None)
            if place is not None:
                found[name] = place
                waiting.append(place)
            elif name not in loader:  # a loader by its full path is the system's own
                missing[name] = path
    return Needed(found=found, missing=missing)


def _is_for(facts: ElfFacts | None, machine: int) -> bool:
    return facts is not None and facts.machine == machine and facts.kind in ("shared", "executable")


def own_loader(interpreter: str | None, libraries: Mapping[str, str]) -> str:
    """Give the loader that the folder brings, relative to it; '' where the system's is used, or none."""
    name = PurePosixPath(interpreter).name if interpreter else ""
    return f"{LIBRARIES}/{name}" if name and name in libraries else ""


def start_words(program: str, loader: str) -> tuple[str, ...]:
    """Give what starts the program, in the folder."""
    if not loader:
        return (f"./{program}",)
    return (f"./{loader}", "--library-path", f"./{LIBRARIES}", f"./{program}")


def run_script(program: str, loader: str, args: Sequence[str]) -> str:
    """Write the folder's script: it runs in any POSIX shell, wherever the folder lies.

    :param args: passed on where the script is given none; ``*`` stands for files.
    """
    words = " ".join("*".join(shlex.quote(part) if part else "" for part in word.split("*")) for word in args)
    path = "" if loader else f"LD_LIBRARY_PATH=./{LIBRARIES}\nexport LD_LIBRARY_PATH\n"
    default = f"[ $# -gt 0 ] || set -- {words}\n" if words else ""
    return (
        f'#!/bin/sh\nset -eu\ncd "$(dirname "$0")"\nmkdir -p {OUTPUT}\n{default}{path}'
        f'exec {shlex.join(start_words(program, loader))} "$@"\n'
    )


def faults(files: Mapping[str, ElfFacts], document: TargetDocument) -> list[str]:
    """Say what in a folder would not run on the target; empty when all is well.

    :param files: place in the folder → what its ELF header says.
    """
    inside = {PurePosixPath(name).name for name in files}
    wrong = []
    for name, facts in files.items():
        if facts.machine != document.elf_machine:
            wrong.append(f"{name}: ELF machine {facts.machine}, and {document.name} is {document.elf_machine}")
        lacking = [need for need in facts.needed if need not in inside and need not in document.libraries]
        if lacking:
            wrong.append(f"{name}: needs {', '.join(lacking)}, which the folder and {document.name} do not have")
    return wrong
