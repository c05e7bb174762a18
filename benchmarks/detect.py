"""What a full detection costs, against the floor: the probes of what was found, run once in parallel, and nothing else.

usage: python benchmarks/detect.py [--rounds N]

Everything is measured in one run on one machine; only the ratios say something. The goals are those of the project.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pkgmgr.detect.engine import Detector  # noqa: E402
from pkgmgr.detect.report import Report  # noqa: E402
from pkgmgr.host.local import local_host  # noqa: E402
from pkgmgr.host.ports import Answer, Host, Runner  # noqa: E402
from pkgmgr.jobs.detection import Search, make_detector, search_places, softs_named  # noqa: E402
from pkgmgr.jobs.workspace import open_workspace  # noqa: E402
from pkgmgr.model.soft import Soft  # noqa: E402

NAMES = 75_000
SOFT = """
name = "tool.made-up-{number}"
summary = "a tool that is nowhere"
[find]
executables = ['made-up-{number}(?:-\\d+)?']
[[probe]]
argv = ["{{path}}", "--version"]
match = 'made up (?P<version>[\\d.]+)'
"""


@dataclass
class Noting:
    """A runner that notes what it was asked to run."""

    runner: Runner
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, argv: Sequence[str], **options: object) -> Answer:
        """Note and run."""
        self.asked.append(tuple(argv))
        return self.runner.run(argv, **options)  # type: ignore[arg-type]

    def close(self) -> None:
        """End what runs."""
        self.runner.close()


def look(home: Path) -> tuple[Host, list[tuple[str, ...]], Report]:
    """Detect everything once; give what was started, too."""
    workspace = open_workspace(home=home)
    host = local_host()
    noting = Noting(host.runner)
    host = replace(host, runner=noting)
    detector: Detector = make_detector(workspace, Search(), host)
    report = detector.detect(softs_named(workspace, workspace.catalog.names("soft"), strict=False))
    return host, noting.asked, report


def accepted(host: Host, asked: Sequence[tuple[str, ...]], report: Report) -> list[tuple[str, ...]]:
    """Give the distinct commands whose program belongs to an entry."""
    real = host.files.real
    mine = {real(path) for entry in report.entries for path in entry.files.values()}
    told = " ".join(entry.evidence for entry in report.entries)
    return [argv for argv in dict.fromkeys(asked) if real(argv[0]) in mine or argv[0] in told]


def run_floor(commands: Sequence[tuple[str, ...]], jobs: int) -> float:
    """Run commands in parallel, as plainly as Python can, and give the seconds."""

    def run(argv: tuple[str, ...]) -> None:
        subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)

    begin = time.perf_counter()
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(run, commands))
    return time.perf_counter() - begin


def install(folder: Path) -> str:
    """Install ckpm as a person does, into an environment of its own, and give its Python.

    Its documents were parsed when the wheel was built, and nothing else slows its start.
    """
    venv.create(folder, with_pip=True)
    python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(ROOT)], check=True, stderr=subprocess.DEVNULL)
    return python


def timed(command: Sequence[str], variables: dict[str, str]) -> float:
    """Give the seconds that a command takes, in a folder where no other ckpm would be imported."""
    begin = time.perf_counter()
    subprocess.run(
        command,
        cwd=tempfile.gettempdir(),
        env=variables,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - begin


def hundred_and_thousand(folder: Path) -> tuple[list[Soft], list[Soft]]:
    """Give a hundred of our softs, and these with nine hundred that look for what is nowhere."""
    repository = folder / "made-up"
    for number in range(900):
        place = repository / "soft_plugins" / f"tool.made-up-{number}"
        place.mkdir(parents=True)
        (place / "soft.toml").write_text(SOFT.format(number=number))
    variables = {**os.environ, "CKPM_PLUGIN_PATH": str(repository)}
    workspace = replace(open_workspace(home=folder / "home-softs"), variables=variables)
    softs = softs_named(workspace, workspace.catalog.names("soft"), strict=False)
    ours = [soft for soft in softs if not soft.name.startswith("tool.made-up-")]
    hundred = ours[:: len(ours) // 100][:100]
    return hundred, [*hundred, *(soft for soft in softs if soft not in ours)]


def look_for(softs: Sequence[Soft]) -> float:
    """Give the seconds to look for softs on this machine, documents read before and nothing remembered."""
    with tempfile.TemporaryDirectory() as home:
        workspace = open_workspace(home=home)
        begin = time.perf_counter()
        make_detector(workspace, Search(), local_host()).detect(softs)
        return time.perf_counter() - begin


def many_names(folder: Path) -> float:
    """Give the seconds that all softs take over a folder of 75,000 names that are not theirs."""
    place = folder / "names"
    place.mkdir()
    first = place / "file-of-nobody-0"
    first.write_text("")
    for number in range(1, NAMES):
        if number % 30_000 == 0:  # a file has at most 65,000 names
            first = place / f"file-of-nobody-{number}"
            first.write_text("")
        else:
            os.link(first, place / f"file-of-nobody-{number}")
    workspace = open_workspace(home=folder / "home-names")
    softs = softs_named(workspace, workspace.catalog.names("soft"), strict=False)
    search = Search(where=search_places([str(place)], system=False))
    begin = time.perf_counter()
    make_detector(workspace, search, local_host()).detect(softs)
    return time.perf_counter() - begin


def median(rounds: int, measure: Callable[[], float]) -> float:
    """Give the median of some measurements."""
    return statistics.median(measure() for _ in range(rounds))


def main() -> int:
    """Print each figure, its ratio and its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    jobs = 2 * (os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = install(folder / "environment")
        ckpm = [python, "-m", "pkgmgr"]
        variables = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        host, asked, report = look(folder / "first")
        commands = accepted(host, asked, report)
        files = {host.files.real(argv[0]) for argv in asked}
        print(f"entries {len(report.entries)}, turned down {len(report.rejections)}")
        print(f"processes {len(asked)} for {len(files)} files: × {len(asked) / max(1, len(files)):.2f}  goal ≤ 1.10")
        floor = median(rounds, lambda: run_floor(commands, jobs))
        homes = iter(range(2 * rounds))

        def look_cold(python: str, more: dict[str, str]) -> float:
            """Give the seconds of a full detection in a home of its own."""
            told = {**variables, **more, "CKPM_HOME": str(folder / f"cold{next(homes)}")}
            return timed([python, "-m", "pkgmgr", "detect"], told)

        cold = median(rounds, lambda: look_cold(python, {}))
        checkout = median(rounds, lambda: look_cold(sys.executable, {"PYTHONPATH": str(ROOT)}))
        print(
            f"floor: {len(commands)} probes, {floor:.2f} s; full, cold: {cold:.2f} s  × {cold / floor:.2f}  goal ≤ 1.5"
        )
        print(f"the same from a checkout, whose documents are parsed now: {checkout:.2f} s")
        bare = median(3 * rounds, lambda: timed([python, "-c", "pass"], variables))
        home = {**variables, "CKPM_HOME": str(folder / "cold0")}
        warm = median(3 * rounds, lambda: timed([*ckpm, "detect"], home))
        print(
            f"bare start {1000 * bare:.0f} ms; full, unchanged: {1000 * warm:.0f} ms  × {warm / bare:.1f}  goal ≤ 7.5"
        )
        timed([*ckpm, "detect", "compiler.gcc"], home)
        one = median(3 * rounds, lambda: timed([*ckpm, "detect", "compiler.gcc"], home))
        print(f"one soft, unchanged: {1000 * one:.0f} ms  × {one / bare:.1f}  goal ≤ 5")
        softs = hundred_and_thousand(folder)
        # By turns, and the least of each: a tenth of a second is soon doubled by what else the machine does.
        turns = [[look_for(those) for those in softs] for _ in range(3 * rounds)]
        few, many = (min(column) for column in zip(*turns, strict=True))
        print(f"100 softs {few:.2f} s, 1,000 softs {many:.2f} s  × {many / few:.2f}  goal ≤ 1.3")
        print(f"{NAMES:,} names: {many_names(folder):.2f} s  goal ≤ 0.5")
        code = "import resource, sys; from pkgmgr.cli.main import main; main(['detect', '--refresh', '-q']); "
        code += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        said = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=home, check=True, capture_output=True, text=True
        )
        print(f"memory of a full detection: {int(said.stderr.split()[-1]) / 1024:.0f} MB  goal ≤ 150")
    return 0


if __name__ == "__main__":
    sys.exit(main())
