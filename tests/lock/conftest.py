"""A small machine of one's own: a program on PATH, a package of one file, and an env that wants both."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import Ckpm, Ran
from tests.program_repository import program_package, program_soft, write_documents

ALPHA = '[entry]\nenv = [{op = "set", var = "ALPHA", value = "{path}"}]\n'
BETA = '[entry]\nenv = [{op = "prepend_path", var = "PATH", value = "{dir}"}]\n'
ENV = """
name = "both"
requires = ["soft:tool.alpha", "package:tool-beta"]
env = [{op = "set", var = "OWN", value = "a value"}]
[accept]
host = "compatible"
"""


@dataclass(frozen=True)
class SmallMachine:
    """The command, with its own PATH and a repository that can be edited."""

    ckpm: Ckpm
    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, **variables: str) -> Ran:
        """Run the command here."""
        return self.ckpm(*arguments, env={**self.variables, **variables})

    @property
    def lock(self) -> Path:
        """The env's lock."""
        return self.root / "repository/envs/both/env.lock.json"

    @property
    def env(self) -> Path:
        """The env's document."""
        return self.lock.with_name("env.toml")

    def program(self, name: str, version: str, folder: str = "bin") -> Path:
        """Put a program into one of the folders of PATH."""
        path = self.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {name.partition('-')[0]} {version}\n")
        path.chmod(0o755)
        return path


@pytest.fixture
def machine(ckpm: Ckpm, tmp_path: Path) -> SmallMachine:
    """Make the machine; nothing is locked yet."""
    if os.name == "nt":
        pytest.skip("its programs are scripts of sh")
    path = os.pathsep.join([str(tmp_path / "first"), str(tmp_path / "bin"), os.environ["PATH"]])
    made = SmallMachine(ckpm, tmp_path, {"PATH": path})
    made.program("alpha", "2.1")
    beta = made.program("beta", "1.0", "source")
    documents = {
        "soft_plugins/tool.alpha/soft.toml": program_soft("alpha", ALPHA, executables=r"alpha(?:-\d+)?"),
        "soft_plugins/tool.beta/soft.toml": program_soft("beta", BETA),
        "packages/tool-beta/package.toml": program_package(beta, "1.0"),
        "envs/both/env.toml": ENV,
    }
    repository = write_documents(tmp_path / "repository", documents)
    assert made("repo", "add", str(repository), "--trust").code == 0
    return made
