"""From facts to an entry: version, prefix, target, files, operations, id and fingerprint.

Touches: the file system, through `pkgmgr.host.ports.Files` only.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Mapping

import msgspec

from pkgmgr.detect.candidates import Candidate
from pkgmgr.detect.facts import Facts, fill, fill_value
from pkgmgr.detect.fingerprint import fingerprint
from pkgmgr.detect.folders import SYSTEM_PREFIXES
from pkgmgr.detect.library_facts import library_attributes, settle
from pkgmgr.detect.library_place import library_prefix
from pkgmgr.detect.memory import AnswerMemory
from pkgmgr.detect.program_name import best_name
from pkgmgr.host.paths import with_slashes
from pkgmgr.host.ports import Files, Host
from pkgmgr.model.entry import Entry, Rejection, Value
from pkgmgr.model.operation import Operation
from pkgmgr.model.soft import Soft
from pkgmgr.model.standard import standards_taken
from pkgmgr.model.target import ANY, find_target

LANGUAGE_ROLES = (
    *("c", "cxx", "fortran", "cuda", "hip", "objc", "sycl", "ispc"),
    *("ada", "d", "go", "rust", "swift", "haskell", "ocaml", "pascal", "nim", "crystal"),
)
_PROGRAM_FOLDERS = ("bin", "sbin", "libexec", "Scripts", "cmd")
_LONGEST_WORD = 200
"""Characters of one word of a question that its evidence repeats: a question may be a small program."""


def conclude(
    soft: Soft, candidate: Candidate, facts: Mapping[str, Value], host: Host, memory: AnswerMemory
) -> Entry | Rejection:
    """Make the entry of an examined candidate, or say why it can't be one."""
    known: dict[str, Value] = dict(facts)
    files = host.files
    candidate = _named_program(soft, candidate, known, files)
    version = fill(soft.entry.version, known)
    disagreeing: dict[str, Value] = {}
    if candidate.form == "library":
        version, disagreeing, reason = settle(known, version)
        if reason:
            return _turned(soft, candidate, reason)
    path = best_name(candidate, version, files) if candidate.form == "program" else candidate.path
    known |= {"path": path, "dir": posixpath.dirname(path), "name": posixpath.basename(path)}
    prefix = _prefix(soft, candidate, known)
    known["prefix"] = prefix
    if files.stat(prefix) is None:
        return _turned(soft, candidate, f"its prefix {prefix} is not there")
    for needed in soft.entry.needs:
        wanted = fill(needed, known)
        if wanted is None or files.stat(wanted) is None:
            return _turned(soft, candidate, f"incomplete: {wanted or needed} is not there")
    target = _target(soft, candidate, known, host)
    known["target"] = target
    roles = _roles(soft, candidate, known, files)
    known |= {f"files.{role}": found for role, found in roles.items()}
    attributes = {**_attributes(soft, known, version, roles), **disagreeing}
    told = [repr(sorted(attributes.items()))] if candidate.form == "fact" else []
    main = next(iter(roles.values()), candidate.real)
    identity = candidate.real if candidate.form != "program" else f"{files.real(main)}@{prefix}"
    return Entry(
        id=entry_id(soft.name, version, [target, identity, *_emits(known, soft)]),
        soft=soft.name,
        version=version,
        prefix=prefix,
        target=target,
        origin=_origin(soft, candidate, known, prefix, files),
        tags=_tags(soft, roles),
        files=roles,
        attributes=attributes,
        env=_operations(soft, known, candidate, host),
        evidence=_evidence(soft, candidate, known),
        fingerprint=fingerprint([soft.name, version or "", target, *told], roles, candidate, files, memory),
    )


def entry_id(soft: str, version: str | None, parts: Iterable[str]) -> str:
    """Give ``<soft>-<version>-<8 hex digits>``, the digits from what makes an entry itself."""
    digest = hashlib.sha256("\0".join([soft, version or "", *parts]).encode("utf-8", "surrogateescape"))
    label = re.sub(r"[^\w.+-]", "_", version) + "-" if version else ""
    return f"{soft}-{label}{digest.hexdigest()[:8]}"


