"""Shims: small scripts that stand for a program which a version manager chooses at each run. Pure but for one read.

Asking a shim tells what it chooses in this folder today, or an error message; what it stands for is looked for
in the manager's own folders instead.
"""

from __future__ import annotations

import re

from pkgmgr.host.ports import Files

LARGEST_SHIM = 4096
"""In bytes; no version manager writes longer ones."""

# What each manager writes into its shims (read off pyenv 2.3, rbenv 1.2, asdf 0.14, jenv 0.5, SDKMAN has none).
_MANAGERS = (
    (re.compile(rb"(?P<root>/[^\n\"']*)/libexec/(?P<name>pyenv)[\"']? exec"), "versions"),
    (re.compile(rb"(?P<name>pyenv|rbenv|nodenv|goenv|jenv|plenv|phpenv)[\"']? exec"), "versions"),
    (re.compile(rb"(?P<name>asdf) exec"), "installs"),
    (re.compile(rb"exec .*(?P<name>mise) x "), "installs"),
)


def shim_reason(files: Files, path: str, size: int) -> str | None:
    """Say that a program is a shim and where the true ones are looked for; None when it is none."""
    if size > LARGEST_SHIM:
        return None
    text = files.read(path, LARGEST_SHIM)
    if text is None or not text.startswith(b"#!"):
        return None
    for expression, folder in _MANAGERS:
        found = expression.search(text)
        if found is not None:
            name = found["name"].decode()
            return f"a shim of {name}; the true programs are looked for in its {folder} folder"
    return None
