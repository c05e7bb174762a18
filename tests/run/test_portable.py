"""A folder for another machine: what comes along, how it starts, what would not run there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pkgmgr.host.ports import ElfFacts
from pkgmgr.model.target import TargetDocument
from pkgmgr.run.portable import faults, needed_libraries, own_loader, run_script

ARM64, X86_64 = 183, 62
PHONE = TargetDocument(
    name="android-arm64",
    summary="",
    triples=(),
    libc="bionic",
    elf_machine=ARM64,
    libraries=("libc.so", "libm.so"),
)
LOADER = "/lib/ld-linux-aarch64.so.1"


def facts(*needed: str, machine: int = ARM64, interpreter: str | None = None) -> ElfFacts:
    return ElfFacts(target="linux-arm64", machine=machine, kind="shared", needed=needed, interpreter=interpreter)


FILES = {
    "/b/detect": facts("libtflite.so", "libc.so.6", interpreter=LOADER),
    "/host/libtflite.so": facts(machine=X86_64),
    "/t/libtflite.so": facts("libstdc++.so.6", "libc.so.6"),
    "/c/libstdc++.so.6": facts("libc.so.6"),
    "/c/libc.so.6": facts("ld-linux-aarch64.so.1"),
    "/c/ld-linux-aarch64.so.1": facts(),
    "/b/native": facts("libjni.so", "libc.so", "libm.so", interpreter="/system/bin/linker64"),
}


def test_what_is_needed_is_followed_and_another_machines_is_passed_over() -> None:
    needed = needed_libraries("/b/detect", ("/host", "/t", "/c"), FILES.get, PHONE)
    assert needed.found == {
        "libtflite.so": "/t/libtflite.so",
        "libstdc++.so.6": "/c/libstdc++.so.6",
        "libc.so.6": "/c/libc.so.6",
        "ld-linux-aarch64.so.1": "/c/ld-linux-aarch64.so.1",
    }
    assert not needed.missing
    assert own_loader(LOADER, needed.found) == "lib/ld-linux-aarch64.so.1"


def test_what_the_target_has_stays_there_and_what_is_nowhere_is_named() -> None:
    needed = needed_libraries("/b/native", ("/t",), FILES.get, PHONE)
    assert not needed.found
    assert needed.missing == {"libjni.so": "/b/native"}
    assert own_loader("/system/bin/linker64", needed.found) == ""


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param({"detect": facts("libc.so")}, [], id="the system's"),
        pytest.param({"detect": facts("libx.so"), "lib/libx.so": facts()}, [], id="in the folder"),
        pytest.param({}, [], id="nothing"),
        pytest.param({"detect": facts(machine=X86_64)}, ["detect: ELF machine 62"], id="another machine"),
        pytest.param({"lib/libx.so": facts("libc.so.6", "libq.so")}, ["libc.so.6, libq.so"], id="lacking"),
    ],
)
def test_faults(files: dict[str, ElfFacts], said: list[str]) -> None:
    found = faults(files, PHONE)
    assert len(found) == len(said)
    assert all(text in line for text, line in zip(said, found, strict=True))


PRINTS = '#!/bin/sh\nfor word in "$@"; do echo "[$word]"; done; echo "$LD_LIBRARY_PATH" > out/path\n'


def test_the_script_runs_from_anywhere_and_passes_words_on_unchanged(tmp_path: Path) -> None:
    folder = tmp_path / "it's a folder"
    (folder / "images").mkdir(parents=True)
    for name in ("a b.png", "c.png"):
        (folder / "images" / name).touch()
    (folder / "detect").write_text(PRINTS)
    (folder / "detect").chmod(0o755)
    (folder / "run.sh").write_text(run_script("detect", "", ("a $(b)'", "images/*")))

    def run(*words: str) -> list[str]:
        argv = ["sh", str(folder / "run.sh"), *words]
        return subprocess.run(argv, cwd="/", capture_output=True, text=True, check=True, env={}).stdout.splitlines()

    assert run() == ["[a $(b)']", "[images/a b.png]", "[images/c.png]"]
    assert run("x y", "*") == ["[x y]", "[*]"]
    assert (folder / "out" / "path").read_text() == "./lib\n"


def test_with_its_own_loader_the_system_has_no_say() -> None:
    script = run_script("detect", "lib/ld-linux-aarch64.so.1", ())
    assert script.endswith('exec ./lib/ld-linux-aarch64.so.1 --library-path ./lib ./detect "$@"\n')
    assert "LD_LIBRARY_PATH" not in script and "set --" not in script
