"""How long resolving takes: 2,000 made-up packages × 20 versions with 200 in the answer, narrow ranges, and all there.

usage: python benchmarks/resolve.py [ROUNDS]

Each package needs up to three others, by a range that changes with its version; one range in ten keeps the newest ones
out, so that the first try is never the answer. The second part is catalogs in which every requirement is a narrow
range, another one for each version: few answers or none, and many dead ends; most came out of a search for hard ones.
The third part times the command where everything is there, less a bare Python start. Times are of the processor
too: that is what it takes on a machine that is not busy.
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pkgmgr.catalog.index import Catalog  # noqa: E402
from pkgmgr.catalog.repository import BUILT_IN, Repository, built_in_root  # noqa: E402
from pkgmgr.model.entry import Entry  # noqa: E402
from pkgmgr.model.errors import CkpmError, ConflictError  # noqa: E402
from pkgmgr.model.package import Package, Require, Source  # noqa: E402
from pkgmgr.model.soft import Soft  # noqa: E402
from pkgmgr.model.target import Target, TargetDocument, parse_target  # noqa: E402
from pkgmgr.resolve.option import Choice  # noqa: E402
from pkgmgr.resolve.solve import resolve  # noqa: E402

PACKAGES, VERSIONS, ANSWER = 2000, 20, 200


@dataclass(frozen=True, kw_only=True)
class Narrow:
    """How to make a catalog of narrow ranges."""

    seed: int
    width: int
    """Versions in the widest range."""
    needs: int
    reach: int = 200
    """How far behind a package those that it needs may be."""
    drift: int | None = None
    """How far a range may lie from the version that has it; None: anywhere."""
    is_solvable: bool = False
    count: int = 200


NARROW = (
    Narrow(seed=1, width=3, needs=2),
    Narrow(seed=2, width=3, needs=3, drift=2),
    Narrow(seed=503470, width=4, needs=1, drift=1),
    Narrow(seed=216219, width=6, needs=2, drift=3),
    Narrow(seed=447723, width=8, needs=3, reach=20, drift=3, is_solvable=True),
    Narrow(seed=860877, width=8, needs=1, reach=5, count=100),
    Narrow(seed=273495, width=8, needs=1, reach=20, is_solvable=True),
    Narrow(seed=960421, width=8, needs=1),
)


@dataclass(frozen=True)
class World:
    """A catalog without a machine."""

    packages: Mapping[str, Package]

    @cached_property
    def _targets(self) -> Catalog:
        return Catalog(repositories=[Repository(name=BUILT_IN, root=built_in_root())])

    def soft(self, name: str) -> Soft:
        """Give a soft."""
        return Soft(name=name, summary="x")

    def softs_tagged(self, tags: Sequence[str]) -> Sequence[Soft]:
        """Give nothing."""
        return ()

    def entries(self, soft: str) -> Sequence[Entry]:
        """Give nothing."""
        return ()

    def is_known(self, entry: Entry) -> bool:
        """Tell that nothing is known."""
        return False

    def is_outdated(self, entry: Entry) -> bool:
        """Tell that nothing is."""
        return False

    def package(self, name: str) -> Package:
        """Give a package."""
        return self.packages[name]

    def providers(self, soft: str) -> Sequence[Package]:
        """Give the one package of a soft."""
        return [self.packages[soft.replace(".", "-", 1)]]

    def target(self, name: str) -> TargetDocument:
        """Give a target of the built-in ones."""
        return self._targets.require_target(name)[1]

    def facts(self, target: Target) -> Mapping[str, str]:
        """Give nothing."""
        return {}


def make_package(number: int, chance: random.Random) -> Package:
    """Make one that needs up to three others of its block of 200, by ranges that change with its version."""
    block = number // ANSWER * ANSWER
    above = range(number + 1, block + ANSWER)
    needed = [number + 1] if number + 1 < block + ANSWER else []
    needed += chance.sample(above, min(2, len(above)))
    requires: list[str | Require] = []
    for other in dict.fromkeys(needed):
        for version in range(1, VERSIONS + 1):
            # Most name what they need at least; every tenth row keeps the newest ones out.
            least = f">={max(1, version - 10)}"
            most = f",<={max(10, version - 2)}" if chance.random() < 0.1 else ""
            requires.append(Require(soft=f"lib.p{other}@{least}{most}", when={"version": f"=={version}"}))
    rows = tuple(Source(version=str(v), urls=("file:/x",), sha256="0" * 64) for v in range(1, VERSIONS + 1))
    name = f"lib-p{number}"
    return Package(
        name=name,
        summary="x",
        provides=f"lib.p{number}",
        license="MIT",
        homepage="x",
        source=rows,
        requires=tuple(requires),
    )


def make_narrow(wanted: Narrow) -> dict[str, Package]:
    """Make a catalog of narrow ranges: each package needs the next one, and some further on."""
    chance = random.Random(wanted.seed)
    hidden = [chance.randint(1, VERSIONS) for _ in range(wanted.count)]
    made = {}
    for number in range(wanted.count):
        above = range(number + 1, min(wanted.count, number + 1 + wanted.reach))
        needed = chance.sample(above, min(len(above), chance.randint(1, wanted.needs))) if above else []
        if above and number + 1 not in needed:
            needed.append(number + 1)
        requires: list[str | Require] = []
        for other in needed:
            for version in range(1, VERSIONS + 1):
                width = chance.randint(1, wanted.width)
                if wanted.is_solvable and version == hidden[number]:
                    least = hidden[other] - chance.randint(0, width - 1)
                elif wanted.drift is None:
                    least = chance.randint(1, VERSIONS - width + 1)
                else:
                    least = version + chance.randint(-wanted.drift, wanted.drift)
                least = max(1, min(VERSIONS - width + 1, least))
                text = f"lib.p{other}@>={least},<={least + width - 1}"
                requires.append(Require(soft=text, when={"version": f"=={version}"}))
        package = make_package(number, random.Random(0))
        made[package.name] = msgspec.structs.replace(package, requires=tuple(requires))
    return made


def narrow(host: Target) -> None:
    """Time catalogs of narrow ranges, once each: none is quick enough for chance to matter."""
    for wanted in NARROW:
        world = World(make_narrow(wanted))
        world.target("linux-x86_64")
        before = time.process_time()
        try:
            plan = resolve(["package:lib-p0"], world=world, target=host, choice=Choice(host=host))
            said = f"{len(plan.steps)} in the answer"
        except ConflictError:
            said = "shown to have no answer"
        except CkpmError as error:
            said = error.message[:60]
        used = time.process_time() - before
        where = "anywhere" if wanted.drift is None else f"{wanted.drift} beside"
        about = f"width ≤ {wanted.width}, {where}, {wanted.needs} needs, reach {wanted.reach}"
        print(f"narrow, {wanted.count} × {VERSIONS}, {about}: {used:.2f} s of processor; {said}")


def main() -> int:
    """Print the times and the goals."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    host = parse_target("linux-x86_64")
    for seed in range(3):
        chance = random.Random(seed)
        world = World({f"lib-p{n}": make_package(n, chance) for n in range(PACKAGES)})
        world.target("linux-x86_64")
        times: list[float] = []
        busy: list[float] = []
        for _ in range(rounds):
            begin, before = time.perf_counter(), time.process_time()
            plan = resolve(["package:lib-p0"], world=world, target=host, choice=Choice(host=host))
            times.append(time.perf_counter() - begin)
            busy.append(time.process_time() - before)
        older = sum(step.version != str(VERSIONS) for step in plan.steps)
        wall, used = statistics.median(times), statistics.median(busy)
        print(f"2,000 × 20, seed {seed}: {wall:.2f} s, {used:.2f} s of processor; goal ≤ 1 s")
        print(f"  {len(plan.steps)} in the answer, {older} not the newest")
    narrow(host)
    there(rounds)
    return 0


