"""What sync, verify and export of a locked env cost with nothing to do, as ratios to a bare Python start.

Two envs are made here: one of programs found on PATH, as many as asked for, and one of an installed entry of as many
files. The least processor time of runs taken in turn: what else a machine does adds to it, and nothing takes from it.

usage: python benchmarks/sync.py [ENTRIES [ROUNDS [FILES]]]
"""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from startup import ROOT

SOFT = """name = "tool.bench{number}"
summary = "a program for a benchmark"
[find]
executables = ["bench{number}"]
[[probe]]
argv = ["{{path}}", "--version"]
match = '^bench (?P<version>[\\d.]+)$'
[entry]
env = [{{op = "set", var = "BENCH{number}", value = "{{path}}"}}]
"""

MANY = """name = "tool.many"
summary = "many files for a benchmark"
[find]
executables = ["many"]
[[probe]]
argv = ["{path}", "--version"]
match = '^many (?P<version>[\\d.]+)$'
"""
PACKAGE = """name = "tool-many"
summary = "many files for a benchmark"
provides = "tool.many"
license = "MIT"
homepage = "https://example.org"
product = "host"
[[source]]
version = "1.0"
urls = ["file:%s"]
sha256 = "%s"
[[step]]
use = "unpack"
into = "{prefix}"
"""


def least(commands: dict[str, list[str]], variables: dict[str, str], rounds: int) -> dict[str, float]:
    """Run the commands in turn, and give the least processor time of each in seconds, that of its children with it."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {name: min(values) for name, values in times.items()}


def prepare(root: Path, entries: int) -> None:
    """Write the programs, their softs and the env that wants them all."""
    (root / "bin").mkdir()
    for number in range(entries):
        program = root / f"bin/bench{number}"
        program.write_text(f"#!/bin/sh\n# {number}\necho bench 1.{number}\n")
        program.chmod(0o755)
        soft = root / f"repository/soft_plugins/tool.bench{number}"
        soft.mkdir(parents=True)
        (soft / "soft.toml").write_text(SOFT.format(number=number))
    env = root / "repository/envs/bench"
    env.mkdir(parents=True)
    wanted = ", ".join(f'"soft:tool.bench{number}"' for number in range(entries))
    (env / "env.toml").write_text(f'name = "bench"\nsummary = "for a benchmark"\nrequires = [{wanted}]\n')


def prepare_many(root: Path, files: int) -> None:
    """Write a package of many files in folders of twenty, its soft, and an env that wants it."""
    tree = root / "tree"
    (tree / "bin").mkdir(parents=True)
    program = tree / "bin/many"
    program.write_text("#!/bin/sh\necho many 1.0\n")
    program.chmod(0o755)
    for number in range(files):
        folder = tree / f"lib/{number // 2000}/{number // 20}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file{number}").write_text(str(number))
    archive = root / "many-1.0.tar"
    with tarfile.open(archive, "w") as tar:
        for place in sorted(tree.iterdir()):
            tar.add(place, place.name)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    documents = {
        "soft_plugins/tool.many/soft.toml": MANY,
        "packages/tool-many/package.toml": PACKAGE % (archive, digest),
        "envs/many/env.toml": 'name = "many"\nsummary = "for a benchmark"\nrequires = ["package:tool-many"]\n',
    }
    for name, text in documents.items():
        path = root / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def main() -> int:
    """Print the ratios and the goals."""
    numbers = [int(word) for word in sys.argv[1:]]
    entries, rounds, files = [*numbers, *(100, 9, 20000)[len(numbers) :]]
    ckpm = [sys.executable, "-m", "pkgmgr"]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        prepare(root, entries)
        prepare_many(root, files)
        path = os.pathsep.join([str(root / "bin"), os.environ["PATH"]])
        variables = {**os.environ, "CKPM_HOME": str(root / "home"), "PYTHONPATH": str(ROOT), "PATH": path}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
        commands = {"python -c pass": [sys.executable, "-c", "pass"]}
        for words in ("sync env:bench", "verify env:bench", "export env:bench", "export soft:tool.bench0"):
            commands[f"ckpm {words}"] = [*ckpm, *words.split()]
        for words in ("sync env:many", "verify env:many", "export env:many"):
            commands[f"ckpm {words}"] = [*ckpm, *words.split()]
        subprocess.run([*ckpm, "repo", "add", str(root / "repository"), "--trust"], env=variables, check=True)
        for command in [*commands.values(), *commands.values()]:  # the first makes the locks, the second the memories
            subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times = least(commands, variables, rounds)
    bare = times["python -c pass"]
    goals = {"sync": "bare + 100 ms", "verify": "bare + 100 ms", "export": "× 4"}
    print(f"bench: {entries} found entries; many: one installed entry of {files} files; processor time")
    for name, value in times.items():
        goal = f"  goal ≤ {goals[name.split()[1]]}" if name.startswith("ckpm") else ""
        print(f"{name:<28} {1000 * value:7.1f} ms  bare + {1000 * (value - bare):6.1f} ms  × {value / bare:4.1f}{goal}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
