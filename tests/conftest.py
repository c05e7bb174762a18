"""What many tests need: an empty home, the command as a person runs it, small repositories."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.environ.shells import require


@dataclass(frozen=True)
class Ran:
    """What a call of the command gave."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output as the one JSON document that it must be."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    @property
    def data(self) -> Any:
        """The document's data."""
        return self.document["data"]


Ckpm = Callable[..., Ran]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this suite."""
    parser.addoption("--every-point", action="store_true", help="kill at every change of a file, not at a hundred")


def pytest_configure() -> None:
    """Let tests interrupt what they start, also where the suite runs in the background of a shell."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited, by every program that is started, too
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that does not exist yet, with a space and a quote in its name."""
    return tmp_path / "it's a home"


def command_in(home: Path, work: Path) -> Ckpm:
    """Give the command with a home and a working folder, in a process of its own for each call, with no terminal."""

    def call(
        *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, timeout: float = 300
    ) -> Ran:
        variables = {key: value for key, value in os.environ.items() if not key.startswith("CKPM_")}
        variables |= {"CKPM_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[1]), **(env or {})}
        done = subprocess.run(
            [sys.executable, "-m", "pkgmgr", *arguments],
            capture_output=True,
            text=True,
            env=variables,
            stdin=subprocess.DEVNULL,
            cwd=cwd or work,
            timeout=timeout,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def ckpm(home: Path, tmp_path: Path) -> Ckpm:
    """The command, in a process of its own, with no terminal."""
    work = tmp_path / "work"
    work.mkdir()
    return command_in(home, work)


@pytest.fixture(scope="session")
def zig_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for all that zig compiles for another machine: it first makes that one's C library, a minute's work.

    Who uses it, in whatever order, belongs to the group of that name, so that one worker has all of it.
    """
    return tmp_path_factory.mktemp("zig") / "it's a home"


@pytest.fixture(params=["pip", "uv"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The variables that make one client the one that is used."""
    if request.param == "pip":
        return {"CKPM_UV": "0"}
    beside = tmp_path / "uv only"
    beside.mkdir()
    (beside / "uv").symlink_to(require("uv"))
    return {"PATH": f"{beside}{os.pathsep}{os.environ['PATH']}", "UV_CACHE_DIR": str(tmp_path / "uv cache")}
