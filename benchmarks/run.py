"""What ``ckpm run`` adds to a task, and whether a benchmark's latencies are those of the same script run by hand.

usage: python benchmarks/run.py [ROUNDS]

Processor time, which a busy machine changes less than a clock's, and the least of several. For the demo and the ratio,
``ckpm run env:object-detection`` must have been run once.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from pkgmgr.host.home import default_home

ROOT = Path(__file__).parents[1]
CKPM = [sys.executable, "-m", "pkgmgr"]
GOAL_MS = 150
ENV = 'name = "nothing"\n[tasks.main]\nrun = ["/bin/true"]\n'


def overhead(rounds: int, env: Path, home: str) -> float:
    """Give the least milliseconds of processor time that ckpm takes around a program that does nothing.

    The time of a clock tells of whatever else the machine does; the least of several is what the work itself takes.
    """
    variables = {**os.environ, "CKPM_HOME": home, "PYTHONPATH": str(ROOT)}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    command = [*CKPM, "run", str(env)]
    added = []
    for _ in range(rounds + 1):  # the first one makes what is remembered
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=variables, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        added.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(added[1:]) * 1000


def demo_without_its_program(folder: Path) -> Path:
    """Write an env that needs what the demo needs and runs nothing."""
    document = tomllib.loads((ROOT / "envs/object-detection/env.toml").read_text("utf-8"))
    del document["tasks"]["benchmark"]["step"], document["tasks"]["benchmark"]["carry"]
    del document["tasks"]["benchmark"]["metrics"]
    document["tasks"]["benchmark"]["run"] = ["/bin/true"]
    (folder / "env.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def latency_ratio(rounds: int) -> float:
    """Give the least latency under ckpm divided by that of the recorded command run by hand, in turns."""
    ours: list[float] = []
    by_hand: list[float] = []
    for _ in range(rounds):
        ran = subprocess.run(
            [*CKPM, "run", "env:object-detection", "--json", "--set", "repetitions=10"],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        record = json.loads(ran.stdout)["data"]
        ours += record["metrics"]["samples"]["latency_ms"]
        with tempfile.TemporaryDirectory() as folder:
            argv = [folder if word == record["folder"] else word for word in record["argv"]]
            prefix = json.loads(Path(record["folder"], "environment.json").read_text("utf-8"))["lang.python"]["files"]
            subprocess.run([prefix["python"], *argv[1:]], check=True, capture_output=True)
            by_hand += json.loads(Path(folder, "result.json").read_text("utf-8"))["samples"]["latency_ms"]
    return float(min(ours) / min(by_hand))


def main() -> int:
    """Print both figures."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        nothing, demo = Path(folder, "nothing"), Path(folder, "demo")
        nothing.mkdir()
        demo.mkdir()
        (nothing / "env.toml").write_text(ENV, encoding="utf-8")
        home = str(default_home(os.environ))
        for name, env in (("nothing", nothing), ("what the demo needs", demo_without_its_program(demo))):
            added = overhead(rounds, env, home)
            print(f"ckpm run takes {added:.0f} ms around a program, needing {name} (goal: at most {GOAL_MS} ms)")
    print(f"latency under ckpm / by hand: {latency_ratio(max(1, rounds // 5)):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
