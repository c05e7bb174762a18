"""What to put in front of a program of another machine. Pure but for looking whether a sysroot is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.target import Target, TargetDocument


def runs_natively(target: Target, host: Target) -> bool:
    """Tell whether the host runs the target's programs itself; static ones of another libc are no difference."""
    return target.os == host.os and target.arch == host.arch


def sysroot_of(document: TargetDocument, files: Files, compilers: Iterable[Entry] = ()) -> str | None:
    """Give the folder that holds the target's C library on this host; None when there is none.

    :param compilers: a cross GCC may bring one: ``<prefix>/<triple>``, which comes before the system's.
    """
    own = [f"{entry.prefix}/{triple}" for entry in compilers for triple in document.triples]
    return next((path for path in (*own, *document.sysroots) if files.stat(f"{path}/lib") is not None), None)


def emulator_of(document: TargetDocument, roles: Mapping[str, Entry]) -> str | None:
    """Give the program that runs a target's programs, of the emulator that an env requires; None without either."""
    emulators = (entry for entry in roles.values() if entry.soft == "tool.qemu-user")
    return next((row.files[role] for row in emulators for role in document.emulator if role in row.files), None)


def launcher(
    target: Target,
    host: Target,
    document: TargetDocument,
    roles: Mapping[str, Entry],
    files: Files,
    own_sysroot: str = "",
) -> tuple[str, ...]:
    """Give the words in front of a program: nothing, a command of the target, or an emulator.

    :param own_sysroot: the env's own folder with the target's C library; it goes before the system's.
    :raises CkpmError: when the host can't run the target's programs.
    """
    if document.command:
        return document.command
    if runs_natively(target, host):
        return ()
    program = emulator_of(document, roles)
    if program is None:
        emulator = next((entry for entry in roles.values() if entry.soft == "tool.qemu-user"), None)
        if emulator is not None:
            raise CkpmError(f"{emulator.id} does not emulate {target}", hint=f"it emulates {', '.join(emulator.files)}")
        hint = "the env should require soft:tool.qemu-user for this target, or the target give a command"
        raise CkpmError(f"nothing here runs {target} programs", hint=hint)
    compilers = [entry for entry in roles.values() if "compiler" in entry.tags]
    sysroot = own_sysroot or sysroot_of(document, files, compilers)
    return (program, "-L", sysroot) if sysroot is not None else (program,)
