"""Start softs, packages and envs from commented templates that pass `ckpm lint`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pkgmgr.catalog.document import parse_document
from pkgmgr.host.process import LocalRunner
from pkgmgr.jobs.workspace import Workspace
from pkgmgr.model.errors import CkpmError, NotFoundError, UsageError
from pkgmgr.model.soft import Soft

_QUESTIONS = ("--version", "-version", "version", "-V", "-v")
_VERSION = re.compile(r"(?<![\w.])v?(\d+\.\d+(?:\.\d+)*[\w.+-]*)")

SOFT = """\
name = "{name}"
summary = "one line: what it is"
homepage = "https://example.org"

[find]
# Regular expressions that match a whole program name. Names only make candidates; the probe decides.
executables = ['{program}']

[[probe]]
# One question to the candidate. Ask for something that says who it is, not only a number.
argv = ["{{path}}", "--version"]
# Named groups are facts. No match: the candidate is turned down, with what it said as the reason.
match = '^{program} (?P<version>\\d[\\w.]*)'

[entry]
# What the facts make. Left out: prefix (the folder above bin), target (from the ELF header).
env = [{{op = "prepend_path", var = "PATH", value = "{{dir}}"}}]

# What a real machine printed, and what must follow. `ckpm lint` and the tests run every case.
[[case]]
name = "which machine, and how it was recorded"
path = "/usr/bin/{program}"
prints = {{"{program} --version" = "{program} 1.2.3\\n"}}
expect = {{version = "1.2.3", prefix = "/usr"}}

# Another product under the same name must be turned down.
[[case]]
name = "something else of that name"
path = "/opt/other/bin/{program}"
prints = {{"{program} --version" = "Other Thing 9\\n"}}
reject = "not that of this software"
"""

PACKAGE = """\
name = "{name}"
summary = "one line: what it makes"
# The soft that must recognise the result; a package whose result can't be recognised has failed. Write it first:
# `ckpm new soft KIND.NAME`.
provides = "{soft}"
license = "Apache-2.0"
homepage = "https://example.org"
requires = [{{tags = ["compiler"], languages = ["c"], role = "compiler"}}]

# One row a version. Addresses are tried in order; sha256 and size pin the file.
[[source]]
version = "1.2.3"
urls = ["https://example.org/{name}-1.2.3.tar.gz"]
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
size = 0

# Steps come from a closed set; none goes through a shell.
[[step]]
use = "unpack"
strip = 1

[[step]]
use = "cmake"
"""

ENV = """\
name = "{name}"
summary = "one line: what it is for"
# What is needed: softs (used if they are there, else installed) and packages.
requires = ["soft:lang.python@>=3.11"]
# Variables on top of those that the softs give.
env = [{{op = "set", var = "MY_VARIABLE", value = "1"}}]
default_task = "hello"

[tasks.hello]
summary = "what the task does"
run = ["{{lang.python.files.python}}", "-c", "print('hello')"]
# Params are set with --set NAME=VALUE and reach the program as variables.
params.REPEAT = {{default = 1, choices = [1, 2, 4]}}
expect.stdout = "hello"
"""


def new_document(workspace: Workspace, kind: str, name: str, into: Path) -> Path:
    """Write the template of one kind into a folder of its own and give the file's path.

    A package's template names the soft of the same name if there is one, else one that is there, to be replaced.

    :raises UsageError: for a malformed name, or a file that is there already.
    """
    short = re.split(r"[.-]", name, maxsplit=1)[-1]
    soft = name.replace("-", ".", 1)
    if kind == "package" and workspace.catalog.soft(soft) is None:
        soft = "lib.zlib"
    text = {"soft": SOFT, "package": PACKAGE, "env": ENV}[kind].format(name=name, program=short, soft=soft)
    if kind == "soft" and not re.fullmatch(r"[a-z0-9]+\.[a-z0-9][a-z0-9._+-]*", name):
        raise UsageError(f"{name!r} is no name of a soft", hint="write KIND.NAME, such as tool.ninja")
    if kind == "package" and not re.fullmatch(r"[a-z0-9]+-[a-z0-9][a-z0-9._+-]*", name):
        raise UsageError(f"{name!r} is no name of a package", hint="write KIND-NAME, such as lib-zlib")
    return _write(into / name / f"{kind}.toml", text)


def soft_from_program(workspace: Workspace, name: str, program: Path, into: Path) -> Path:
    """Ask a real program for its version and write the soft, with what it said as its case.

    :raises NotFoundError: when the program is not there.
    :raises CkpmError: when none of the usual questions gives a version.
    """
    if "." not in name:
        name = f"tool.{name}"
    path = program.expanduser().absolute()
    if not path.is_file():
        raise NotFoundError(f"{program}: there is no such program")
    runner = LocalRunner(workspace.variables)
    for question in _QUESTIONS:
        answer = runner.run([str(path), question])
        found = _VERSION.search(answer.both) if answer.exit_code == 0 else None
        if found is not None:
            return _write_asked(name, path, question, answer.both, found, into)
    raise CkpmError(
        f"{path} answers none of {', '.join(_QUESTIONS)} with a version", hint="write the soft by hand: ckpm new soft"
    )


def _write_asked(name: str, path: Path, question: str, said: str, found: re.Match[str], into: Path) -> Path:
    line = next(line for line in said.splitlines() if found.group(1) in line)
    before, _, after = line.partition(found.group(1))
    expression = f"^{re.escape(before)}(?P<version>\\d[\\w.+-]*)" + ("" if after.strip() else r"\s*$")
    program = path.name
    text = f"""name = {json.dumps(name)}
summary = "one line: what it is"

[find]
executables = [{_literal(re.escape(program))}]

[[probe]]
argv = ["{{path}}", {json.dumps(question)}]
match = {_literal(expression)}

[entry]
env = [{{op = "prepend_path", var = "PATH", value = "{{dir}}"}}]

[[case]]
name = "recorded from {program} {found.group(1)}"
path = {json.dumps("/usr/bin/" + program)}
prints = {{{json.dumps(program + " " + question)} = {json.dumps(said)}}}
expect = {{version = {json.dumps(found.group(1))}, prefix = "/usr"}}
"""
    parse_document(text, Soft, where=f"{name}/soft.toml")
    return _write(into / name / "soft.toml", text)


def _literal(text: str) -> str:
    """Write a TOML literal string where it can be one: regular expressions read better so."""
    return f"'{text}'" if "'" not in text and "\n" not in text else json.dumps(text)


def _write(path: Path, text: str) -> Path:
    if path.exists():
        raise UsageError(f"{path} is there already", hint="choose another name or --into another folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
