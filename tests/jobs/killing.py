"""End the command with SIGKILL at one change of a file after the other, each time in a fork of one warm process.

``python -m tests.jobs.killing HOME POINTS`` reads what to do as JSON from standard input and prints one row for each
point. Starting Python anew for each would take ten times as long.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.utime"}


def count_changes(home: str, last: int) -> list[int]:
    """Count what this process does to files of the home from now on, and end it just before change number ``last``."""
    done = [0]

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            flags = arguments[2]
            if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return
        elif event not in CHANGES:
            return
        paths = [os.fsdecode(item) for item in arguments if isinstance(item, str | bytes)]
        if event in ("os.rmdir", "os.remove") or any(path.startswith(home) for path in paths):
            done[0] += 1
            if done[0] == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    return done


def run(home: str, arguments: Sequence[str], last: int = 0) -> tuple[int, int, str]:
    """Run the command in a fork.

    :return: its exit code, or minus the signal; how many changes it made, if it came to its end; what it said.
    """
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as counted:
        child = os.fork()
        if child == 0:
            _become(home, arguments, last, said.fileno(), counted.fileno())
        _, status = os.waitpid(child, 0)
        counted.seek(0)
        said.seek(0)
        text = counted.read().decode()
        return os.waitstatus_to_exitcode(status), int(text) if text else 0, said.read().decode("utf-8", "replace")


def _become(home: str, arguments: Sequence[str], last: int, said: int, counted: int) -> NoReturn:
    from pkgmgr.cli.main import main

    code = 70
    try:
        os.dup2(said, 1)
        os.dup2(said, 2)
        done = count_changes(home, last)
        code = main(list(arguments))
        os.write(counted, str(done[0]).encode())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def whole_entries(home: Path) -> list[str]:
    """Name the softs of what counts as installed; one with '!' whose files are not those of its manifest."""
    import hashlib

    found = []
    for record in sorted((home / "store").rglob("entry.json")):
        folder = record.parents[1]
        rows = json.loads((folder / ".ckpm/manifest.json").read_text())
        is_whole = all(
            (folder / row["path"]).is_file()
            and hashlib.sha256((folder / row["path"]).read_bytes()).hexdigest() == row["sha256"]
            for row in rows
        )
        found.append(json.loads(record.read_text())["soft"] + ("" if is_whole else "!"))
    return found


def forget(home: Path, patterns: Sequence[str]) -> None:
    """Remove what is to be made anew."""
    for pattern in patterns:
        for path in home.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def main(arguments: Sequence[str]) -> int:
    """Do for each point: forget, prepare, run until killed, look, run again, look."""
    home, points = Path(arguments[0]), int(arguments[1])
    job = json.load(sys.stdin)
    from pkgmgr.cli.main import main as command

    with tempfile.TemporaryFile() as shown:  # once in this process: it imports everything, and fills the memories
        out = os.dup(1)
        os.dup2(shown.fileno(), 1)
        codes = [command(earlier) for earlier in [*job["prepare"], job["do"]]]
        os.dup2(out, 1)
    if any(codes):
        return 1
    forget(home, job["forget"])
    for earlier in job["prepare"]:
        run(str(home), earlier)
    count = run(str(home), job["do"])[1]
    print(json.dumps({"changes": count}), flush=True)
    number = count if points == 0 else min(points, count)
    for point in sorted({1 + index * (count - 1) // max(1, number - 1) for index in range(number)}):
        forget(home, job["forget"])
        for earlier in job["prepare"]:
            run(str(home), earlier)
        ended = run(str(home), job["do"], point)[0]
        there = whole_entries(home)
        again, _, said = run(str(home), job["do"])
        row = {"point": point, "ended": ended, "there": there, "again": again, "said": said}
        left = [path.name for path in (home / "staging").iterdir()]
        print(json.dumps({**row, "then": whole_entries(home), "left": left}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
