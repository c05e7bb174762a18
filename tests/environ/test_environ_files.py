"""Formats that are files for other programs: read back by those programs, or by their rules."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from pkgmgr.environ.compose import apply
from pkgmgr.environ.formats import format_names, render, render_deactivate
from pkgmgr.environ.request import ExportRequest
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation

from .entries import GCC, ZLIB
from .shells import HOSTILE, require, run, write


def _set(value: str, var: str = "V") -> Operation:
    return Operation(op="set", var=var, value=value)


def _render(name: str, *operations: Operation) -> str:
    return render(name, ExportRequest(operations=operations))


def split_by_fitness(name: str) -> tuple[dict[str, str], set[str]]:
    """Give the hostile values that a format takes, and the names of those that it refuses, saying which and why."""
    fit, refused = {}, set()
    for what, value in HOSTILE.items():
        try:
            _render(name, _set(value))
        except UsageError as error:
            assert re.match(r"V: .*(can't|hold)", error.message)
            refused.add(what)
        else:
            fit[what] = value
    return fit, refused


BYTES = {"lone continuation bytes", "every byte"}
LINES = {"newline", "newlines", "carriage return"}


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("sh", set()),
        ("fish", set()),
        ("json", set()),
        ("powershell", {*BYTES, "empty"}),
        ("cmd", {*BYTES, *LINES, "empty"}),
        ("dotenv", {*BYTES, "variable"}),
        ("github", BYTES),
        ("dockerfile", {*BYTES, *LINES}),
        ("cmake-toolchain", {*BYTES, "empty", "carriage return"}),
        ("cmake-presets", BYTES),
        ("conan-profile", {*BYTES, *LINES, "space", "spaces", "tab", "bang"}),
        ("modulefile-lua", {*LINES, "every byte"}),
        ("modulefile-tcl", {*BYTES, *LINES}),
    ],
)
def test_only_what_a_format_can_not_hold_is_refused(name: str, refused: set[str]) -> None:
    assert split_by_fitness(name)[1] == refused


@pytest.mark.parametrize("name", format_names())
def test_the_same_input_gives_the_same_text(name: str) -> None:
    operations = [_set("x"), Operation(op="prepend_path", var="PATH", value="/x"), _set("y", var="W")]
    request = ExportRequest(operations=operations, entries=[GCC, ZLIB])
    text = render(name, request)
    assert text == render(name, ExportRequest(operations=tuple(operations), entries=(GCC, ZLIB)))
    assert text.endswith("\n")


def test_formats_are_known_by_their_names() -> None:
    assert {"sh", "fish", "powershell", "cmd", "json", "dotenv", "github", "dockerfile"} < set(format_names())
    assert _render("bash", _set("x")) == _render("zsh", _set("x")) == _render("sh", _set("x"))
    with pytest.raises(UsageError, match="no format 'fsh'") as caught:
        _render("fsh")
    assert caught.value.hint == "did you mean 'fish'?"
    with pytest.raises(UsageError, match="nothing to undo"):
        render_deactivate("json", ExportRequest(operations=()))


def test_json() -> None:
    operation = Operation(op="append", var="V", value="é", sep=" ")
    text = render("json", ExportRequest(operations=[operation], entries=[GCC]))
    assert json.loads(text) == {
        "env": [{"op": "append", "var": "V", "value": "é", "sep": " "}],
        "entries": ["compiler.gcc-12.2.0-3fa9c1d2"],
    }


def test_dotenv_is_read_by_python_dotenv(tmp_path: Path) -> None:
    dotenv = pytest.importorskip("dotenv")
    fit, _ = split_by_fitness("dotenv")
    operations = [_set(value, f"V{number}") for number, value in enumerate(fit.values())]
    path = write(tmp_path / ".env", _render("dotenv", *operations))
    assert dotenv.dotenv_values(path) == apply(operations, {})


def test_dotenv_keeps_the_path_that_is_there() -> None:
    front = Operation(op="prepend_path", var="PATH", value="/a b")
    back = Operation(op="append_path", var="PATH", value="/c")
    assert _render("dotenv", front, back) == 'PATH="/a b:${PATH}:/c"\n'
    assert _render("dotenv", Operation(op="prepend_path", var="LIST", value="/a")) == "LIST=/a\n"
    with pytest.raises(UsageError, match=r"V: a \.env file can't unset"):
        _render("dotenv", Operation(op="unset", var="V"))


def _read_github_env(text: str) -> dict[str, str]:
    """Read ``$GITHUB_ENV`` as the runner does: NAME<<DELIMITER, lines, DELIMITER alone on a line."""
    lines, values = iter(text.split("\n")), {}
    for line in lines:
        if line:
            name, delimiter = line.split("<<")
            values[name] = "\n".join(iter(lambda: next(lines), delimiter))
    return values


def test_github_gives_the_steps_after_it_the_environment(tmp_path: Path) -> None:
    fit, _ = split_by_fitness("github")
    operations = [_set(value, f"V{number}") for number, value in enumerate(fit.values())]
    operations += [
        Operation(op="prepend_path", var="L", value="/a b"),
        Operation(op="append", var="L", value="c", sep=";"),
    ]
    paths = [Operation(op="prepend_path", var="PATH", value=value) for value in ("/first", "/it's:/third")]
    script = write(tmp_path / "step.sh", _render("github", *operations, *paths))
    ends = re.findall(r"ckpm_end=(ckpm_\w+)", script.read_text())
    before = {"L": f"old\n{ends[-1]}\n", "GITHUB_ENV": "env", "GITHUB_PATH": "path"}
    done = run(("dash",), "set -eu; . ./step.sh", folder=tmp_path, environment=before)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    found = _read_github_env((tmp_path / "env").read_bytes().decode())
    assert found == apply(operations, {"L": before["L"]})
    assert (tmp_path / "path").read_text() == "/first\n/third\n/it's\n", "each line comes to stand before the last"


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (Operation(op="append_path", var="PATH", value="/x"), "only put folders in front"),
        (_set("/x", "PATH"), "only put folders in front"),
        (Operation(op="unset", var="V"), "can't unset"),
        (_set("x", "GITHUB_TOKEN"), "does not let"),
    ],
    ids=repr,
)
def test_github_says_what_it_can_not_do(operation: Operation, reason: str) -> None:
    with pytest.raises(UsageError, match=f"^{operation.var}: .*{reason}"):
        _render("github", operation)


def test_dockerfile() -> None:
    operations = [
        _set('a "b" $c \\d `e`'),
        Operation(op="prepend_path", var="PATH", value="/x y"),
        Operation(op="append", var="CFLAGS", value="-g", sep=" "),
    ]
    assert _render("dockerfile", *operations).splitlines() == [
        'ENV V="a \\"b\\" \\$c \\\\d `e`"',
        'ENV PATH="/x y${PATH:+:${PATH}}"',
        'ENV CFLAGS="${CFLAGS:+${CFLAGS} }-g"',
    ]
    with pytest.raises(UsageError, match="V: a Dockerfile can't unset"):
        _render("dockerfile", Operation(op="unset", var="V"))


def _literals(tree: object, source: bytes) -> list[str]:
    found, waiting = [], [tree.root_node]  # type: ignore[attr-defined]
    while waiting:
        node = waiting.pop()
        if node.type == "verbatim_string_characters":
            text = source[node.start_byte + 1 : node.end_byte - 1].decode()
            found.append(re.sub("(['‘’‚‛])\\1", r"\1", text))
        waiting += node.children
    return found


def test_powershell_parses_and_each_value_is_one_literal() -> None:
    tree_sitter = pytest.importorskip("tree_sitter")
    powershell = pytest.importorskip("tree_sitter_powershell")
    parser = tree_sitter.Parser(tree_sitter.Language(powershell.language()))
    fit, _ = split_by_fitness("powershell")
    operations: Sequence[Operation] = [
        *(_set(value, f"V{number}") for number, value in enumerate(fit.values())),
        Operation(op="append_path", var="L", value="/it's"),
        Operation(op="unset", var="GONE"),
    ]
    request = ExportRequest(operations=operations)
    for text in (render("powershell", request), render_deactivate("powershell", request)):
        tree = parser.parse(text.encode())
        assert not tree.root_node.has_error
        if "_ckpm_keep" in text:
            assert {*fit.values(), "/it's"} <= set(_literals(tree, text.encode()))


def test_cmd() -> None:
    operations = [
        _set('50% of "a" & (b)'),
        _set("a&b (x86)", "W"),
        Operation(op="prepend_path", var="PATH", value="C:\\x"),
    ]
    request = ExportRequest(operations=operations, path_separator=";")
    text = render("cmd", request)
    assert '@set V=50%% of ^"a^" ^& ^(b^)\r\n' in text
    assert '@set "W=a&b (x86)"\r\n' in text
    assert '@if defined PATH set "_CKPM_SEP=;"\r\n@set "PATH=C:\\x%_CKPM_SEP%%PATH%"\r\n' in text
    assert all(line.startswith(("@", ":")) for line in text.splitlines())
    assert '@set "PATH=%PATH:;C:\\x;=;%"\r\n' in render_deactivate("cmd", request)
    with pytest.raises(UsageError, match="8191"):
        _render("cmd", _set("x" * 9000))


def test_spack_is_told_of_externals() -> None:
    names = {"compiler.gcc": {"spack": "gcc"}, "lib.zlib": {"spack": "zlib-api"}}
    request = ExportRequest(operations=GCC.env, entries=[GCC, ZLIB], names=names)
    assert render("spack-packages", request).splitlines()[1:] == [
        "packages:",
        "  gcc:",
        "    externals:",
        "    - spec: \"gcc@=12.2.0 languages:='c,c++'\"",
        '      prefix: "/usr"',
        "      extra_attributes:",
        "        compilers:",
        '          c: "/usr/bin/gcc"',
        '          cxx: "/usr/bin/g++"',
        "  zlib-api:",
        "    externals:",
        '    - spec: "zlib-api@=1.3.1"',
        '      prefix: "/home/me/.ckpm/it\'s zlib"',
    ]


# The rules that Spack documents for `packages.yaml`, as far as externals go.
PREFIX = '/it\'s: "é" # [x] %y\\z'
SPACK_RULES = {
    "type": "object",
    "required": ["packages"],
    "additionalProperties": False,
    "properties": {
        "packages": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {
                r"^\w[\w-]*$": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["externals"],
                    "properties": {
                        "externals": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["spec", "prefix"],
                                "additionalProperties": False,
                                "properties": {
                                    "spec": {"type": "string", "pattern": "^[a-z][a-z0-9-]*@="},
                                    "prefix": {"enum": ["/usr", PREFIX]},
                                    "extra_attributes": {
                                        "type": "object",
                                        "additionalProperties": False,
                                        "properties": {"compilers": {"additionalProperties": {"type": "string"}}},
                                    },
                                },
                            },
                        }
                    },
                }
            },
        }
    },
}


def test_spack_s_file_is_read_as_yaml_by_spack_s_rules(tmp_path: Path) -> None:
    checker = require("check-jsonschema")
    odd = msgspec.structs.replace(ZLIB, prefix=PREFIX)
    path = write(tmp_path / "packages.yaml", render("spack-packages", ExportRequest(operations=(), entries=[GCC, odd])))
    schema = write(tmp_path / "schema.json", json.dumps(SPACK_RULES))
    done = subprocess.run([checker, "--schemafile", schema, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
