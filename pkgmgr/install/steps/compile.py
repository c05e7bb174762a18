"""Compile and link with one command: small libraries and programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from glob import glob
from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.install.reach import reached
from pkgmgr.install.toolchain import reproducible_flags
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.package import Compile

_SYSTEM_INCLUDE = re.compile(r"/usr/include(?:/[a-z0-9_]+-linux-(?:gnu|musl)\w*)?")


def perform(step: Compile, context: BuildContext) -> None:
    """Compile all sources in one call: zig's first call builds its C library, later ones don't."""
    toolchain = context.require_toolchain()
    command = toolchain.cxx if step.language == "cxx" else toolchain.c
    sources = [path for pattern in step.sources for path in _sources(context, pattern)]
    output = Path(context.fill(step.output))
    output.parent.mkdir(parents=True, exist_ok=True)
    flags = ["-O2", *toolchain.flags, *context.fill_all(step.flags)]
    flags += [f"-I{folder}" for folder in context.fill_all(step.include)]
    flags += reproducible_flags({str(context.build): ".", str(context.folder): "."})
    used = [_require(context, role) for role in step.uses]
    flags += [flag for entry in used for flag in include_flags(entry)]
    libraries = {entry.id: entry for entry in context.roles.values() if entry.soft.startswith("lib.")}
    linked = reached(used, libraries)  # a static library does not bring what it needs, a shared one may not find it
    is_static = "-static" in toolchain.flags
    links = [*keep_flags(linked, is_static=is_static)]
    links += [flag for entry in linked for flag in link_flags(entry, is_static=is_static)]
    links += [f"-l{name}" for name in context.fill_all(step.libraries)]
    if step.product in ("object", "static"):
        _archive(step, context, [*command, *flags], sources, output)
        return
    if step.product == "shared":
        flags += ["-shared", "-fPIC"] + ([f"-Wl,-soname,{step.soname}"] if step.soname else [])
    context.run([*command, *flags, "-o", str(output), *sources, *links])


def _sources(context: BuildContext, pattern: str) -> list[str]:
    place = context.fill(pattern)
    found = sorted(glob(place, root_dir=context.build)) or sorted(glob(str(context.folder / place)))
    if not found:
        raise CkpmError(f"{context.name}: compile: nothing matches {place}")
    return [str(context.build / name) for name in found]


def _require(context: BuildContext, role: str) -> Entry:
    entry = context.roles.get(role)
    if entry is None:
        raise CkpmError(f"{context.name}: nothing has the role {role!r}", hint=f"there are {', '.join(context.roles)}")
    return entry


def include_flags(entry: Entry) -> list[str]:
    """Give the flags with which a library's headers are found; none for folders that compilers look in anyway.

    A detected library says where they lie: Debian's OpenCV and Eigen are below ``/usr/include``, and not in it.
    """
    folders = entry.attributes.get("include_dirs")
    if isinstance(folders, list):
        return [f"-I{folder}" for folder in folders if not _SYSTEM_INCLUDE.fullmatch(str(folder))]
    header = entry.files.get("header")
    if header is None or entry.prefix == "/usr":
        return []
    return [f"-I{Path(entry.prefix) / 'include'}"]


def link_flags(entry: Entry, *, is_static: bool) -> list[str]:
    """Give the library's own file, which leaves no doubt about which one is meant."""
    shared, static = entry.files.get("shared"), entry.files.get("static")
    if is_static or shared is None:
        path = static or entry.files.get("library")
        return [path] if path is not None else []
    folder = str(Path(shared).parent)
    return [shared] if entry.prefix == "/usr" else [shared, f"-Wl,-rpath,{folder}"]


def keep_flags(linked: Sequence[Entry], *, is_static: bool) -> list[str]:
    """Give what keeps a linker from leaving out libraries that only another shared library needs.

    That one looks for them in its own run path and in the system's folders, not in the program's run path; what the
    program itself names is found there. Linkers of ELF objects alone have such an option, and need it.
    """
    is_elf = any(entry.target.startswith(("linux-", "android-")) for entry in linked)
    needs_another = any(entry.deps and "shared" in entry.files for entry in linked)
    return ["-Wl,--no-as-needed"] if is_elf and needs_another and not is_static else []


def _archive(step: Compile, context: BuildContext, command: list[str], sources: list[str], output: Path) -> None:
    toolchain = context.require_toolchain()
    objects = []
    for number, source in enumerate(sources):
        path = context.build / f"{Path(source).stem}-{number}.o"
        context.run([*command, "-c", "-fPIC", "-o", str(path), source])
        objects.append(str(path))
    if step.product == "static":
        output.unlink(missing_ok=True)
        # D: no times, no owners, so that the same objects make the same archive.
        context.run([*toolchain.ar, "rcsD", str(output), *objects])
