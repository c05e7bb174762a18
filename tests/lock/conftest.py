"""A small machine of one's own: a program on PATH, a package of one file, and an env that wants both."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import Ckpm, Ran

ALPHA = """
name = "tool.alpha"
summary = "a program for a test"
[find]
executables = ['alpha(?:-\\d+)?']
[[probe]]
argv = ["{path}", "--version"]
match = '^alpha (?P<version>[\\d.]+)$'
[entry]
env = [{op = "set", var = "ALPHA", value = "{path}"}]
"""
BETA = """
name = "tool.beta"
summary = "another program for a test"
[find]
executables = ["beta"]
[[probe]]
argv = ["{path}", "--version"]
match = '^beta (?P<version>[\\d.]+)$'
[entry]
env = [{op = "prepend_path", var = "PATH", value = "{dir}"}]
"""
PACKAGE = """
name = "tool-beta"
summary = "another program for a test"
provides = "tool.beta"
license = "MIT"
homepage = "https://example.org"
product = "host"
[[source]]
version = "1.0"
urls = ["file:%s"]
sha256 = "%s"
[[step]]
use = "copy"
files = ["{source.source}"]
to = "{prefix}/bin/"
executable = true
"""
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
        "soft_plugins/tool.alpha/soft.toml": ALPHA,
        "soft_plugins/tool.beta/soft.toml": BETA,
        "packages/tool-beta/package.toml": PACKAGE % (beta, hashlib.sha256(beta.read_bytes()).hexdigest()),
        "envs/both/env.toml": ENV,
    }
    for name, text in documents.items():
        place = tmp_path / "repository" / name
        place.parent.mkdir(parents=True)
        place.write_text(text)
    assert made("repo", "add", str(tmp_path / "repository"), "--trust").code == 0
    return made
