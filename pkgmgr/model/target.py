"""Names of what programs run on: ``linux-arm64``, ``android-arm64-24``, and the usual synonyms. Pure."""

from __future__ import annotations

import msgspec

from pkgmgr.model.errors import UsageError

ANY = "any"
"""The target of a model or a data set that fits every machine."""

OS_SYNONYMS = {
    "linux": "linux",
    "android": "android",
    "macos": "macos",
    "darwin": "macos",
    "osx": "macos",
    "macosx": "macos",
    "windows": "windows",
    "win": "windows",
    "win32": "windows",
    "win64": "windows",
    "freebsd": "freebsd",
    "wasi": "wasi",
    "emscripten": "emscripten",
    "none": "none",
}
ARCH_SYNONYMS = {
    "x86_64": "x86_64",
    "amd64": "x86_64",
    "x64": "x86_64",
    "x86": "x86",
    "i386": "x86",
    "i486": "x86",
    "i586": "x86",
    "i686": "x86",
    "arm64": "arm64",
    "aarch64": "arm64",
    "arm64e": "arm64",
    "arm": "arm",
    "armv7": "arm",
    "armv7a": "arm",
    "armv7l": "arm",
    "armhf": "arm",
    "thumbv7a": "arm",
    "armv6l": "armv6",
    "riscv64": "riscv64",
    "riscv64gc": "riscv64",
    "riscv32": "riscv32",
    "ppc64le": "ppc64le",
    "powerpc64le": "ppc64le",
    "ppc64": "ppc64",
    "powerpc64": "ppc64",
    "s390x": "s390x",
    "loongarch64": "loongarch64",
    "mips64el": "mips64el",
    "mips64": "mips64",
    "mipsel": "mipsel",
    "mips": "mips",
    "sparc64": "sparc64",
    "alpha": "alpha",
    "hppa": "hppa",
    "hppa64": "hppa64",
    "m68k": "m68k",
    "sh4": "sh4",
    "powerpc": "powerpc",
    "wasm32": "wasm32",
    "nvptx64": "nvptx64",
    "amdgcn": "amdgcn",
    "avr": "avr",
}
_VENDORS = frozenset(
    {
        "unknown",
        "pc",
        "apple",
        "none",
        "redhat",
        "suse",
        "alpine",
        "poky",
        "w64",
        "linux",
        "nvidia",
        "buildroot",
    }
    | {
        "cros",
        "amazon",
        "openwrt",
        "oe",
        "ibm",
        "cray",
        "generic",
        "conda",
        "conda_cos6",
        "conda_cos7",
        "debian",
    }
)
_ARM_SOFT_FLOAT = frozenset({"gnueabi", "musleabi"})


class Target(msgspec.Struct, frozen=True, order=True):
    """One kind of machine that a result runs on."""

    os: str
    arch: str
    detail: str = ""
    """``musl``, an Android API level, … Empty for the usual one."""

    @property
    def base(self) -> Target:
        """The same without its detail: ``android-arm64`` of ``android-arm64-24``."""
        return Target(os=self.os, arch=self.arch)

    @property
    def api_level(self) -> int | None:
        """The Android API level, where the name holds one."""
        return int(self.detail) if self.os == "android" and self.detail.isdigit() else None

    def __str__(self) -> str:
        return f"{self.os}-{self.arch}" + (f"-{self.detail}" if self.detail else "")


def parse_target(text: str) -> Target:
    """Read a target's name, a synonym (``aarch64-darwin``) or a GNU triple (``aarch64-linux-gnu``).

    :raises UsageError: when no operating system and architecture can be told from it.
    """
    found = find_target(text)
    if found is None:
        raise UsageError(
            f"can't read the target {text!r}",
            hint="write <os>-<arch>[-<detail>], such as linux-arm64, linux-arm64-musl or android-arm64-24",
        )
    return found


def find_target(text: str) -> Target | None:
    """Read a target's name as `parse_target` does; None when it is none."""
    parts = [part for part in text.strip().lower().split("-") if part]
    if not parts:
        return None
    if parts[0] in OS_SYNONYMS and len(parts) > 1 and parts[1] in ARCH_SYNONYMS:
        os, arch = OS_SYNONYMS[parts[0]], ARCH_SYNONYMS[parts[1]]
        return Target(os=os, arch=arch, detail="-".join(parts[2:]))
    return _from_triple(parts)


