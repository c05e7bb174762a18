"""A profile for Conan 2: settings of the target, compilers, and the environment of build and run. Pure.

Conan renders a profile with Jinja first, then cuts each line of ``[buildenv]`` at the first of its operators; the
first ones in its order of search, not in the line's, hence the refusals.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pkgmgr.environ.compose import is_front, separator_of
from pkgmgr.environ.request import ExportRequest, refuse_bytes
from pkgmgr.environ.tools import commands, name_for
from pkgmgr.model.entry import Entry
from pkgmgr.model.errors import UsageError
from pkgmgr.model.operation import Operation
from pkgmgr.model.target import Target

_OS = {
    "linux": "Linux",
    "android": "Android",
    "macos": "Macos",
    "windows": "Windows",
    "freebsd": "FreeBSD",
    "emscripten": "Emscripten",
    "none": "baremetal",
}
_ARCH = {
    "x86_64": "x86_64",
    "x86": "x86",
    "arm64": "armv8",
    "arm": "armv7hf",
    "armv6": "armv6",
    "riscv64": "riscv64",
    "riscv32": "riscv32",
    "ppc64le": "ppc64le",
    "ppc64": "ppc64",
    "s390x": "s390x",
    "mips": "mips",
    "mips64": "mips64",
    "wasm32": "wasm",
    "avr": "avr",
}
_COMPILERS = frozenset({"gcc", "clang"})
_ROLES = {"c": "c", "cxx": "cpp", "fortran": "fortran", "cuda": "cuda"}


def render(request: ExportRequest) -> str:
    """Write a profile; use it as the host profile (Conan's word for the target)."""
    sections = {
        "settings": list(_settings(request)),
        "conf": list(_conf(request)),
        "buildenv": [_line(operation, request.path_separator) for operation in request.operations],
    }
    sections["runenv"] = sections["buildenv"]
    texts = [f"[{name}]\n" + "".join(f"{line}\n" for line in lines) for name, lines in sections.items() if lines]
    return "# Made by ckpm: conan install . --profile:host=<this file>\n" + "\n".join(texts)


def _settings(request: ExportRequest) -> Iterator[str]:
    target = request.target or request.host
    if target is not None:
        if target.os not in _OS or target.arch not in _ARCH:
            raise UsageError(f"Conan has no settings for the target {target}")
        yield f"os={_OS[target.os]}"
        if target.api_level is not None:
            yield f"os.api_level={target.api_level}"
        soft = target.arch == "arm" and (target.detail == "softfloat" or target.os == "android")
        yield f"arch={'armv7' if soft else _ARCH[target.arch]}"
    yield "build_type=Release"
    for entry in request.entries:
        name = name_for(entry, "conan", request)
        if entry.soft.startswith("compiler.") and name in _COMPILERS and entry.version:
            yield f"compiler={name}"
            yield f"compiler.version={_compiler_version(entry)}"
            yield f"compiler.libcxx={_standard_library(target)}"
            return


def _compiler_version(entry: Entry) -> str:
    """Name the series: gcc since 5 and clang since 8 count by the first number alone."""
    numbers = (entry.version or "").split(".")
    return numbers[0] if int(numbers[0] or 0) >= 8 or len(numbers) == 1 else ".".join(numbers[:2])


def _standard_library(target: Target | None) -> str:
    if target is not None and target.os in ("macos", "freebsd"):
        return "libc++"
    return "c++_shared" if target is not None and target.os == "android" else "libstdc++11"


def _conf(request: ExportRequest) -> Iterator[str]:
    found = commands(request)
    executables = {name: found[role][0] for role, name in _ROLES.items() if role in found and len(found[role]) == 1}
    if executables:
        yield "tools.build:compiler_executables=" + _raw("the compilers", json.dumps(executables, ensure_ascii=False))
    for entry in request.entries:
        if entry.soft == "compiler.android-ndk":
            yield "tools.android:ndk_path=" + _raw("the NDK", entry.prefix)


def _line(operation: Operation, path_separator: str) -> str:
    name, value = operation.var, operation.value or ""
    if operation.op == "unset":
        return f"{name}=!"
    if value.strip() != value or (operation.op == "set" and re.match(r"\(sep=|\(path\)", value)):
        raise UsageError(f"{name}: a Conan profile can't hold blanks around a value, or '(sep=' and '(path)' before it")
    if re.search(r"\+=|=\+|=!", f"={value}" if operation.op == "set" else value):
        raise UsageError(f"{name}: a Conan profile can't hold '+=', '=+' or '=!' in a value: it cuts the line there")
    text = _raw(name, value)
    if operation.op == "set":
        return f"{name}={text}"
    separator = separator_of(operation, path_separator)
    operator = "=+" if is_front(operation) else "+="
    if operation.op.endswith("_path") and separator == path_separator:
        return f"{name}{operator}(path){text}"
    if len(separator) != 1 or not separator.isprintable():
        raise UsageError(f"{name}: a Conan profile can hold a separator of one character only, not {separator!r}")
    return f"{name}{operator}(sep={_raw(name, separator)}){text}"


def _raw(name: str, text: str) -> str:
    """Write a text so that Jinja gives it back."""
    refuse_bytes(name, text, "a Conan profile")
    if len(text.splitlines()) > 1 or text.endswith(("\n", "\r")):
        raise UsageError(f"{name}: a Conan profile can't hold a line break")
    return re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)
