"""A build runs in the environment that was made for it, and in no part of its caller's."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from pkgmgr.install.context import BuildContext, write_scripts
from pkgmgr.install.steps import perform_all
from pkgmgr.install.store import tree_hash
from pkgmgr.install.toolchain import make_toolchain
from pkgmgr.model.condition import Circumstances
from pkgmgr.model.entry import Entry
from pkgmgr.model.package import AnyStep, Autotools, Cmake, Compile, Make, Meson
from pkgmgr.model.target import Target, TargetDocument, Toolchain

HOSTILE = {
    "CC": "/nonexistent/cc",
    "CXX": "/nonexistent/c++",
    "AR": "/nonexistent/ar",
    "LD": "/nonexistent/ld",
    "CFLAGS": "-DHOSTILE=1 -O0 -g",
    "CXXFLAGS": "-DHOSTILE=1 -O0 -g",
    "CPPFLAGS": "-DHOSTILE=1",
    "LDFLAGS": "-Wl,--no-such-flag",
    "CPATH": "/nonexistent/include",
    "C_INCLUDE_PATH": "/nonexistent/include",
    "LIBRARY_PATH": "/nonexistent/lib",
    "LD_LIBRARY_PATH": "/nonexistent/lib",
    "LD_PRELOAD": "/nonexistent/preload.so",
    "LD_RUN_PATH": "/nonexistent/rpath",
    "MAKEFLAGS": "--dry-run",
    "MFLAGS": "-n",
    "PKG_CONFIG": "/nonexistent/pkg-config",
    "PKG_CONFIG_PATH": "/nonexistent/pkgconfig",
    "CMAKE_PREFIX_PATH": "/nonexistent",
    "CMAKE_TOOLCHAIN_FILE": "/nonexistent/toolchain.cmake",
    "CMAKE_GENERATOR": "No Such Generator",
    "CONFIG_SITE": "/nonexistent/config.site",
    "PYTHONPATH": "/nonexistent/python",
    "PYTHONHOME": "/nonexistent/python",
    "GCC_EXEC_PREFIX": "/nonexistent/gcc",
    "COMPILER_PATH": "/nonexistent/gcc",
    "SOURCE_DATE_EPOCH": "12345",
    "TZ": "Pacific/Auckland",
    "LC_ALL": "tr_TR.UTF-8",
    "HOME": "/nonexistent/home",
    "TMPDIR": "/nonexistent/tmp",
}
TARGET = Target(os="linux", arch="x86_64")
DOCUMENT = TargetDocument(
    name="linux-x86_64",
    summary="",
    triples=("x86_64-linux-gnu",),
    toolchain=Toolchain(cmake_system="Linux", cmake_processor="x86_64"),
)
SOURCE = """
#ifdef HOSTILE
#error "the caller's flags got in"
#endif
const char *place(void) { return __FILE__ " of " __DATE__; }
"""
MAKEFILE = """
CFLAGS ?= -DHOSTILE
libmade.a: made.c
\t$(CC) $(CFLAGS) $(CPPFLAGS) -g -c -o made.o $(CURDIR)/made.c
\t$(AR) $(ARFLAGS) $@ made.o
install: libmade.a
\tmkdir -p $(PREFIX)/lib && cp libmade.a $(PREFIX)/lib/
"""
LIBTOOL = """\tprintf '%s\\n' "# libmade.la - a libtool library file" "libdir='$(PREFIX)/lib'" >$(PREFIX)/lib/libmade.la
\techo "no such file" >$(PREFIX)/lib/other.la
"""
CONFIGURE = """#!/bin/sh
set -e
test -z "$LD_PRELOAD$CPPFLAGS$CONFIG_SITE$MAKEFLAGS"
for word; do case $word in --prefix=*) echo "PREFIX = ${word#*=}" >Makefile;; esac; done
cat Makefile.in >>Makefile
"""
CMAKELISTS = """
cmake_minimum_required(VERSION 3.13)
project(made C)
add_library(made STATIC made.c)
target_compile_options(made PRIVATE -g)
install(TARGETS made ARCHIVE DESTINATION lib)
"""

MESON_BUILD = """
project('made', 'c')
assert(not dependency('zlib', required: false, method: 'pkg-config').found())
static_library('made', 'made.c', c_args: ['-g'], install: true)
"""

STEPS: dict[str, tuple[AnyStep, ...]] = {
    "compile": (Compile(sources=("*.c",), output="{prefix}/lib/libmade.so", product="shared", flags=("-g",)),),
    "static": (Compile(sources=("*.c",), output="{prefix}/lib/libmade.a", product="static"),),
    "make": (Make(targets=("install",), variables={"PREFIX": "{prefix}"}),),
    "autotools": (Autotools(),),
    "cmake": (Cmake(),),
    "meson": (Meson(),),
}
NEEDS = {"make": "make", "autotools": "make", "cmake": "cmake", "meson": "ninja"}


def tools() -> dict[str, Entry]:
    """Give the programs that are resolved, rather than taken from the system: Meson, where there is one."""
    found = shutil.which("meson") or shutil.which("meson", path=str(Path(sys.executable).parent))
    if found is None:
        return {}
    files = {"program": found}
    return {
        "meson": Entry(
            id="meson", soft="tool.meson", version=None, prefix="/", target="any", origin="system", files=files
        )
    }


def gcc() -> Entry:
    """Give the system's GCC, or skip."""
    found = shutil.which("gcc")
    if found is None or os.uname().machine != "x86_64":
        pytest.skip("no gcc for x86-64 here")
    files = {"c": found, "cxx": found}
    return Entry(
        id="gcc", soft="compiler.gcc", version=None, prefix="/usr", target="linux-x86_64", origin="system", files=files
    )


