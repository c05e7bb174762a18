"""Prove entries usable: compile, link and run the small program that a soft carries.

Touches: a temporary folder; processes, through the host's runner.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from pkgmgr.detect.facts import fill
from pkgmgr.detect.judging import Judging
from pkgmgr.environ.tools import NDK
from pkgmgr.host.ports import Answer, Host
from pkgmgr.host.temporary import temporary_folder
from pkgmgr.jobs.detection import Search, fits_target, look
from pkgmgr.jobs.hashing import hash_all, is_hashed
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry
from pkgmgr.model.soft import Check

LANGUAGES = {".c": "c", ".cpp": "cxx", ".cc": "cxx", ".cxx": "cxx", ".f90": "fortran", ".cu": "cuda", ".hip": "hip"}
"""Ending of a check's file → role of the program that compiles it."""
STEP_TIMEOUT = 120.0
"""Seconds for one command: a C++ header library takes twenty on a slow machine."""
_IMPLICIT = frozenset({"/usr/include", "/usr/lib", "/lib", "/usr/lib64", "/lib64"})
"""Folders that compilers look in anyhow; naming them changes their order and breaks ``#include_next``."""
_LONGEST_REASON = 300


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check has shown."""

    state: Literal["passed", "failed", "not run"]
    reason: str = ""
    """Why not passed, for a person."""


def check_all(
    workspace: Workspace,
    entries: Sequence[Entry],
    *,
    jobs: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Entry]:
    """Give the entries with what their checks have shown, as attribute ``check``.

    Models and data sets are hashed. Other softs without a check leave their entries as they are.

    :param jobs: checks at the same time; none: as many as there are processors.
    :param progress: is told how many are done, and of how many.
    """
    softs = {name: workspace.catalog.soft(name) for name in {entry.soft for entry in entries}}
    checks = {name: soft.check for name, soft in softs.items() if soft is not None and soft.check is not None}
    own = [place for place, entry in enumerate(entries) if entry.soft in checks]
    hashed = [entry for entry in entries if entry.soft not in checks and is_hashed(entry)]
    count = len(own) + len(hashed)
    needs_compiler = any(not checks[entries[place].soft].argv for place in own)
    compilers = find_compilers(workspace) if needs_compiler else []
    named = sorted({name for place in own for name in checks[entries[place].soft].beside})
    beside = look(workspace, named, Search()).entries if named else ()
    checked = list(entries)
    progress(0, count)

    def check(place: int) -> Verdict:
        entry = entries[place]
        return check_entry(entry, checks[entry.soft], workspace.host, compilers, beside=beside)

    court = Judging[int, Verdict](
        lambda _place: None,
        check,
        jobs=jobs or workspace.jobs,
        progress=lambda done, _asked: progress(done, count),
        give_up=workspace.host.runner.close,
    )
    with court as judging:
        for place in own:
            judging.add((place, 0), place)
        verdicts = judging.verdicts()
    for place, verdict in zip(own, verdicts, strict=True):
        told: dict[str, object] = {"state": verdict.state, **({"reason": verdict.reason} if verdict.reason else {})}
        attributes = {**entries[place].attributes, "check": told}
        checked[place] = msgspec.structs.replace(entries[place], attributes=attributes)
    return hash_all(checked, workspace.cache / "seen", progress=lambda done: progress(len(own) + done, count))


def find_compilers(workspace: Workspace) -> list[Entry]:
    """Give every compiler of this host, those of the preferred softs first."""
    softs = [soft for soft in workspace.catalog.softs() if "compiler" in soft.all_tags]
    order = {soft.name: (soft.rank, soft.name) for soft in softs}
    found = look(workspace, sorted(order), Search()).entries
    return sorted(found, key=lambda entry: order[entry.soft])


def check_entry(
    entry: Entry, check: Check, host: Host, compilers: Sequence[Entry], *, beside: Sequence[Entry] = ()
) -> Verdict:
    """Build and run one check.

    :param compilers: to take one from for a library, the preferred first.
    :param beside: to take those from that it is linked with.
    """
    with temporary_folder("ckpm-check-") as name:
        folder = Path(name)
        source = folder / posixpath.basename(check.file)
        source.write_text(check.code, encoding="utf-8")
        commands = _own_commands(entry, check, source, folder / "check-program")
        if not check.argv:
            output = str(folder / "check-program")
            made = library_commands(entry, check, str(source), output, compilers, host.target, beside=beside)
            if isinstance(made, Verdict):
                return made
            commands = made
        elif entry.emits and host.target not in entry.emits:
            commands = commands[:1]  # what a cross compiler links may need what only its target has, and can't be run
        return _run(commands, host)


def _run(commands: Sequence[tuple[str, ...] | str], host: Host) -> Verdict:
    for command in commands:
        if isinstance(command, str):
            return Verdict(state="not run", reason=command)
        answer = host.runner.run(command, timeout=STEP_TIMEOUT)
        if answer.exit_code != 0:
            return Verdict(state="failed", reason=_why(command, answer))
    return Verdict(state="passed")


def _own_commands(entry: Entry, check: Check, source: Path, output: Path) -> list[tuple[str, ...] | str]:
    """Give the commands that a soft states; a text in place of one says which fact it lacks."""
    main = next(iter(entry.files.values()), "")
    facts = {"file": str(source), "output": str(output), "folder": str(source.parent), "prefix": entry.prefix}
    facts |= {"path": main, **{f"files.{role}": path for role, path in entry.files.items()}}
    commands: list[tuple[str, ...] | str] = []
    for words in check.argv:
        filled = [fill(word, facts) for word in words]
        known = tuple(text for text in filled if text is not None)
        lacking = [word for word, text in zip(words, filled, strict=True) if text is None]
        commands.append(f"the entry has no {', '.join(lacking)}" if lacking else known)
    return commands


def library_commands(
    entry: Entry,
    check: Check,
    source: str,
    output: str,
    compilers: Sequence[Entry],
    host: str,
    *,
    beside: Sequence[Entry] = (),
) -> list[tuple[str, ...] | str] | Verdict:
    """Give the commands that compile, link and (on this host) run a library's check. Pure.

    :return: the commands, or why there are none.
    """
    language = LANGUAGES.get(posixpath.splitext(source)[1], "c")
    wanted = host if entry.target == "any" else entry.target
    commands = (_command(item, language, wanted, host) for item in compilers if _emits(item, wanted))
    command = next((words for words in commands if words), None)
    if command is None:
        return Verdict(state="not run", reason=f"no compiler for {language} that emits {wanted} is here")
    others = {name: _nearest(name, entry, wanted, beside) for name in check.beside}
    lacking = [name for name, other in others.items() if other is None]
    if lacking:
        return Verdict(state="not run", reason=f"{', '.join(lacking)} for {wanted} is not here, which it is built with")
    joined = [entry, *(other for other in others.values() if other is not None)]
    options = [*check.flags, *(option for one in joined for option in _includes(one.attributes, language))]
    linking = [option for one in joined for option in _linking(one.attributes)]
    argv = (*command, source, "-o", output, *options, *linking, *(f"-l{name}" for name in check.link))
    if not fits_target(wanted, host):
        return [argv]
    return [argv, (output,)]


def _nearest(soft: str, entry: Entry, target: str, beside: Sequence[Entry]) -> Entry | None:
    """Give an entry of a soft for a target, of the same prefix if there is one."""
    fitting = [item for item in beside if item.soft == soft and fits_target(item.target, target)]
    return min(fitting, key=lambda item: item.prefix != entry.prefix, default=None)


def _emits(compiler: Entry, target: str) -> bool:
    return any(fits_target(emitted, target) for emitted in compiler.emits)


def _command(compiler: Entry, language: str, target: str, host: str) -> tuple[str, ...]:
    """Give the command that compiles for a target without being told; empty where a compiler would have to be."""
    several = compiler.attributes.get("commands")  # zig serves many, and this host when told nothing
    if isinstance(several, Mapping):
        words = several.get(language)
        return tuple(map(str, words)) if isinstance(words, list) and fits_target(host, target) else ()
    triple = compiler.attributes.get("triple")
    if compiler.soft == NDK or (isinstance(triple, str) and not fits_target(triple, target)):
        return ()
    return (compiler.files[language],) if language in compiler.files else ()


def _includes(attributes: Mapping[str, object], language: str) -> Iterator[str]:
    folders = attributes.get("include_dirs")
    for folder in folders if isinstance(folders, list) else []:
        if folder not in _IMPLICIT or language == "fortran":  # whose compilers look into no such folder
            yield f"-I{folder}"


def _linking(attributes: Mapping[str, object]) -> Iterator[str]:
    folder, link = attributes.get("lib_dir"), attributes.get("link")
    if isinstance(folder, str) and folder and folder not in _IMPLICIT:
        yield from (f"-L{folder}", f"-Wl,-rpath,{folder}")
    if isinstance(link, str) and link:
        yield f"-l{link}"


def _why(command: Sequence[str], answer: Answer) -> str:
    program = posixpath.basename(command[0])
    said = [line.strip() for line in (answer.stderr or answer.stdout).splitlines() if line.strip()]
    # The linker's own complaint stands before "collect2: error", the compiler's before its own summary.
    telling = [line for line in said if any(word in line.lower() for word in ("error", "undefined", "cannot find"))]
    told = (telling or said or [""])[0]
    ended = answer.failure or f"it exited with {answer.exit_code}"
    return f"{program}: {ended}{': ' + told if told else ''}"[:_LONGEST_REASON]
