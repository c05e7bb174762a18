"""Documents of a small repository: programs that say their version, and packages that bring them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

_SOFT = """
name = "tool.{name}"
summary = "a program for a test"
[find]
executables = ['{executables}']
[[probe]]
argv = ["{{path}}", "--version"]
match = '^{name} (?P<version>[\\d.]+)$'
"""
_PACKAGE = """
name = "tool-{name}"
summary = "a program for a test"
provides = "tool.{name}"
license = "MIT"
homepage = "https://example.org"
product = "host"
[[source]]
version = "{version}"
urls = ["file:{program}"]
sha256 = "{digest}"
[[step]]
use = "copy"
files = ["{{source.source}}"]
to = "{{prefix}}/bin/"
executable = true
"""


def program_soft(name: str, more: str = "", *, executables: str = "") -> str:
    """Give the document of a soft.

    :param more: what else it holds, as TOML.
    :param executables: an expression; else the name.
    """
    return _SOFT.format(name=name, executables=executables or name) + more


def program_package(program: Path, version: str, more: str = "") -> str:
    """Give the document of a package that copies one program, which is of the package's name."""
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    return _PACKAGE.format(name=program.name, version=version, program=program, digest=digest) + more


def write_documents(root: Path, documents: Mapping[str, str]) -> Path:
    """Write documents by their paths below a folder, and give the folder."""
    for name, text in documents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
