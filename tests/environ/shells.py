"""Run scripts in the shells of this machine; values that break careless quoting."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

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


def require(program: str) -> None:
    """Skip, with the reason, on a machine without a program."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on this machine")


def run(
    command: Sequence[str], text: str, *, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a script given on standard input's stead, as a file; nothing of our own environment but PATH and HOME."""
    require(command[0])
    script = folder / "main"
    script.write_bytes(text.encode("utf-8", "surrogateescape"))
    base = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [*command, str(script)],
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
