"""What must hold of every entry on whatever machine the tests run on: asked of the system, not of ckpm."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgmgr.host.local import local_host
from pkgmgr.jobs.detection import Search, detect
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.entry import Entry

MACHINES = {3: "x86", 40: "arm", 62: "x86_64", 183: "arm64", 243: "riscv64"}
"""``e_machine`` of an ELF header → arch."""


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> tuple[Entry, ...]:
    workspace = Workspace(home=tmp_path_factory.mktemp("home"), variables=dict(os.environ))
    return detect(workspace, search=Search(register=False)).entries


def programs_and_libraries(entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, str]]:
    for entry in entries:
        if entry.soft.partition(".")[0] in ("compiler", "lang", "tool", "lib"):
            yield from ((entry, path) for path in entry.files.values())


def test_something_is_found(entries: tuple[Entry, ...]) -> None:
    assert {"lang.python", "platform.os"} <= {entry.soft for entry in entries} or not os.path.exists("/bin/sh")


def test_files_are_there_under_a_prefix_that_is_a_folder(entries: tuple[Entry, ...]) -> None:
    assert not [path for _, path in programs_and_libraries(entries) if not os.path.exists(path)]
    prefixes = {entry.prefix for entry in entries}
    assert not [prefix for prefix in prefixes if not os.path.isdir(prefix)]
    assert not [prefix for prefix in prefixes if os.path.basename(prefix) in ("bin", "sbin", "alternatives", "shims")]
    assert not [prefix for prefix in prefixes if os.path.realpath(prefix) != prefix]


def test_one_installation_is_one_entry(entries: tuple[Entry, ...]) -> None:
    seen = Counter(entry.id for entry in entries)
    assert not [name for name, count in seen.items() if count > 1]
    apart = ("variant", "format")
    keys = Counter(
        (entry.soft, entry.version, entry.prefix, entry.target, entry.emits, *map(entry.attributes.get, apart))
        for entry in entries
        if entry.target != "any" and not entry.soft.startswith("platform.")
    )
    assert not [key for key, count in keys.items() if count > 1]


def test_one_library_is_one_product(entries: tuple[Entry, ...]) -> None:
    products: dict[str, set[str]] = {}
    for entry in entries:
        if entry.soft.startswith("lib.") and "library" in entry.files and Path(entry.files["library"]).suffix != ".h":
            products.setdefault(os.path.realpath(entry.files["library"]), set()).add(entry.soft)
    assert not {path: softs for path, softs in products.items() if len(softs) > 1}


def test_the_target_is_that_of_the_machine_code(entries: tuple[Entry, ...]) -> None:
    wrong = []
    for entry, path in programs_and_libraries(entries):
        with open(path, "rb") if os.path.isfile(path) else open(os.devnull, "rb") as file:
            head = file.read(20)
        if head[:4] == b"\x7fELF" and entry.target != "any":
            arch = MACHINES.get(int.from_bytes(head[18:20], "little" if head[5] == 1 else "big"))
            if arch is not None and entry.target.split("-")[1] != arch and path != entry.files.get("kernel"):
                wrong.append((entry.soft, entry.target, path))
    assert not wrong


def test_what_dpkg_owns_has_the_version_that_dpkg_says_or_the_tool_says_another(entries: tuple[Entry, ...]) -> None:
    """Most of Debian's versions begin with upstream's; those that never do are few: a wrong parser would be many."""
    owned = [
        (entry, str(entry.attributes["owner"])) for entry in entries if "(dpkg)" in str(entry.attributes.get("owner"))
    ]
    told = [(entry.version, owner.split()[1].rpartition(":")[2], entry.soft) for entry, owner in owned if entry.version]
    if len(told) < 10:
        pytest.skip("not a Debian machine, or one with next to nothing on it")
    other = [
        row for row in told if not (row[1].startswith(row[0]) or row[0].startswith(row[1].split("-")[0].split("+")[0]))
    ]
    assert len(other) <= max(2, len(told) // 8), other


def test_the_host_is_what_the_entries_run_on(entries: tuple[Entry, ...]) -> None:
    here = local_host().target
    assert all(entry.target == here for entry in entries if entry.soft.startswith("platform."))
