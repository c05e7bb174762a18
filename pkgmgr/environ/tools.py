"""What build tools are told about entries: commands of compilers, prefixes of libraries. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pkgmgr.environ.aim import clang_flags
from pkgmgr.environ.request import ExportRequest, is_cross
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import UsageError

SEARCHED_ANYWAY = frozenset({"/", "/usr", "/usr/local", ""})
"""Prefixes that every build tool looks into; naming them would put them in front of others."""

NDK = "compiler.android-ndk"


def commands(request: ExportRequest) -> dict[str, tuple[str, ...]]:
    """Give the command of each role (``c``, ``cxx``, ``ar``, …); the first compiler that has one decides."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in request.entries:
        if entry.soft.startswith("compiler."):
            for role, command in _commands_of(entry, request):
                found.setdefault(role, command)
    return found


def _commands_of(entry: Entry, request: ExportRequest) -> Iterator[tuple[str, tuple[str, ...]]]:
    target = _target_flag(entry, request)
    several = entry.attributes.get("commands")
    if isinstance(several, Mapping):  # zig: one program that is several compilers
        for role, words in several.items():
            if isinstance(words, Sequence):
                yield role, (*(str(word) for word in words), *(target if role in ("c", "cxx") else ()))
        return
    for role, path in entry.files.items():
        yield role, (path, *(target if role in ("c", "cxx") else ()))


def _target_flag(entry: Entry, request: ExportRequest) -> tuple[str, ...]:
    if not is_cross(request):
        return ()
    if isinstance(entry.attributes.get("commands"), Mapping):
        if request.toolchain is None or not request.toolchain.zig:
            raise UsageError(f"{entry.id} can't compile for {request.target}: nothing is known of its name there")
        return ("-target", request.toolchain.zig)
    if entry.soft == NDK and request.triple:
        return (f"--target={request.triple}",)
    return clang_flags(entry, request.target, request.triple)


def prefixes(request: ExportRequest) -> list[str]:
    """Give the prefixes of libraries, each once, in order."""
    given = (entry.prefix for entry in request.entries if entry.soft.startswith("lib."))
    return [prefix for prefix in dict.fromkeys(given) if prefix not in SEARCHED_ANYWAY]


def has_system_libraries(request: ExportRequest) -> bool:
    """Tell whether a library lies where every build tool looks anyway."""
    return any(entry.soft.startswith("lib.") and entry.prefix in SEARCHED_ANYWAY for entry in request.entries)


def brings_libraries(request: ExportRequest) -> bool:
    """Tell whether a compiler makes the target's C library itself, as zig does: there is no folder to find it in."""
    return any(isinstance(entry.attributes.get("commands"), Mapping) for entry in request.entries)


def sysroots(request: ExportRequest) -> list[str]:
    """Give the roots of the target's file system that the compilers name, each once; the host's own is none."""
    told = (entry.attributes.get("sysroot") for entry in request.entries if entry.soft.startswith("compiler."))
    return [str(root) for root in dict.fromkeys(told) if root not in (None, "", "/")]


def ndk(request: ExportRequest) -> Entry | None:
    """Give the Android NDK among the entries, for tools that know its layout themselves."""
    return next((entry for entry in request.entries if entry.soft == NDK), None)


def name_for(entry: Entry, tool: str, request: ExportRequest) -> str:
    """Give what another tool calls an entry's soft."""
    return request.names.get(entry.soft, {}).get(tool) or entry.soft.partition(".")[2]
