"""Libraries that can be linked: the library file and its headers, both there, for one target.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from pkgmgr.detect.candidates import Candidate, Finding
from pkgmgr.detect.folders import SYSTEM_PREFIXES, Folder, Folders
from pkgmgr.host.ports import Files
from pkgmgr.model.entry import Rejection, Value
from pkgmgr.model.soft import LibraryFind, Soft
from pkgmgr.model.target import find_target

_MULTIARCH = re.compile(r"(?P<triple>[a-z0-9_]+-linux-(?:gnu|musl)\w*)$")
_CROSS_ROOT = re.compile(r"^/usr/(?P<triple>[\w.]+-[\w.-]+)$")


def find_libraries(soft: Soft, folders: Folders, own: Sequence[Folder]) -> Iterator[Finding]:
    """Give each folder's build of a library that has its headers, and say why the others can't be linked."""
    wanted = soft.find.library
    if wanted is None:
        return
    files = folders.host.files
    seen: set[str] = set()
    for folder in [*folders.libraries(), *own]:
        finding = _in_folder(soft, wanted, files, folder, folders.host.target)
        if isinstance(finding, Candidate):
            if finding.real in seen:
                continue
            seen.add(finding.real)
        if finding is not None:
            yield finding


def _in_folder(soft: Soft, wanted: LibraryFind, files: Files, folder: Folder, host: str) -> Finding | None:
    names = files.names(folder.path)
    builds = _builds(wanted, names)
    if not builds:
        return None
    path = posixpath.join(folder.path, builds[0])
    target, reason = _target_of(files, path, folder.path, host)
    if reason:
        return Rejection(soft=soft.name, candidate=path, reason=reason)
    prefix, triple = library_prefix(folder.path)
    facts: dict[str, Value] = {"library": path, "lib_dir": folder.path, "prefix": prefix, "runs_on": target}
    header, include = _header(wanted, files, prefix, triple)
    if header is None and wanted.headers and not wanted.runtime:
        what = wanted.headers[0]
        return Rejection(soft=soft.name, candidate=path, reason=f"its header {what} is not in {prefix}/include")
    is_runtime_only = re.search(r"\.so\.[\d.]+$", builds[0]) is not None
    if is_runtime_only and not wanted.runtime:
        return Rejection(soft=soft.name, candidate=path, reason="only the run-time library: nothing to link against")
    if header is not None:
        facts |= {"header": header, "include_dir": include}
    shared = next((name for name in builds if _is_shared(name)), None)
    static = next((name for name in builds if name.endswith((".a", ".lib"))), None)
    if shared is not None:
        facts["shared"] = posixpath.join(folder.path, shared)
        elf = files.elf(posixpath.join(folder.path, shared))
        if elf is not None and elf.soname:
            facts["soname"] = elf.soname
    if static is not None:
        facts["static"] = posixpath.join(folder.path, static)
    facts |= _pkg_config(wanted, files, folder.path, prefix)
    return Candidate(
        soft=soft.name,
        path=path,
        real=files.real(path),
        names=(path,),
        facts=facts,
        origin=folder.origin,
        form="library",
    )


def _builds(wanted: LibraryFind, names: Sequence[str]) -> list[str]:
    """Give the files of a folder that are this library, those that a linker takes first."""
    present = set(names)
    found = []
    for stem in dict.fromkeys((wanted.name, *wanted.names)):
        found += [name for name in (f"lib{stem}.so", f"lib{stem}.dylib", f"lib{stem}.tbd") if name in present]
        found += [name for name in (f"lib{stem}.a", f"lib{stem}.dll.a", f"{stem}.lib") if name in present]
        versioned = re.compile(re.escape(f"lib{stem}.so.") + r"[\d.]+$")
        found += sorted((name for name in present if versioned.match(name)), key=len)
    return found


def _is_shared(name: str) -> bool:
    return ".so" in name or name.endswith((".dylib", ".tbd"))


def _target_of(files: Files, path: str, folder: str, host: str) -> tuple[str, str]:
    """Tell what a library runs on, or why that can't be told: (target, reason)."""
    state = files.stat(path)
    if state is None:
        return "", "a link that leads nowhere"
    if state.is_folder:
        return "", "a folder"
    elf = files.elf(path)
    if elf is not None:
        return elf.target, ""
    # A static archive or a linker script says nothing in an ELF header of its own; its folder's name does.
    named = _MULTIARCH.search(folder) or _CROSS_ROOT.match(posixpath.dirname(folder))
    target = find_target(named["triple"]) if named else None
    return (str(target) if target is not None else host), ""


def library_prefix(folder: str) -> tuple[str, str]:
    """Give the prefix and the multiarch triple ('' if none) of a library folder."""
    named = _MULTIARCH.search(folder)
    triple = named["triple"] if named else ""
    path = posixpath.dirname(folder) if triple else folder
    if posixpath.basename(path) in ("lib", "lib64", "lib32"):
        path = posixpath.dirname(path)
    return path or "/", triple


def _header(wanted: LibraryFind, files: Files, prefix: str, triple: str) -> tuple[str | None, str]:
    roots = [f"{prefix}/include", *([f"{prefix}/include/{triple}"] if triple else [])]
    if prefix == "/":
        roots.append("/usr/include")
    for root in roots:
        for below in ("", *wanted.include):
            include = posixpath.join(root, below) if below else root
            if wanted.headers and all(files.stat(f"{include}/{name}") is not None for name in wanted.headers):
                return f"{include}/{wanted.headers[0]}", include
    return None, ""


def _pkg_config(wanted: LibraryFind, files: Files, folder: str, prefix: str) -> dict[str, Value]:
    """Read the version from the pkg-config file that belongs to this folder or prefix."""
    for name in wanted.pkg_config:
        places = [f"{folder}/pkgconfig/{name}.pc"]
        if prefix not in SYSTEM_PREFIXES or not _MULTIARCH.search(folder):
            places.append(f"{prefix}/share/pkgconfig/{name}.pc")
        for path in places:
            text = files.read(path)
            if text is None:
                continue
            found = re.search(r"^Version:\s*(\S+)", text.decode("utf-8", "replace"), re.MULTILINE)
            if found is not None and "$" not in found[1]:
                return {"pc_version": found[1], "pc_file": path, "pc_dir": posixpath.dirname(path)}
    return {}
