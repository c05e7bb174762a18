"""Which target an ELF object is for, from what its headers hold. Pure.

ELF has a field for the operating system (``EI_OSABI``) that Linux leaves at zero, so the C library that an object
names is what tells: its loader, its ``NEEDED`` libraries, its notes.
"""

from __future__ import annotations

from typing import NamedTuple


class Clues(NamedTuple):
    """The parts of the headers that tell."""

    machine: int
    """``e_machine``."""
    bits: int
    is_little: bool
    abi: int = 0
    """``EI_OSABI``."""
    flags: int = 0
    """``e_flags``."""
    interpreter: str = ""
    needed: tuple[str, ...] = ()
    soname: str = ""
    notes: frozenset[bytes] = frozenset()
    """Names of the notes."""


_X86_64, _ARM, _NVPTX, _AMDGPU, _AVR, _BPF, _XTENSA = 62, 40, 190, 224, 83, 247, 94

# (e_machine, bits, little endian) → name; the names are those of `pkgmgr.model.target`.
_ARCHES = {
    (3, 32, True): "x86",
    (_X86_64, 64, True): "x86_64",
    (_X86_64, 32, True): "x86_64",
    (_ARM, 32, True): "arm",
    (_ARM, 32, False): "armeb",
    (183, 64, True): "arm64",
    (183, 32, True): "arm64",
    (183, 64, False): "arm64be",
    (243, 64, True): "riscv64",
    (243, 32, True): "riscv32",
    (21, 64, True): "ppc64le",
    (21, 64, False): "ppc64",
    (20, 32, False): "powerpc",
    (22, 64, False): "s390x",
    (258, 64, True): "loongarch64",
    (8, 32, True): "mipsel",
    (8, 32, False): "mips",
    (8, 64, True): "mips64el",
    (8, 64, False): "mips64",
    (2, 32, False): "sparc",
    (18, 32, False): "sparc",
    (43, 64, False): "sparc64",
    (36902, 64, True): "alpha",
    (15, 32, False): "hppa",
    (4, 32, False): "m68k",
    (42, 32, True): "sh4",
    (_NVPTX, 64, True): "nvptx64",
    (_AMDGPU, 64, True): "amdgcn",
    (_AVR, 32, True): "avr",
    (_BPF, 64, True): "bpf",
    (_XTENSA, 32, True): "xtensa",
}
_NO_SYSTEM = frozenset({_NVPTX, _AMDGPU, _AVR, _BPF, _XTENSA})
"""Machines whose objects no operating system runs."""
_SYSTEMS = {2: "netbsd", 6: "solaris", 9: "freebsd", 12: "openbsd"}
_SYSTEM_NOTES = {b"FreeBSD": "freebsd", b"NetBSD": "netbsd", b"OpenBSD": "openbsd"}
_SYSTEM_LOADERS = (
    ("/libexec/ld-elf", "freebsd"),
    ("/usr/libexec/ld.elf_so", "netbsd"),
    ("/usr/libexec/ld.so", "openbsd"),
)

_EF_ARM_SOFT_FLOAT = 0x200
_BIONIC_COMPANIONS = frozenset({"libdl.so", "libm.so", "liblog.so", "libandroid.so", "libc++_shared.so"})


def elf_target(clues: Clues) -> str:
    """Name the target. An object without any sign of its C library is given as the usual one of Linux."""
    arch = _ARCHES.get((clues.machine, clues.bits, clues.is_little), f"machine{clues.machine}")
    if clues.machine in _NO_SYSTEM:
        return f"none-{arch}"
    system = _SYSTEMS.get(clues.abi) or _other_system(clues)
    if system:
        return f"{system}-{arch}"
    if _is_android(clues):
        return f"android-{arch}"
    detail = _linux_detail(clues)
    return f"linux-{arch}-{detail}" if detail else f"linux-{arch}"


def _other_system(clues: Clues) -> str:
    noted = [system for note, system in _SYSTEM_NOTES.items() if note in clues.notes]
    loaded = [system for loader, system in _SYSTEM_LOADERS if clues.interpreter.startswith(loader)]
    return next(iter(noted + loaded), "")


def _is_android(clues: Clues) -> bool:
    if b"Android" in clues.notes or clues.interpreter.startswith("/system/bin/linker"):
        return True
    # Bionic's libraries have no number; glibc's are libc.so.6 and libm.so.6, and musl has no separate libm.
    return "libc.so" in clues.needed and not _BIONIC_COMPANIONS.isdisjoint(clues.needed)


def _linux_detail(clues: Clues) -> str:
    if "ld-musl" in clues.interpreter or any(_is_musl(name) for name in (*clues.needed, clues.soname)):
        return "musl"
    if "ld-uClibc" in clues.interpreter or "ld64-uClibc" in clues.interpreter:
        return "uclibc"
    if clues.machine == _X86_64 and clues.bits == 32:
        return "gnux32"
    if clues.machine == 183 and clues.bits == 32:
        return "gnu_ilp32"
    if clues.machine == _ARM and clues.flags & _EF_ARM_SOFT_FLOAT:
        return "softfloat"
    return ""


def _is_musl(name: str) -> bool:
    return name == "libc.so" or name.startswith(("libc.musl-", "ld-musl-"))
