"""What the NDK's own folders tell: which host it is for, which ABIs and which API levels it serves."""

from __future__ import annotations

import posixpath
import re

from pkgmgr.detect.hooks import HookContext
from pkgmgr.model.entry import Value

_WRAPPER = re.compile(r"(?P<arch>aarch64|armv7a|i686|x86_64|riscv64)-linux-android(?:eabi)?(?P<api>\d+)-clang$")
_ARCHES = {"aarch64": "arm64", "armv7a": "arm", "i686": "x86", "x86_64": "x86_64", "riscv64": "riscv64"}
# Google ships one build for each system; the macOS one is universal under an old name.
_HOSTS = {"linux": "linux-x86_64", "macos": "darwin-x86_64", "windows": "windows-x86_64"}


def examine(context: HookContext, facts: dict[str, Value]) -> dict[str, Value] | str:
    """Find the programs for this host and read the API levels off the names of the wrappers."""
    root = posixpath.normpath(str(facts["root"]))
    prebuilt = posixpath.join(root, "toolchains/llvm/prebuilt")
    present = list(context.files.names(prebuilt))
    if not present:
        return f"half unpacked: {prebuilt} is not there"
    wanted = _HOSTS.get(context.host.target.split("-")[0], "")
    if wanted not in present:
        return f"an NDK for {', '.join(present)}, on a {context.host.target} host"
    folder = posixpath.join(prebuilt, wanted, "bin")
    levels: dict[str, list[int]] = {}
    for name in context.files.names(folder):
        found = _WRAPPER.match(name)
        if found is not None:
            levels.setdefault(_ARCHES[found["arch"]], []).append(int(found["api"]))
    if not levels:
        return f"half unpacked: no compiler for Android in {folder}"
    served = sorted({api for apis in levels.values() for api in apis})
    order = [arch for arch in _ARCHES.values() if arch in levels]
    known = {"clang": clang} if (clang := _clang_version(context, posixpath.dirname(folder))) else {}
    return {
        **known,
        "root": root,
        "apis": list(served),
        "bin": folder,
        "sysroot": posixpath.join(prebuilt, wanted, "sysroot"),
        "emitted": [f"android-{arch}" for arch in order],
        "min_api": served[0],
        "max_api": served[-1],
    }


def _clang_version(context: HookContext, toolchain: str) -> str | None:
    """Read which clang it is: the banner's first number is one of Google's builds."""
    text = context.read_text(posixpath.join(toolchain, "AndroidVersion.txt")) or ""
    found = re.match(r"\d+\.\d+\.\d+", text)
    return found[0] if found else None
