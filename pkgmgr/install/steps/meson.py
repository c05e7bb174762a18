"""Configure, build and install with Meson, told everything by a machine file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.install.toolchain import SEARCHED_ANYWAY, Toolchain
from pkgmgr.install.variables import emulator_command, library_prefixes, pkg_config_variables
from pkgmgr.model.entry import Entry
from pkgmgr.model.package import Meson


def perform(step: Meson, context: BuildContext) -> None:
    """Build out of the source folder."""
    toolchain = context.require_toolchain()
    folder = Path(context.fill(step.folder))
    entry = next((entry for entry in context.roles.values() if entry.soft == "tool.meson"), None)
    program = entry.files["program"] if entry is not None else "meson"
    file = context.build / "ckpm-machine.ini"
    file.write_text(machine_file(toolchain, context.scripts, context.roles))
    option = "--cross-file" if toolchain.is_cross else "--native-file"
    argv = [program, "setup", str(folder), context.fill(step.source), option, str(file), "--buildtype=release"]
    context.run([*argv, f"--prefix={context.prefix}", "--libdir=lib", *context.fill_all(step.options)])
    context.run([program, "compile", "-C", str(folder), "-j", str(context.jobs)])
    context.run([program, "install", "-C", str(folder)])


def machine_file(toolchain: Toolchain, scripts: Mapping[str, str], roles: Mapping[str, Entry]) -> str:
    """Give a Meson native or cross file (Meson manual, "Machine files")."""
    known = toolchain.document.toolchain
    found = pkg_config_variables(toolchain, roles.values())
    emulator = emulator_command(toolchain, roles)
    lines = ["[binaries]"]
    lines += [f"{name} = {_quote(scripts[role])}" for name, role in _PROGRAMS if role in scripts]
    if toolchain.is_cross:  # without these, Meson asks no pkg-config for the target; the name changed with 1.3
        lines += ["pkg-config = 'pkg-config'", "pkgconfig = 'pkg-config'"]
    if emulator:
        lines.append(f"exe_wrapper = {_list(emulator)}")
    folders = [folder for folder in found["PKG_CONFIG_LIBDIR"].split(":") if folder]
    lines += ["[properties]", f"pkg_config_libdir = {_list(folders)}"]
    if "PKG_CONFIG_SYSROOT_DIR" in found:
        lines.append(f"sys_root = {_quote(found['PKG_CONFIG_SYSROOT_DIR'])}")
    lines.append("[built-in options]")
    roots = [prefix for prefix in library_prefixes(roles.values()) if prefix not in SEARCHED_ANYWAY]
    if roots:
        lines.append(f"cmake_prefix_path = {_list(roots)}")
    if toolchain.flags:
        lines += [
            f"{name} = {_list(toolchain.flags)}" for name in ("c_args", "c_link_args", "cpp_args", "cpp_link_args")
        ]
    if toolchain.is_cross and known is not None:
        lines += ["[host_machine]", f"system = {_quote(known.meson_system)}", "endian = 'little'"]
        lines += [f"cpu_family = {_quote(known.meson_cpu_family)}", f"cpu = {_quote(known.meson_cpu_family)}"]
    return "\n".join(lines) + "\n"


_PROGRAMS = (("c", "c"), ("cpp", "cxx"), ("ar", "ar"), ("strip", "strip"), ("nm", "nm"), ("windres", "windres"))


def _list(words: Iterable[str]) -> str:
    return "[" + ", ".join(_quote(word) for word in words) + "]"


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
