"""The environment in which a build runs its programs: from what was resolved and the target alone. Pure.

Nothing of the caller's environment is in it. A variable that is not made here is not set in a build.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from pkgmgr.install.toolchain import EPOCH, SEARCHED_ANYWAY, Toolchain
from pkgmgr.model.entry import Entry

_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
PROGRAMS = {
    "CC": "c",
    "CXX": "cxx",
    "AR": "ar",
    "RANLIB": "ranlib",
    "STRIP": "strip",
    "NM": "nm",
    "WINDRES": "windres",
}
"""Variable → role of the toolchain's command."""
_NDK_NAMES = ("ANDROID_NDK_ROOT", "ANDROID_NDK_HOME", "ANDROID_NDK")


def build_variables(
    toolchain: Toolchain | None, scripts: Mapping[str, str], roles: Mapping[str, Entry], *, scratch: str, cache: str
) -> dict[str, str]:
    """Give the whole environment of a build.

    :param scripts: role → one executable that stands for a command of several words.
    :param scratch: the build's own folder, which is its HOME: no ``~/.config``, ``~/.cmake`` or ``~/.netrc`` counts.
    """
    return {
        "PATH": ":".join((*tool_folders(roles.values()), *_SYSTEM_PATH)),
        "HOME": scratch,
        "TMPDIR": scratch,
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": EPOCH,
        "ZERO_AR_DATE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "ZIG_GLOBAL_CACHE_DIR": f"{cache}/zig",
        "ZIG_LOCAL_CACHE_DIR": f"{scratch}/.zig-cache",
        **_compiler_variables(toolchain, scripts),
        **pkg_config_variables(toolchain, roles.values()),
    }


def _compiler_variables(toolchain: Toolchain | None, scripts: Mapping[str, str]) -> dict[str, str]:
    if toolchain is None:
        return {}
    flags = shlex.join(("-O2", *toolchain.flags))
    variables = {name: scripts[role] for name, role in PROGRAMS.items() if role in scripts}
    if not toolchain.compiler.target.startswith("macos"):  # whose ar does not know D
        variables |= {"ARFLAGS": "crsD", "AR_FLAGS": "crsD"}
    variables |= {"CFLAGS": flags, "CXXFLAGS": flags}
    if toolchain.flags:
        variables["LDFLAGS"] = shlex.join(toolchain.flags)
    if toolchain.compiler.soft == "compiler.android-ndk":
        variables |= dict.fromkeys(_NDK_NAMES, toolchain.compiler.prefix)
        variables["ANDROID_PLATFORM"] = f"android-{toolchain.api_level}"
    return variables


def tool_folders(entries: Iterable[Entry]) -> list[str]:
    """Give the folders of the resolved tools that lie outside of the system's: a build finds m4 where it was made."""
    programs = [
        entry.files["program"] for entry in entries if entry.soft.startswith("tool.") and "program" in entry.files
    ]
    folders = dict.fromkeys(str(PurePath(program).parent) for program in programs)
    return [folder for folder in folders if folder not in _SYSTEM_PATH]


def pkg_config_variables(toolchain: Toolchain | None, entries: Iterable[Entry]) -> dict[str, str]:
    """Let pkg-config see the resolved libraries, and no others.

    ``PKG_CONFIG_LIBDIR`` replaces the built-in folders, which hold the host's libraries; empty, it hides them all. The
    system's own folders are named only where a resolved library lies in them. ``PKG_CONFIG_SYSROOT_DIR`` goes in front
    of every path that any file gives, so it is set only where all these files lie in the sysroot: their paths begin
    at it.
    """
    libraries = [entry for entry in entries if entry.soft.startswith("lib.")]
    folders = list(dict.fromkeys(folder for entry in libraries for folder in pkg_config_folders(entry, toolchain)))
    variables = {"PKG_CONFIG_LIBDIR": ":".join(folders)}
    sysroot = toolchain.sysroot if toolchain is not None else ""
    if sysroot and folders and all(PurePath(folder).is_relative_to(sysroot) for folder in folders):
        variables["PKG_CONFIG_SYSROOT_DIR"] = sysroot
    return variables


def pkg_config_folders(entry: Entry, toolchain: Toolchain | None) -> list[str]:
    """Give where a library's ``.pc`` files lie: where detection found them, else the usual folders of its prefix."""
    told = [item.value for item in entry.env if item.var == "PKG_CONFIG_PATH" and item.value]
    if told:
        return told
    places = ["lib", "lib64", "share"]
    if entry.prefix in SEARCHED_ANYWAY and toolchain is not None:  # Debian's folders of one architecture
        places[:0] = [f"lib/{triple}" for triple in toolchain.document.triples]
    prefix = "/usr" if entry.prefix in ("", "/") else entry.prefix
    return [f"{prefix}/{place}/pkgconfig" for place in places]


def emulator_command(toolchain: Toolchain, roles: Mapping[str, Entry]) -> tuple[str, ...]:
    """Give the command in front of the target's programs while building; empty without a resolved emulator."""
    emulator = next((entry for entry in roles.values() if entry.soft == "tool.qemu-user"), None)
    if emulator is None or not toolchain.is_cross or toolchain.target.os == "android":
        return ()  # no C library of Android is here for an emulator to start its programs with
    program = next((emulator.files[role] for role in toolchain.document.emulator if role in emulator.files), None)
    if program is None:
        return ()
    return (program, "-L", toolchain.library_root) if toolchain.library_root else (program,)


def library_prefixes(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Give the prefixes of the resolved libraries, each once, in order."""
    return tuple(dict.fromkeys(entry.prefix for entry in entries if entry.soft.startswith("lib.")))