def _named_program(soft: Soft, candidate: Candidate, known: dict[str, Value], files: Files) -> Candidate:
    """Give the program that an answer names in place of the wrapper that was asked."""
    named = fill(soft.entry.program, known) if soft.entry.program else None
    if named is None or files.stat(named) is None or files.real(named) == candidate.real:
        return candidate
    path = posixpath.normpath(named)
    known |= {"real": files.real(path), "real_dir": posixpath.dirname(files.real(path))}
    return msgspec.structs.replace(candidate, path=path, real=files.real(path), names=(path,))


def _turned(soft: Soft, candidate: Candidate, reason: str) -> Rejection:
    return Rejection(soft=soft.name, candidate=candidate.path, reason=reason)


def _prefix(soft: Soft, candidate: Candidate, facts: Facts) -> str:
    stated = fill(soft.entry.prefix, facts) if soft.entry.prefix else facts.get("prefix")
    if isinstance(stated, str) and stated:
        return posixpath.normpath(with_slashes(stated))
    folder = posixpath.dirname(candidate.real)
    if candidate.form == "library":
        return library_prefix(folder)[0]
    if candidate.form == "program" and posixpath.basename(folder) in _PROGRAM_FOLDERS:
        return posixpath.dirname(folder)
    return folder


def _target(soft: Soft, candidate: Candidate, facts: Facts, host: Host) -> str:
    stated = fill(soft.entry.target, facts) if soft.entry.target else facts.get("runs_on")
    if isinstance(stated, str) and stated:
        if stated == ANY:
            return ANY
        found = find_target(stated)
        return str(found) if found is not None else stated
    if candidate.form == "program":
        elf = host.files.elf(candidate.real)
        if elf is not None:
            return runs_here(elf.target, host.target)
    return host.target


def runs_here(target: str, host: str) -> str:
    """Say ``host`` for a static program without a libc of its own: it runs on any Linux of its machine."""
    return host if target.split("-")[:2] == host.split("-")[:2] and "android" not in target else target


def _roles(soft: Soft, candidate: Candidate, facts: Facts, files: Files) -> dict[str, str]:
    role = soft.entry.role or {"program": "program", "library": "library"}.get(candidate.form, "file")
    roles: dict[str, str] = {}
    if candidate.form in ("program", "file") or "library" in facts:
        roles[role] = str(facts["path"])
    given = facts.get("given_files")
    if isinstance(given, dict):  # a finder that knows its kind of thing names the files; the soft may add to them
        roles |= {name: str(path) for name, path in given.items() if files.stat(str(path)) is not None}
    for name, (old, new) in soft.entry.siblings.items():
        # The file that a name with a meaning leads to has siblings without it: clang++ for the host.
        ways = (str(facts["path"]), *candidate.names, *(() if soft.find.by_name in facts else (candidate.real,)))
        sibling = _sibling(ways, old, new, files)
        if sibling is not None:
            roles[name] = sibling
    for name, template in soft.entry.files.items():
        path = fill(template, facts)
        if path is not None and files.stat(path) is not None:
            roles[name] = path
    if candidate.form == "library":
        for name in ("header", "shared", "static"):
            if isinstance(facts.get(name), str):
                roles[name] = str(facts[name])
    return roles


def _sibling(ways: Iterable[str], old: str, new: str, files: Files) -> str | None:
    """Find the companion of a program by replacing a part of its *name*; folders are never touched."""
    for path in ways:
        folder, name = posixpath.split(path)
        if old in name:
            sibling = posixpath.join(folder, new.join(name.rsplit(old, 1)))
            stat = files.stat(sibling)
            if stat is not None and not stat.is_folder:
                return sibling
    return None


def _emits(facts: Facts, soft: Soft) -> list[str]:
    """Give the targets that a compiler generates code for, from triples or targets."""
    templates = (soft.entry.emits,) if isinstance(soft.entry.emits, str) else soft.entry.emits
    triples: list[str] = []
    for template in templates:
        value = fill_value(template, facts)
        if isinstance(value, str):
            triples += re.split(r"[\s,;]+", value)
        elif isinstance(value, list):
            triples += [str(item) for item in value]
    targets = (find_target(triple) for triple in triples if triple)
    known = dict.fromkeys(str(target) for target in targets if target is not None)
    # What is for a machine that we have no name of (avr) must not pass for a native one: its own word stays.
    return list(known) or list(dict.fromkeys(triple for triple in triples if triple))


