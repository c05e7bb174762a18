"""How long sync, verify and export of a locked env take with nothing to do, as ratios to a bare Python start.

The env is made here: programs found on PATH, as many as asked for, all locked. Medians of runs taken in turn.

usage: python benchmarks/sync.py [ENTRIES [ROUNDS]]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from startup import ROOT, measure

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


def main() -> int:
    """Print the ratios and the goals."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    ckpm = [sys.executable, "-m", "pkgmgr"]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        prepare(root, entries)
        path = os.pathsep.join([str(root / "bin"), os.environ["PATH"]])
        variables = {**os.environ, "CKPM_HOME": str(root / "home"), "PYTHONPATH": str(ROOT), "PATH": path}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "ckpm sync env:bench": [*ckpm, "sync", "env:bench"],
            "ckpm verify env:bench": [*ckpm, "verify", "env:bench"],
            "ckpm export env:bench": [*ckpm, "export", "env:bench"],
        }
        subprocess.run([*ckpm, "repo", "add", str(root / "repository"), "--trust"], env=variables, check=True)
        for command in [*commands.values(), *commands.values()]:  # the first makes the lock, the second the memories
            subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        medians = measure(commands, variables, rounds)
    bare = medians["python -c pass"]
    goals = {"sync": "bare + 100 ms", "verify": "100 ms", "export": "× 4"}
    print(f"{entries} entries")
    for name, value in medians.items():
        goal = f"  goal ≤ {goals[name.split()[1]]}" if name.startswith("ckpm") else ""
        print(f"{name:<24} {1000 * value:7.1f} ms  bare + {1000 * (value - bare):6.1f} ms  × {value / bare:4.1f}{goal}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
