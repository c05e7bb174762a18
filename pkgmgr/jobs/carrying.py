"""Make a task's program and all that it needs into one folder, look whether it is whole, and say how it is started."""

from __future__ import annotations

import glob
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pkgmgr.host.files import LocalFiles
from pkgmgr.host.ports import ElfFacts
from pkgmgr.install.product import mismatch
from pkgmgr.install.texts import fill_all, fill_text
from pkgmgr.jobs.prepared import Prepared
from pkgmgr.jobs.workspace import Workspace, host_target
from pkgmgr.model.env import Carry, Task
from pkgmgr.model.errors import CkpmError
from pkgmgr.run.device import Order, why_not_ready
from pkgmgr.run.emulate import emulator_of, runs_natively
from pkgmgr.run.portable import (
    LIBRARIES,
    OUTPUT,
    SCRIPT,
    faults,
    needed_libraries,
    own_loader,
    run_script,
    start_words,
)
from pkgmgr.run.record import Result, read_result

FOLDER = "portable"
"""In a result's own folder."""


@dataclass(frozen=True, kw_only=True)
class Carried:
    """A folder for a device."""

    folder: Path
    checked: tuple[str, ...]
    """Files whose ELF headers were held against the target."""
    launcher: tuple[str, ...]
    """What stands in front of the program's arguments, in the folder; empty where nothing can run it."""
    how: str
    """On a device, under an emulator, or why not at all."""


def carry(
    workspace: Workspace, prepared: Prepared, name: str, task: Task, texts: Mapping[str, str], identity: str
) -> Carried:
    """Make the folder of a run.

    :param identity: of the run: the name of its folder on a device.
    :raises CkpmError: when the folder would not run on the target; each fault is named.
    """
    wanted = task.carry or Carry()
    where = f"task {name}: carry"
    folder = Path(texts["result"]) / FOLDER
    source = Path(fill_text(wanted.program or task.run[0], texts, where=where))
    program = source.name
    folder.mkdir(parents=True)
    shutil.copy2(source, folder / program)
    for place, text in wanted.files.items():
        _copy(Path(fill_text(text, texts, where=where)), folder / place)
    elf = LocalFiles().elf
    document = workspace.catalog.require_target(str(prepared.target))[1]
    folders = [*fill_all(wanted.libraries, texts, where=where), *_library_folders(prepared)]
    libraries = needed_libraries(str(source), folders, elf, prepared.place).found
    for library, path in libraries.items():
        _copy(Path(path).resolve(), folder / LIBRARIES / library)
    (folder / OUTPUT).mkdir()
    headers = {str(path.relative_to(folder)): facts for path in sorted(folder.rglob("*")) if (facts := elf(str(path)))}
    facts = headers.get(program)
    loader = own_loader(facts.interpreter if facts else None, libraries)
    script = folder / SCRIPT
    script.write_text(run_script(program, loader, wanted.args), encoding="utf-8")
    script.chmod(0o755)
    wrong = faults(headers, prepared.place)
    # With its own loader the program needs nothing of the system but the kernel: it is judged as what it was built for.
    judged = document if loader else prepared.place
    wrong += [f"{file}: {why}" for file, row in headers.items() if (why := mismatch(row, prepared.target, judged))]
    if wrong:
        raise CkpmError(f"{folder} would not run on {prepared.place.name}: {'; '.join(wrong)}")
    words, how = _launcher(workspace, prepared, folder, start_words(program, loader), facts, loader, identity)
    return Carried(folder=folder, checked=tuple(headers), launcher=words, how=how)


def drop_earlier(home: Path, result: Result) -> None:
    """Remove the folders that earlier runs were carried in: each is as large as its model, and can be made again.

    The newest for each env, task and place stays, to be brought to a device by hand. The records stay, with the hashes
    of what was in them.
    """
    for folder in (home / "results").glob(f"{glob.escape(f'{result.env}-{result.task}')}-*/{FOLDER}"):
        earlier = read_result(home, folder.parent.name)
        if earlier is None or earlier.state == "running" or earlier.started >= result.started:
            continue
        if all(getattr(earlier, key) == getattr(result, key) for key in ("env", "task", "target", "place")):
            shutil.rmtree(folder, ignore_errors=True)


def _library_folders(prepared: Prepared) -> list[str]:
    """Give the folders of the libraries that the env requires."""
    used = (entry.files.get("library") for entry in prepared.roles.values() if entry.soft.startswith("lib."))
    return list(dict.fromkeys(str(Path(path).parent) for path in used if path))


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, place, dirs_exist_ok=True)
    else:
        shutil.copy2(source, place)


def _launcher(
    workspace: Workspace,
    prepared: Prepared,
    folder: Path,
    start: tuple[str, ...],
    facts: ElfFacts | None,
    loader: str,
    identity: str,
) -> tuple[tuple[str, ...], str]:
    device = prepared.place.device
    assert device is not None
    why_not = why_not_ready(device, workspace.variables)
    if not why_not:
        order = folder.with_name("device.json")
        content = Order(device=device, local=str(folder), remote=f"{device.folder}/{identity}")
        order.write_bytes(msgspec.json.encode(content))
        return (sys.executable, "-P", "-m", "pkgmgr.run.device", str(order)), f"on a device, with {device.shell[0]}"
    interpreter = facts.interpreter if facts is not None and not loader else None
    if runs_natively(prepared.target, host_target(workspace)) and (not interpreter or Path(interpreter).exists()):
        return start, f"on this machine: {why_not}"
    if interpreter:
        return (), f"{why_not}; its loader {interpreter} is on {prepared.place.name} only"
    emulator = emulator_of(prepared.place, prepared.roles)
    if emulator is None:
        return (), f"{why_not}; no emulator is among what the env requires"
    return (emulator, *start), f"under an emulator: {why_not}"