def _attributes(soft: Soft, facts: Facts, version: str | None, roles: Mapping[str, str]) -> dict[str, Value]:
    filled = fill_value(dict(soft.entry.attributes), facts)
    given = facts.get("given_attributes")
    attributes = {
        **(given if isinstance(given, dict) else {}),
        **(filled if isinstance(filled, dict) else {}),
    }
    if "compiler" in soft.all_tags:
        attributes.setdefault("languages", [role for role in roles if role in LANGUAGE_ROLES])
        standards: list[Value] = [*_standards(soft, facts, version, roles)]
        if standards:
            attributes.setdefault("standards", standards)
    emits = _emits(facts, soft)
    if emits:
        attributes["emits"] = list(emits)
    if "lib_dir" in facts:
        attributes = {**library_attributes(facts), **attributes}
    return attributes


def _standards(soft: Soft, facts: Facts, version: str | None, roles: Mapping[str, str]) -> list[str]:
    """Give the standards that a compiler takes, of the languages that it has a program for."""
    number = fill(soft.entry.standards_by, {**facts, "version": version})
    return standards_taken(soft.entry.standards, number, roles)


def _tags(soft: Soft, roles: Mapping[str, str]) -> tuple[str, ...]:
    languages = [f"lang-{role}" for role in roles if role in LANGUAGE_ROLES] if "compiler" in soft.all_tags else []
    return tuple(dict.fromkeys([*soft.all_tags, *languages]))


def _operations(soft: Soft, facts: Facts, candidate: Candidate, host: Host) -> tuple[Operation, ...]:
    operations = []
    for operation in soft.entry.env:
        value = fill(operation.value, facts) if operation.value is not None else None
        if value is None and operation.value is not None:
            continue
        operations.append(Operation(op=operation.op, var=operation.var, value=value, sep=operation.sep))
    if candidate.form == "library":
        operations += _library_operations(facts, host)
    return tuple(item for item in operations if not _hides_system(item))


def _library_operations(facts: Facts, host: Host) -> list[Operation]:
    """Let build systems find a library outside of the system's folders."""
    prefix, folder = str(facts["prefix"]), str(facts["lib_dir"])
    if prefix in SYSTEM_PREFIXES:
        return []
    found = [Operation(op="prepend_path", var="CMAKE_PREFIX_PATH", value=prefix)]
    if isinstance(facts.get("pc_dir"), str):
        found.append(Operation(op="prepend_path", var="PKG_CONFIG_PATH", value=str(facts["pc_dir"])))
    if "shared" in facts and facts["target"] == host.target:
        found.append(Operation(op="prepend_path", var="LD_LIBRARY_PATH", value=folder))
    return found


def _hides_system(operation: Operation) -> bool:
    """Tell whether an operation would put a system folder in front of a person's PATH."""
    is_path = operation.op in ("prepend_path", "prepend") and operation.var.upper() == "PATH"
    folder = (operation.value or "").rstrip("/")
    return is_path and posixpath.dirname(folder) in SYSTEM_PREFIXES


def _origin(soft: Soft, candidate: Candidate, facts: Facts, prefix: str, files: Files) -> str:
    if soft.entry.origin:
        stated = fill(soft.entry.origin, facts)
        if stated is not None:
            return stated
    if candidate.origin not in ("system", "search-path"):
        return candidate.origin
    if prefix.startswith("/nix/store/"):
        return "nix"
    if "/Cellar/" in prefix or prefix.startswith("/opt/homebrew/"):
        return "homebrew"
    if files.stat(f"{prefix}/conda-meta") is not None:
        return f"conda:{prefix}"
    if files.stat(f"{prefix}/.spack") is not None:
        return "spack"
    return candidate.origin


def _evidence(soft: Soft, candidate: Candidate, facts: Facts) -> str:
    """Say in one sentence how the thing was recognised."""
    path = str(facts["path"])
    match candidate.form:
        case "library":
            header = facts.get("header")
            return f"{path} with {header}" if header else path
        case "distribution":
            return f"distribution {facts['distribution']} in {facts['site']}"
        case "file":
            return f"the file {path}"
        case "hook" | "fact":
            return str(facts.get("evidence", path))
    asked = next((probe for probe in soft.probe if probe.argv), None)
    if asked is None:
        return f"the program {path}"
    words = (fill(part, facts) or part for part in asked.argv)
    said = " ".join(word if len(word) <= _LONGEST_WORD else f"{word[:_LONGEST_WORD]}…" for word in words)
    return f"`{said}` said {facts['version']}" if facts.get("version") else f"`{said}` answered"
