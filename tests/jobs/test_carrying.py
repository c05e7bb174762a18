"""Tasks of targets whose machines have files of their own: boards behind ssh, phones behind adb."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import Ckpm
from tests.install.test_product import make_elf

pytestmark = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64") or shutil.which("gcc") is None,
    reason="needs Linux on x86-64 and gcc: apt-get install gcc",
)

SOURCE = """#include <stdio.h>
int main(int argc, char **argv)
{
    FILE *out = fopen(argv[1], "w");
    fprintf(out, "{\\"words\\": %d}", argc);
    puts("done there");
    return fclose(out);
}
"""
# As ssh does: whatever is behind the board's name is one line for its shell.
SSH = """#!/bin/sh
board=$1; shift
echo "$board: $*" >> "$LOG"
[ "$board" = board ] || { echo "ssh: Could not resolve hostname $board" >&2; exit 255; }
exec sh -c "$*"
"""
SCP = """#!/bin/sh
echo "scp $*" >> "$LOG"
cp -r "${2#board:}" "${3#board:}"
"""


def board(folder: Path, host: str = "board") -> Path:
    """Make a repository with a target that is a board behind ssh, and an env."""
    place = folder / "mine/targets/linux-x86_64-board"
    place.mkdir(parents=True)
    (place / "target.toml").write_text(
        f"""
name = "linux-x86_64-board"
summary = "a board"
triples = ["x86_64-linux-gnu"]
libc = "glibc"
elf_machine = 62
runs = ["linux-x86_64"]
libraries = ["libc.so.6", "libm.so.6"]

[device]
push = ["scp", "-r", "{{from}}/.", "{host}:{{to}}/"]
shell = ["ssh", "{host}"]
pull = ["scp", "-r", "{host}:{{from}}/.", "{{to}}/"]
folder = "{folder}/there"
"""
    )
    own = folder / "own"
    own.mkdir()
    (own / "main.c").write_text(SOURCE)
    (own / "env.toml").write_text(
        """
name = "own"
requires = [{tags = ["compiler"], languages = ["c"], role = "compiler"}]
[tasks.main]
run = ["{build}/main", "{result}/result.json", "it's \\"one\\" word"]
on = "target"
metrics = "result.json"
expect.stdout = "done there"
[[tasks.main.step]]
use = "compile"
sources = ["{env}/main.c"]
output = "{build}/main"
"""
    )
    return own


@pytest.fixture
def network(tmp_path: Path) -> dict[str, str]:
    """An environment in which ssh and scp are ours."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("ssh", SSH), ("scp", SCP)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "LOG": str(tmp_path / "log"),
        "CKPM_PLUGIN_PATH": str(tmp_path / "mine"),
    }


def test_a_task_runs_on_a_board_and_its_figures_come_back(ckpm: Ckpm, tmp_path: Path, network: dict[str, str]) -> None:
    ran = ckpm("run", str(board(tmp_path)), "--target", "linux-x86_64-board", "--json", env=network)
    assert ran.code == 0, ran.err
    assert ran.data["metrics"] == {"words": 3}
    log = (tmp_path / "log").read_text()
    assert "board: true" in log and "scp -r" in log
    assert not list((tmp_path / "there").iterdir())


def test_without_the_board_the_folder_is_made_and_run_here(ckpm: Ckpm, tmp_path: Path, network: dict[str, str]) -> None:
    ran = ckpm("run", str(board(tmp_path, "elsewhere")), "--target", "linux-x86_64-board", "--json", env=network)
    assert ran.code == 0, ran.err
    assert ran.data["metrics"] == {"words": 3}
    folder = Path(ran.data["folder"], "portable")
    assert {path.name for path in folder.iterdir()} == {"main", "run.sh", "out"}
    assert ran.data["argv"][0] == "./main"
    assert (ran.data["target"], ran.data["place"]) == ("linux-x86_64-board", "")