def _from_triple(parts: list[str]) -> Target | None:
    arch = ARCH_SYNONYMS.get(parts[0])
    if arch is None:
        return None
    rest = parts[1:]
    environment = rest[-1] if rest else ""
    if environment.startswith("android"):  # aarch64-linux-android24, armv7a-linux-androideabi21
        return Target(os="android", arch=arch, detail="".join(ch for ch in environment if ch.isdigit()))
    if environment in ("mingw32", "windows-gnu", "msvc", "mingw64") or "windows" in rest or "mingw32" in rest:
        # clang writes x86_64-w64-mingw32 as x86_64-w64-windows-gnu.
        return Target(os="windows", arch=arch, detail="gnu" if "gnu" in rest and "w64" not in rest else "")
    for part in reversed(rest):
        name = part.rstrip("0123456789.")
        if name == "linux" or part.startswith(("gnu", "musl", "uclibc")):
            return Target(os="linux", arch=arch, detail=_linux_detail(environment))
        if name in OS_SYNONYMS and name not in ("none",):
            return Target(os=OS_SYNONYMS[name], arch=arch)
    if "elf" in rest or "eabi" in rest or "none" in rest:
        return Target(os="none", arch=arch)
    return Target(os="none", arch=arch) if rest and all(part in _VENDORS for part in rest) else None


def _linux_detail(environment: str) -> str:
    if environment.startswith("musl"):
        return "musl"
    if environment.startswith("uclibc"):
        return "uclibc"
    if environment in _ARM_SOFT_FLOAT:
        return "softfloat"
    return environment if environment in ("gnux32", "gnu_ilp32") else ""


class Toolchain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What build systems call this target."""

    cmake_system: str
    """CMAKE_SYSTEM_NAME."""
    cmake_processor: str
    """CMAKE_SYSTEM_PROCESSOR."""
    meson_system: str = ""
    meson_cpu_family: str = ""
    zig: str = ""
    """What ``zig cc -target`` takes; empty where zig can't serve."""
    flags: tuple[str, ...] = ()
    """Further flags for each compiler call, such as ``-static``."""


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a folder gets to a machine of this target, is run there, and what it wrote comes back."""

    push: tuple[str, ...]
    """Brings the contents of the folder ``{from}`` into the folder ``{to}`` of the device, which is there."""
    shell: tuple[str, ...]
    """Runs a line of its shell, which is put behind as one word, and ends with that line's exit code."""
    pull: tuple[str, ...]
    """Brings the contents of the device's folder ``{from}`` into the folder ``{to}``."""
    folder: str
    """Where on the device; each run makes a folder of its own below it, and removes that."""
    ready: tuple[str, ...] = ()
    """Ends with 0 where a device can be reached; default: the shell with the line ``true``."""


class TargetDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A target, from ``targets/<name>/target.toml``."""

    name: str
    """Its canonical name, ``<os>-<arch>[-<detail>]``."""
    summary: str
    triples: tuple[str, ...]
    """GNU triples, the first being the one passed to tools."""
    libc: str | None = None
    """``glibc``, ``musl``, ``bionic``, …; absent where the question makes no sense."""
    elf_machine: int | None = None
    """``e_machine`` of its programs, as in the ELF specification."""
    path_separator: str = ":"
    toolchain: Toolchain | None = None
    runs: tuple[str, ...] = ()
    """Other targets whose programs run here too, the nearest first."""
    emulator: tuple[str, ...] = ()
    """Roles of the soft ``tool.qemu-user`` that run its programs on another machine."""
    sysroots: tuple[str, ...] = ()
    """Where distributions put its C library on a host of another kind."""
    command: tuple[str, ...] = ()
    """What to put in front of a program to run it on a machine that has the same files (``ssh board``, a chroot)."""
    device: Device | None = None
    """How to use a machine that has files of its own."""
    libraries: tuple[str, ...] = ()
    """Libraries that each of its machines has: what is brought to a device need not hold them."""
    default_detail: str = ""
    """The detail meant when a person leaves it out: the least API level of Android."""

    @property
    def is_static(self) -> bool:
        """Whether its programs bring all that they need: they run on any kernel of their kind."""
        return self.toolchain is not None and "-static" in self.toolchain.flags
