"""How long ckpm takes for nothing and for one soft again, as ratios to a bare Python start in the same run.

usage: python benchmarks/startup.py [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def measure(commands: dict[str, list[str]], variables: dict[str, str], rounds: int) -> dict[str, float]:
    """Run the commands in turn, so that all see the same machine, and give each one's median in seconds."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            begin = time.perf_counter()
            subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> int:
    """Print the ratios and the goals."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    ckpm = [sys.executable, "-m", "pkgmgr"]
    with tempfile.TemporaryDirectory() as home:
        variables = {**os.environ, "CKPM_HOME": home, "PYTHONPATH": str(ROOT)}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "ckpm --version": [*ckpm, "--version"],
            "ckpm detect compiler.gcc, warm": [*ckpm, "detect", "compiler.gcc"],
            "ckpm detect lang.python, warm": [*ckpm, "detect", "lang.python"],
            "ckpm detect, everything, warm": [*ckpm, "detect"],
            "ckpm export soft:compiler.gcc": [*ckpm, "export", "soft:compiler.gcc"],
        }
        goals = {"ckpm --version": 3, "ckpm detect compiler.gcc, warm": 5, "ckpm detect lang.python, warm": 5}
        goals["ckpm export soft:compiler.gcc"] = 4
        for command in commands.values():  # the first round fills the memory
            subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        medians = measure(commands, variables, rounds)
    bare = medians["python -c pass"]
    for name, value in medians.items():
        goal = f"  goal ≤ {goals[name]}" if name in goals else ""
        print(f"{name:<34} {1000 * value:7.1f} ms  × {value / bare:4.1f}{goal}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
