"""Configure, build and install with CMake, told everything by a toolchain file."""

from __future__ import annotations

from pathlib import Path

from pkgmgr.install.context import BuildContext
from pkgmgr.install.toolchain import cmake_toolchain, reproducible_flags
from pkgmgr.install.variables import emulator_command, library_prefixes
from pkgmgr.model.entry import Entry
from pkgmgr.model.package import Cmake


def perform(step: Cmake, context: BuildContext) -> None:
    """Build out of the source folder, with Ninja if it was resolved, else with make."""
    toolchain = context.require_toolchain()
    folder = Path(context.fill(step.folder))
    folder.mkdir(parents=True, exist_ok=True)
    cmake = _tool(context, "tool.cmake")
    program = cmake.files["program"] if cmake is not None else "cmake"
    libraries = library_prefixes(context.roles.values())
    emulator = emulator_command(toolchain, context.roles)
    told = cmake_toolchain(toolchain, context.scripts, libraries, scratch=str(context.build), emulator=emulator)
    file = folder / "ckpm-toolchain.cmake"
    file.write_text(told)
    flags = " ".join(("-O2", *reproducible_flags({str(context.build): "."})))
    argv = [program, "-S", context.fill(step.source), "-B", str(folder), f"-DCMAKE_TOOLCHAIN_FILE={file}"]
    argv += [
        "-DCMAKE_BUILD_TYPE=Release",
        f"-DCMAKE_INSTALL_PREFIX={context.prefix}",
        "-DCMAKE_INSTALL_LIBDIR:STRING=lib",
    ]
    argv += [f"-DCMAKE_C_FLAGS_RELEASE={flags}", f"-DCMAKE_CXX_FLAGS_RELEASE={flags}"]
    ninja = _tool(context, "tool.ninja")
    if ninja is not None:
        argv += ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja.files['program']}"]
    context.run([*argv, *context.fill_all(step.options)])
    build = [program, "--build", str(folder), "--parallel", str(context.jobs)]
    context.run([*build, *(part for target in step.targets for part in ("--target", target))])
    if not step.targets:
        context.run([program, "--install", str(folder)])


def _tool(context: BuildContext, soft: str) -> Entry | None:
    return next((entry for entry in context.roles.values() if entry.soft == soft), None)