def build(folder: Path, steps: tuple[AnyStep, ...]) -> str:
    """Build the tiny package in a folder and give the hash of what it made."""
    sources, made = folder / "build", folder / "made"
    sources.mkdir(parents=True)
    made.mkdir()
    for name, text in (("made.c", SOURCE), ("Makefile", MAKEFILE), ("CMakeLists.txt", CMAKELISTS)):
        (sources / name).write_text(text)
    (sources / "meson.build").write_text(MESON_BUILD)
    (sources / "Makefile.in").write_text(MAKEFILE + LIBTOOL)
    (sources / "configure").write_text(CONFIGURE)
    (sources / "configure").chmod(0o755)
    compiler = gcc()
    toolchain = make_toolchain(compiler, TARGET, DOCUMENT, TARGET)
    context = BuildContext(
        name="made 1",
        build=sources,
        prefix=made,
        folder=folder,
        log=folder / "build.log",
        sources={},
        roles={"compiler": compiler, **tools()},
        texts={"build": str(sources), "prefix": str(made)},
        toolchain=toolchain,
        cache=folder / "cache",
        host="linux-x86_64",
        scripts=write_scripts(toolchain, folder / "tools"),
    )
    perform_all(steps, context, Circumstances(target=TARGET))
    assert list(made.rglob("libmade.*"))
    assert not list(made.rglob("libmade.la"))
    assert bool(list(made.rglob("other.la"))) == isinstance(steps[0], Autotools)
    return tree_hash(made)


@pytest.mark.parametrize("kind", sorted(STEPS))
def test_a_hostile_environment_changes_nothing(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built in a folder of another name, too: no product names the place where it was made."""
    if shutil.which(NEEDS.get(kind, "sh")) is None:
        pytest.skip(f"no {NEEDS[kind]} here")
    if kind == "meson" and not tools():
        pytest.skip("no meson here")
    clean = build(tmp_path / "clean", STEPS[kind])
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    before = os.umask(0o077)
    try:
        hostile = build(tmp_path / "another-longer-name", STEPS[kind])
    finally:
        os.umask(before)
    assert hostile == clean
