"""What Zig's own library says of the C libraries that it carries: these are the targets it can link for."""

from __future__ import annotations

import posixpath
import re

from pkgmgr.detect.hooks import HookContext
from pkgmgr.model.entry import Value

# `pub const available_libcs = [_]ArchOsAbi{ .{ .arch = .aarch64, .os = .linux, .abi = .gnu, …`, in Zig since 0.12.
_ROW = re.compile(r"\.\{\s*\.arch = \.(?P<arch>\w+),\s*\.os = \.(?P<os>\w+),\s*\.abi = \.(?P<abi>\w+)")
_LINUX = {"gnu": "", "gnueabihf": "", "gnuabi64": "", "gnueabi": "-softfloat", "musl": "-musl", "musleabihf": "-musl"}
_WITHOUT_DETAIL = ("windows", "macos", "freebsd", "wasi")
# Releases whose library does not say it; each serves these at the least.
_EARLIER = (
    *("linux-x86_64", "linux-x86_64-musl", "linux-arm64", "linux-arm64-musl", "linux-arm", "linux-arm-musl"),
    *("linux-riscv64", "linux-riscv64-musl", "windows-x86_64", "macos-x86_64", "macos-arm64"),
)


def examine(context: HookContext, facts: dict[str, Value]) -> dict[str, Value] | str:
    """Add the targets, and the library's true folder: `zig env` may name it relative to where it was asked."""
    stated = str(facts["lib"])
    folder = stated if stated.startswith("/") else posixpath.join(str(facts["real_dir"]), "lib")
    text = context.read_text(posixpath.join(folder, "std/zig/target.zig")) or ""
    targets = [_target(found) for found in _ROW.finditer(text)]
    known: list[Value] = [target for target in targets if target]
    return {"lib": folder, "emitted": list(dict.fromkeys(map(str, known))) or list(_EARLIER)}


def _target(found: re.Match[str]) -> str:
    """Name the target of one row; empty for what has no name here (Zig knows a hundred)."""
    if found["os"] in _WITHOUT_DETAIL:
        return f"{found['os']}-{found['arch']}"
    if found["os"] == "linux" and found["abi"] in _LINUX:
        return f"linux-{found['arch']}{_LINUX[found['abi']]}"
    return ""
