"""How long a script of 60 variables takes to be sourced, in each shell that is here: the best of 30, in milliseconds.

    python benchmarks/activate.py

To be read against 5 ms.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from pkgmgr.environ.formats import render
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.operation import Operation

ROUNDS = 30
SHELLS = {
    "dash": ["dash"],
    "bash": ["bash", "--norc"],
    "zsh": ["zsh", "-f"],
    "mksh": ["mksh"],
    "busybox": ["busybox", "sh"],
}


def best(command: list[str], script: str, folder: Path) -> float:
    """Give the least time of a shell with a script, in seconds."""
    path = folder / "main.sh"
    path.write_text(script)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run([*command, str(path)], check=True)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print one line for each shell: with the script, less without."""
    rows = [Operation(op="set", var=f"VARIABLE_{number}", value="it's a value " * 5) for number in range(59)]
    text = render("sh", ExportRequest(operations=[*rows, Operation(op="prepend_path", var="PATH", value="/a/bin")]))
    with tempfile.TemporaryDirectory() as name:
        for shell, command in SHELLS.items():
            if shutil.which(command[0]) is None:
                print(f"{shell:<8} not here")
                continue
            bare = best(command, ":\n", Path(name))
            whole = best(command, text, Path(name))
            print(f"{shell:<8} {(whole - bare) * 1000:6.2f} ms")


if __name__ == "__main__":
    main()