def test_of_the_folders_that_runs_are_carried_in_the_newest_stays(
    ckpm: Ckpm, tmp_path: Path, network: dict[str, str]
) -> None:
    own = board(tmp_path, "elsewhere")
    ask = ("run", str(own), "--target", "linux-x86_64-board", "--json")
    first, second = (ckpm(*ask, env=network).data for _ in range(2))
    assert not Path(first["folder"], "portable").exists()
    assert Path(second["folder"], "portable/run.sh").is_file()
    assert first["files"].keys() == second["files"].keys()
    assert Path(first["folder"], "environment.json").is_file()
    # One that fails neither takes the last good one away nor is taken away before another one is good.
    (own / "main.c").write_text("int main(void) { return 3; }")
    failed = ckpm(*ask, env=network).data
    assert failed["state"] == "failed"
    assert all(Path(row["folder"], "portable").is_dir() for row in (second, failed))
    # A run on this machine, of the same task, is none of them.
    (own / "main.c").write_text(SOURCE)
    assert ckpm("run", str(own), env=network).code == 0
    assert all(Path(row["folder"], "portable").is_dir() for row in (second, failed))


def ndk(folder: Path) -> Path:
    """Make an NDK in the documented layout, whose clang writes what an NDK's would write for this target."""
    top = folder / "ndk"
    tools = top / "toolchains/llvm/prebuilt/linux-x86_64"
    for place in ("bin", "sysroot/usr/include/android", "sysroot/usr/lib/aarch64-linux-android/24"):
        (tools / place).mkdir(parents=True)
    (top / "source.properties").write_text("Pkg.Desc = Android NDK\nPkg.Revision = 26.3.11579264\n")
    (top / "build/cmake").mkdir(parents=True)
    (top / "build/cmake/android.toolchain.cmake").touch()
    (tools / "product").write_bytes(make_elf(interpreter="/system/bin/linker64", needed=("libc.so", "libm.so"), api=24))
    (tools / "bin/clang").write_text(
        "#!/bin/sh\n"
        'case "$*" in *--version*) echo "Android (10552028, based on r487747d) clang version 17.0.2"; exit;; esac\n'
        f'while [ $# -gt 0 ]; do [ "$1" = -o ] && cp "{tools}/product" "$2"; shift; done\n'
    )
    (tools / "bin/clang").chmod(0o755)
    for name in ("clang++", "aarch64-linux-android24-clang", "aarch64-linux-android24-clang++"):
        (tools / "bin" / name).symlink_to("clang")
    for name in ("llvm-ar", "llvm-ranlib", "llvm-strip", "llvm-nm", "ld.lld"):
        (tools / "bin" / name).symlink_to("/bin/true")
    return top


def test_with_an_ndk_and_no_phone_the_folder_is_made_and_checked(
    ckpm: Ckpm, tmp_path: Path, network: dict[str, str]
) -> None:
    own = board(tmp_path)
    variables = {"ANDROID_NDK_ROOT": str(ndk(tmp_path)), "PATH": "/usr/bin:/bin"}
    ran = ckpm("run", str(own), "--target", "android-arm64", "--json", env=variables)
    assert ran.code == 0, ran.err
    table = dict(ran.data["metrics"]["table"])
    assert table["not run"].startswith("adb: ")
    assert "/system/bin/linker64" in table["not run"]
    assert (Path(table["folder"]) / "run.sh").is_file()
    assert ran.data["target"] == "android-arm64-24"


def test_a_folder_that_would_not_run_is_refused(ckpm: Ckpm, tmp_path: Path, network: dict[str, str]) -> None:
    own, top = board(tmp_path), ndk(tmp_path)
    product = top / "toolchains/llvm/prebuilt/linux-x86_64/product"
    product.write_bytes(make_elf(interpreter="/system/bin/linker64", needed=("libc.so", "libgone.so"), api=24))
    variables = {"ANDROID_NDK_ROOT": str(top), "PATH": "/usr/bin:/bin"}
    ran = ckpm("run", str(own), "--target", "android-arm64", env=variables)
    assert ran.code == 1
    assert "libgone.so" in ran.err and "android-arm64" in ran.err
    (record,) = json.loads(ckpm("list", "result", "--json").out)["data"]
    assert record["state"] == "failed" and "libgone.so" in record["reason"]
