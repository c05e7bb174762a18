"""Shims: scripts and links that stand for a program which something else chooses at each run. Pure but for one read.

Asking a shim tells what it chooses in this folder today, or an error message; what it stands for is looked for
in the manager's own folders instead.
"""

from __future__ import annotations

import posixpath
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

# Programs that do what the name says under which they are called: links to them stand for other programs.
_VERSION_CHOOSERS = frozenset(
    {"rustup", "rustup-init", "volta-shim", "mise", "proto-shim", "swiftly", "juliaup", "julialauncher", "elan"}
)
_COMPILER_CALLERS = frozenset({"ccache", "distcc", "icecc", "sccache", "buildcache", "colorgcc", "firebuild"})

# macOS has these in /usr/bin whether the tools are there or not; where they are not, each opens a window that offers
# to install them (xcode-select(1), xcrun(1)).
_APPLE_STUBS = frozenset(
    {"ar", "as", "bison", "c++", "cc", "clang", "clang++", "clangd", "cpp", "flex", "g++", "gcc", "gcov", "git", "gm4"}
    | {"gnumake", "gperf", "ld", "libtool", "lldb", "llvm-gcc", "m4", "make", "nm", "objdump", "otool", "pip3"}
    | {"python3", "ranlib", "size", "strings", "strip", "swift", "swiftc", "swift-format", "yacc", "xcodebuild"}
)
_APPLE_STARTER = "/usr/bin/xcrun"
_APPLE_TOOLS = (
    "/var/db/xcode_select_link",
    "/Library/Developer/CommandLineTools/usr/bin",
    "/Applications/Xcode.app/Contents/Developer",
)


def stub_reason(files: Files, path: str) -> str | None:
    """Say that a program is Apple's stand-in for developer tools which are not there; None when it may be asked."""
    folder, name = posixpath.split(path)
    if folder != "/usr/bin" or name not in _APPLE_STUBS or files.stat(_APPLE_STARTER) is None:
        return None
    if any(files.stat(place) is not None for place in _APPLE_TOOLS):
        return None
    return "Apple's stand-in, which would offer to install the developer tools: neither Xcode nor they are there"


def link_reason(path: str, real: str) -> str | None:
    """Say that a link stands for a program which the linked one chooses; None when it does not."""
    name, caller = posixpath.basename(path), posixpath.basename(real)
    if name == caller:
        return None
    if caller in _VERSION_CHOOSERS:
        return f"a link to {caller}, which chooses a version at each run; the true programs lie in its own folder"
    if caller in _COMPILER_CALLERS:
        return f"a link to {caller}, which calls the {name} found further on PATH; that one is looked for by itself"
    return None


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
