"""Libraries that a library needs are there when something is built with it, and linked after it."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from pkgmgr.install.reach import libraries_behind, reached, with_further
from pkgmgr.model.entry import Entry
from tests.conftest import Ckpm


def entry(name: str, *deps: str, soft: str = "") -> Entry:
    return Entry(
        id=name, soft=soft or f"lib.{name}", version="1", prefix=f"/{name}", target="any", origin="package", deps=deps
    )


KNOWN = {item.id: item for item in (entry("a", "b", "c"), entry("b", "d"), entry("c", "d", "b"), entry("d"))}


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        pytest.param("a", "acbd", id="each before what it needs"),
        pytest.param("d", "d", id="alone"),
        pytest.param("ba", "acbd", id="given in the wrong order"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_what_is_needed_comes_after(of: str, expected: str) -> None:
    assert "".join(item.id for item in reached([KNOWN[name] for name in of], KNOWN)) == expected


def test_a_circle_ends() -> None:
    circle = {item.id: item for item in (entry("a", "b"), entry("b", "a"))}
    assert {item.id for item in reached([circle["a"]], circle)} == {"a", "b"}


def test_what_is_added_has_no_name_of_a_role() -> None:
    known = {**KNOWN, "t": entry("t", soft="tool.t")}
    roles = {"x": entry("x", "a", "t", "unknown"), "lib.b": KNOWN["b"]}
    assert {**with_further(roles, known)} == {**roles, "a": KNOWN["a"], "c": KNOWN["c"], "d": KNOWN["d"]}


def never() -> list[Entry]:
    raise AssertionError("nothing is needed, so nothing is to be looked up")


def test_libraries_bring_along_what_they_need_and_nothing_else_does() -> None:
    tool = entry("t", "a", soft="tool.t")
    assert libraries_behind([tool, KNOWN["d"]], never) == []
    assert libraries_behind([tool, KNOWN["c"], KNOWN["b"]], KNOWN.values) == [KNOWN["d"]]
    with_tool = {**KNOWN, "e": entry("e", "t", "gone", "d"), "t": tool}
    assert libraries_behind([with_tool["e"]], with_tool.values) == [KNOWN["d"]]


SOFT = """
name = "lib.{name}"
summary = "a library for a test"
[find.library]
headers = ["{name}.h"]
name = "{name}"
pkg_config = ["{name}"]
[[probe]]
read = "{{include_dir}}/{name}.h"
match = 'VERSION "(?P<version>[^"]+)"'
"""
PACKAGE = '''
name = "lib-{name}"
summary = "a library for a test"
provides = "lib.{name}"
license = "MIT"
homepage = "https://example.org"
requires = [{{tags = ["compiler"], languages = ["c"], role = "compiler"}}{requires}]
[[source]]
version = "1.0"
urls = ["file:{{package}}/{name}.h"]
sha256 = "{digest}"
size = {size}
[[step]]
use = "copy"
files = ["{{package}}/*.[ch]"]
to = "{{prefix}}/include/"
[[step]]
use = "compile"
sources = ["{{package}}/{name}.c"]
product = "static"
include = ["{{package}}"{include}]
output = "{{prefix}}/lib/lib{name}.a"
[[step]]
use = "write"
path = "{{prefix}}/lib/pkgconfig/{name}.pc"
text = """
prefix={{prefix}}
Name: {name}
Description: a library for a test
Version: 1.0
Libs: -L${{{{prefix}}}}/lib -l{name}
Cflags: -I${{{{prefix}}}}/include
{needs}
"""
{more}
'''
PROGRAM = """
[[step]]
use = "compile"
sources = ["{package}/main.c"]
uses = ["lib.mid"]
output = "{prefix}/bin/program"
"""
ASK = """
[[step]]
use = "run"
argv = ["pkg-config", "--print-errors", "--exists", "mid"]
"""


def write_library(root: Path, name: str, code: str, *, requires: str = "", needs: str = "", more: str = "") -> None:
    folder = root / "packages" / f"lib-{name}"
    folder.mkdir(parents=True)
    header = f'#define VERSION "1.0"\nint {name}(void);\n'
    include = f', "{{{requires}.prefix}}/include"' if requires else ""
    document = PACKAGE.format(
        name=name,
        requires=f', "soft:{requires}"' if requires else "",
        digest=hashlib.sha256(header.encode()).hexdigest(),
        size=len(header),
        include=include,
        needs=f"Requires.private: {needs}" if needs else "",
        more=more,
    )
    main = '#include "mid.h"\nint main(void) { return mid() - 42; }\n'
    for file, text in {f"{name}.h": header, f"{name}.c": code, "main.c": main, "package.toml": document}.items():
        (folder / file).write_text(text)
    (root / "soft_plugins" / f"lib.{name}").mkdir(parents=True)
    (root / "soft_plugins" / f"lib.{name}" / "soft.toml").write_text(SOFT.format(name=name))


def test_what_a_library_needs_is_there_and_linked(ckpm: Ckpm, tmp_path: Path, home: Path) -> None:
    """``lib-top`` asks for ``lib-mid`` alone, whose ``.pc`` file and whose code need ``lib-low``."""
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here")
    root = tmp_path / "repository"
    write_library(root, "low", "int low(void) { return 41; }\n")
    code = '#include "low.h"\nint mid(void) { return low() + 1; }\n'
    write_library(root, "mid", code, requires="lib.low", needs="low")
    more = PROGRAM + (ASK if shutil.which("pkg-config") else "")
    write_library(root, "top", "int top(void) { return 0; }\n", requires="lib.mid", needs="mid", more=more)
    assert ckpm("repo", "add", str(root), "--trust").code == 0
    ran = ckpm("install", "package:lib-top")
    assert ran.code == 0, ran.err
    (program,) = (home / "store").glob("*/lib-top-*/bin/program")
    assert subprocess.run([program], check=False).returncode == 0
    for verb in ("install", "export"):  # what was asked for stands in front
        environment = ckpm(verb, "package:lib-top", "--json").data["env"]
        places = [row["value"] for row in environment if row["var"] == "CMAKE_PREFIX_PATH"]
        assert [Path(place).name.rpartition("-1.0-")[0] for place in places] == ["lib-low", "lib-mid", "lib-top"]
    if shutil.which("pkg-config"):
        ran = ckpm("exec", "package:lib-top", "--", "pkg-config", "--print-errors", "--static", "--libs", "top")
        assert ran.code == 0, ran.err
        words = shlex.split(ran.out)
        assert [word for word in words if word.startswith("-l")] == ["-ltop", "-lmid", "-llow"]
        assert all(Path(word[2:]).is_dir() for word in words if word.startswith("-L"))
