"""Configure, build and install with Meson, told everything by a machine file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.install.toolchain import Toolchain
from pkgmgr.model.package import Meson


def perform(step: Meson, context: BuildContext) -> None:
    """Build out of the source folder."""
    toolchain = context.require_toolchain()
    folder = Path(context.fill(step.folder))
    entry = next((entry for entry in context.roles.values() if entry.soft == "tool.meson"), None)
    program = entry.files["program"] if entry is not None else "meson"
    file = context.build / "ckpm-machine.ini"
    file.write_text(machine_file(toolchain, context.scripts))
    option = "--cross-file" if toolchain.is_cross else "--native-file"
    argv = [program, "setup", str(folder), context.fill(step.source), option, str(file), "--buildtype=release"]
    context.run([*argv, f"--prefix={context.prefix}", "--libdir=lib", *context.fill_all(step.options)])
    context.run([program, "compile", "-C", str(folder), "-j", str(context.jobs)])
    context.run([program, "install", "-C", str(folder)])


def machine_file(toolchain: Toolchain, scripts: Mapping[str, str]) -> str:
    """Give a Meson native or cross file (Meson manual, "Machine files")."""
    lines = ["[binaries]"]
    lines += [f"{name} = {_quote(scripts[role])}" for name, role in (("c", "c"), ("cpp", "cxx"), ("ar", "ar"))]
    known = toolchain.document.toolchain
    if toolchain.flags:
        flags = ", ".join(_quote(flag) for flag in toolchain.flags)
        lines += ["[built-in options]", f"c_args = [{flags}]", f"c_link_args = [{flags}]"]
        lines += [f"cpp_args = [{flags}]", f"cpp_link_args = [{flags}]"]
    if toolchain.is_cross and known is not None:
        lines += ["[host_machine]", f"system = {_quote(known.meson_system)}", "endian = 'little'"]
        lines += [f"cpu_family = {_quote(known.meson_cpu_family)}", f"cpu = {_quote(known.meson_cpu_family)}"]
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