def there(rounds: int) -> None:
    """Time requests for what is there, in time of the processor."""
    with tempfile.TemporaryDirectory() as home:
        variables = {**os.environ, "CKPM_HOME": home, "PYTHONPATH": str(ROOT)}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
        install = [sys.executable, "-m", "pkgmgr", "install"]
        commands = {
            "a bare Python start": [sys.executable, "-c", "pass"],
            "everything there, soft:lang.python": [*install, "soft:lang.python"],
            "everything there, soft:compiler.gcc": [*install, "soft:compiler.gcc"],
            "everything there, package:lib-eigen": [*install, "package:lib-eigen"],
        }
        used: dict[str, list[float]] = {}
        for name, command in commands.items():
            if subprocess.run(command, env=variables, capture_output=True, check=False).returncode:
                print(f"{name}: not to be had here")
            else:
                used[name] = []
        for number in range(rounds + 2):  # the first rounds fill the memory
            for name, times in used.items():
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(commands[name], env=variables, check=True, capture_output=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                if number > 1:
                    times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    least = {name: 1000 * min(times) for name, times in used.items()}
    bare = least.pop("a bare Python start")
    print(f"a bare Python start: {bare:.0f} ms of processor, the least of {rounds}")
    for name, time_ in least.items():
        print(f"{name}: {time_ - bare:.0f} ms more, × {time_ / bare:.1f}  goal ≤ 100 ms")


if __name__ == "__main__":
    sys.exit(main())
