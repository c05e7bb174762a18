"""Run scripts in the shells of this machine; values that break careless quoting."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pkgmgr.environ.formats import render
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation

POSIX_SHELLS: Mapping[str, tuple[str, ...]] = {
    "dash": ("dash",),
    "bash": ("bash", "--norc"),
    "bash-posix": ("bash", "--posix"),
    "zsh": ("zsh", "-f"),
    "busybox": ("busybox", "sh"),
    "mksh": ("mksh",),
}

HOSTILE: Mapping[str, str] = {
    "empty": "",
    "space": " ",
    "spaces": "  a  b ",
    "tab": "\ta\t",
    "single quote": "it's",
    "single quotes": "''",
    "double quote": 'say "hi"',
    "mixed quotes": "'\"'\"'",
    "typographic quotes": "‘a’ “b” ‚c„",
    "variable": "$HOME ${HOME} ${PATH:-x}",
    "command": "$(touch pwned)",
    "backtick": "`touch pwned`",
    "percent": "%PATH% %% 100%",
    "bang": "!x !! a!",
    "backslash": "\\",
    "backslashes": "C:\\new\\table\\\\x\\",
    "escapes": "\\n\\t\\033\\c",
    "newline": "a\nb",
    "newlines": "\n\na\n\n",
    "carriage return": "a\r\nb\r",
    "option": "-n",
    "glob": "* ? [a-z] ~ {a,b}",
    "comment": "# not a comment",
    "operators": "a;b&c|d<e>f(g)",
    "equals": "a=b",
    "escape sequence": "\x1b[31mred\x07",
    "non-ASCII": "Grüße, 日本語 🎉",
    "lone continuation bytes": "\udc80\udc81\udc82\udc88\udcff",
    "every byte": bytes(range(1, 256)).decode("utf-8", "surrogateescape"),
    "tcl and lua": "[exec touch pwned] ]] ]=] {",
}


def hostile_operations(name: str) -> list[Operation]:
    """Give an operation for each hostile value that a format takes."""
    kept = []
    for number, value in enumerate(HOSTILE.values()):
        operation = Operation(op="set", var=f"V{number}", value=value)
        try:
            render(name, ExportRequest(operations=[operation]))
        except UsageError:
            continue
        kept.append(operation)
    return kept


TOOLS_PATH = os.pathsep.join(filter(None, [os.environ.get("CKPM_TEST_TOOLS"), os.environ.get("PATH")]))
"""Where outside tools are: ``CKPM_TEST_TOOLS`` names a folder with those that nothing but tests shall find."""


def require(program: str) -> str:
    """Give a program's path: beside this Python, or where outside tools are. Without it, skip with the reason."""
    found = shutil.which(program, path=f"{Path(sys.executable).parent}{os.pathsep}{TOOLS_PATH}")
    if found is None:
        pytest.skip(f"{program} is not on this machine")
    return found


def run(
    command: Sequence[str], text: str, *, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a script given on standard input's stead, as a file; nothing of our own environment but PATH and HOME."""
    program = require(command[0])
    script = folder / "main"
    script.write_bytes(text.encode("utf-8", "surrogateescape"))
    base = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [program, *command[1:], str(script)],
        cwd=folder,
        env={**base, **(environment or {})},
        capture_output=True,
        check=False,
        timeout=60,
    )


def read_environment(path: Path) -> dict[str, str]:
    """Read what ``env -0`` wrote, without what shells keep for themselves."""
    pairs = (item.partition("=") for item in path.read_bytes().decode("utf-8", "surrogateescape").split("\0") if item)
    return {name: value for name, _, value in pairs if name not in ("_", "SHLVL", "OLDPWD", "PWD")}


def write(path: Path, text: str) -> Path:
    """Write a script, byte for byte."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path
