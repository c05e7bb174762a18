"""What ``ckpm run`` adds to a task, and whether a benchmark's latencies are those of the same script run by hand.

usage: python benchmarks/run.py [ROUNDS]

The first figure needs nothing; for the second, ``ckpm run env:object-detection`` must have been run once.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
CKPM = [sys.executable, "-m", "pkgmgr"]
GOAL_MS = 150
ENV = 'name = "nothing"\n[tasks.main]\nrun = ["/bin/true"]\n'


def overhead(rounds: int) -> float:
    """Give the median milliseconds that ckpm adds to a program that does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "env.toml").write_text(ENV, encoding="utf-8")
        variables = {**os.environ, "CKPM_HOME": f"{folder}/home", "PYTHONPATH": str(ROOT)}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
        command = [*CKPM, "run", folder]
        subprocess.run(command, env=variables, check=True, capture_output=True)
        added = []
        for _ in range(rounds):
            added.append(timed(command, variables) - timed(["/bin/true"], variables))
    return statistics.median(added) * 1000


def timed(command: list[str], variables: dict[str, str]) -> float:
    """Run a command and give its seconds."""
    begin = time.perf_counter()
    subprocess.run(command, env=variables, check=True, capture_output=True)
    return time.perf_counter() - begin


def latency_ratio(rounds: int) -> float:
    """Give the median latency under ckpm divided by that of the recorded command run by hand, in turns."""
    ours, by_hand = [], []
    for _ in range(rounds):
        ran = subprocess.run(
            [*CKPM, "run", "env:object-detection", "--json", "--set", "repetitions=10"],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        record = json.loads(ran.stdout)["data"]
        ours.append(record["metrics"]["latency_p50_ms"])
        with tempfile.TemporaryDirectory() as folder:
            argv = [folder if word == record["folder"] else word for word in record["argv"]]
            prefix = json.loads(Path(record["folder"], "environment.json").read_text("utf-8"))["lang.python"]["files"]
            subprocess.run([prefix["python"], *argv[1:]], check=True, capture_output=True)
            by_hand.append(json.loads(Path(folder, "result.json").read_text("utf-8"))["latency_p50_ms"])
    return float(statistics.median(ours) / statistics.median(by_hand))


def main() -> int:
    """Print both figures."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    print(f"ckpm run adds {overhead(rounds):.0f} ms to a program that does nothing (goal: at most {GOAL_MS} ms)")
    print(f"latency under ckpm / by hand: {latency_ratio(max(1, rounds // 5)):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
