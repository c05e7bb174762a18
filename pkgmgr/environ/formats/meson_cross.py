"""A Meson machine file: for ``--cross-file`` if the target is not the host, else for ``--native-file``. Pure.

A machine file names tools and folders; it has no variables of the environment, so operations are not in it. Use
`exec` or an activation script beside it where a build needs them.
"""

from __future__ import annotations

from collections.abc import Sequence

from pkgmgr.environ.request import ExportRequest, is_cross, refuse_bytes
from pkgmgr.environ.tools import commands, prefixes
from pkgmgr.model.errors import UsageError

_BINARIES = {
    "c": "c",
    "cxx": "cpp",
    "fortran": "fortran",
    "cuda": "cuda",
    "ar": "ar",
    "ranlib": "ranlib",
    "strip": "strip",
}
_BIG_ENDIAN = frozenset({"s390x", "ppc64", "powerpc", "mips", "mips64", "sparc64", "hppa", "hppa64", "m68k"})


def render(request: ExportRequest) -> str:
    """Write a machine file."""
    found = commands(request)
    option = "--cross-file" if is_cross(request) else "--native-file"
    lines = [f"# Made by ckpm: meson setup {option} <this file>", "[binaries]"]
    lines += [f"{name} = {_array(found[role])}" for role, name in _BINARIES.items() if role in found]
    if is_cross(request) and request.emulator:
        lines.append(f"exe_wrapper = {_array(request.emulator)}")
    lines += _options(request)
    if is_cross(request):
        lines += _host_machine(request)
    return "\n".join(lines) + "\n"


def _options(request: ExportRequest) -> list[str]:
    lines = []
    flags = request.toolchain.flags if is_cross(request) and request.toolchain is not None else ()
    if flags:
        lines += [f"{language}_{what} = {_array(flags)}" for language in ("c", "cpp") for what in ("args", "link_args")]
    roots = prefixes(request)
    if roots:
        places = [f"{root}/{folder}/pkgconfig" for root in roots for folder in ("lib", "share")]
        lines += [f"cmake_prefix_path = {_array(roots)}", f"pkg_config_path = {_array(places)}"]
    return ["", "[built-in options]", *lines] if lines else []


def _host_machine(request: ExportRequest) -> list[str]:
    """Describe the target, which Meson, like GNU, calls the host machine."""
    target, known = request.target, request.toolchain
    if target is None or known is None or not known.meson_system:
        raise UsageError(f"nothing is known of what Meson calls the target {target}")
    endian = "big" if target.arch in _BIG_ENDIAN else "little"
    return [
        "",
        "[host_machine]",
        f"system = {quote(known.meson_system)}",
        f"cpu_family = {quote(known.meson_cpu_family)}",
        f"cpu = {quote(known.cmake_processor)}",
        f"endian = {quote(endian)}",
    ]


def _array(words: Sequence[str]) -> str:
    return "[" + ", ".join(quote(word) for word in words) + "]"


def quote(text: str) -> str:
    """Write a string of a machine file.

    Other than in ``meson.build`` a backslash is an ordinary character there: Meson doubles it before it parses. A text
    with a quote needs three quotes around it, inside of which that doubling stays.
    """
    refuse_bytes(text, text, "Meson")
    if any(character in text for character in "\r\n"):
        raise UsageError(f"a Meson machine file can't hold a line break: {text!r}")
    if "@GLOBAL_SOURCE_ROOT@" in text or "@DIRNAME@" in text:
        raise UsageError(f"a Meson machine file can't hold '@GLOBAL_SOURCE_ROOT@' or '@DIRNAME@': {text!r}")
    if "'" not in text:
        return f"'{text}'"
    if "\\" in text or "'''" in text or text.endswith("'"):
        raise UsageError(f"a Meson machine file can't hold this mixture of quotes and backslashes: {text!r}")
    return f"'''{text}'''"
