"""Commands, files and variables that a compiler and a target lead to."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgmgr.install.steps.meson import machine_file
from pkgmgr.install.toolchain import Toolchain, cmake_toolchain, make_toolchain
from pkgmgr.install.variables import build_variables, emulator_command, pkg_config_variables
from pkgmgr.model.entry import Entry, Value
from pkgmgr.model.errors import CkpmError
from pkgmgr.model.operation import Operation
from pkgmgr.model.target import TargetDocument, parse_target
from pkgmgr.model.target import Toolchain as Names

HOST = parse_target("linux-x86_64")
ARM = TargetDocument(
    name="linux-arm64",
    summary="",
    triples=("aarch64-linux-gnu", "aarch64-unknown-linux-gnu"),
    libc="glibc",
    emulator=("arm64",),
    sysroots=("/opt/arm-root", "/usr/aarch64-linux-gnu"),
    toolchain=Names(cmake_system="Linux", cmake_processor="aarch64", meson_system="linux", meson_cpu_family="aarch64"),
)
ANDROID = TargetDocument(
    name="android-arm64",
    summary="",
    triples=("aarch64-linux-android",),
    libc="bionic",
    emulator=("arm64",),
    default_detail="24",
    toolchain=Names(
        cmake_system="Android", cmake_processor="aarch64", meson_system="android", meson_cpu_family="aarch64"
    ),
)
WINDOWS = TargetDocument(
    name="windows-x86_64",
    summary="",
    triples=("x86_64-w64-mingw32",),
    toolchain=Names(cmake_system="Windows", cmake_processor="AMD64", meson_system="windows", meson_cpu_family="x86_64"),
)
MAC = TargetDocument(
    name="macos-arm64",
    summary="",
    triples=("arm64-apple-darwin",),
    toolchain=Names(cmake_system="Darwin", cmake_processor="arm64", meson_system="darwin", meson_cpu_family="aarch64"),
)


def entry(
    soft: str,
    prefix: str = "/usr",
    *,
    files: dict[str, str] | None = None,
    env: tuple[Operation, ...] = (),
    **more: Value,
) -> Entry:
    return Entry(
        id=f"{soft}-1",
        soft=soft,
        version="1",
        prefix=prefix,
        target="linux-x86_64",
        origin="system",
        files=files or {},
        env=env,
        attributes=more,
    )


GCC = entry(
    "compiler.gcc",
    files={"c": "/opt/x/bin/aarch64-linux-gnu-gcc", "cxx": "/opt/x/bin/aarch64-linux-gnu-g++"},
    triple="aarch64-linux-gnu",
)
CLANG = entry("compiler.llvm", files={"c": "/usr/bin/clang-15", "cxx": "/usr/bin/clang++-15"})
BIN = "/opt/ndk/toolchains/llvm/prebuilt/linux-x86_64/bin"
NDK = entry(
    "compiler.android-ndk",
    "/opt/ndk",
    files={"c": f"{BIN}/clang", "cxx": f"{BIN}/clang++", "ar": f"{BIN}/llvm-ar", "ranlib": f"{BIN}/llvm-ranlib"},
    min_api=21,
    max_api=34,
    sysroot="/opt/ndk/sysroot",
)
MINGW = entry(
    "compiler.gcc",
    files={"c": "/usr/bin/x86_64-w64-mingw32-gcc-posix", "cxx": "/usr/bin/x86_64-w64-mingw32-g++-posix"},
    triple="x86_64-w64-mingw32",
)
ZIG = entry(
    "compiler.zig",
    "/opt/zig",
    commands={
        name: ["/opt/zig/zig", word] for name, word in (("c", "cc"), ("cxx", "c++"), ("ar", "ar"), ("ranlib", "ranlib"))
    },
)
QEMU = entry("tool.qemu-user", files={"arm64": "/usr/bin/qemu-aarch64-static"})
ZLIB = entry("lib.zlib", "/store/zlib")


def only(*paths: str) -> Callable[[str], bool]:
    """Give a machine on which these paths are there, and no others."""
    return lambda path: path in paths


NOTHING = only()


def make(
    compiler: Entry, document: TargetDocument, exists: Callable[[str], bool] = NOTHING, name: str = ""
) -> Toolchain:
    return make_toolchain(compiler, parse_target(name or document.name), document, HOST, exists)


def test_a_cross_gcc_has_its_binutils_beside_it() -> None:
    made = make(GCC, ARM)
    assert made.c == ("/opt/x/bin/aarch64-linux-gnu-gcc",)
    assert made.strip == ("/opt/x/bin/aarch64-linux-gnu-strip",)
    assert made.nm == ("/opt/x/bin/aarch64-linux-gnu-nm",)
    assert made.windres == ()


def test_a_sysroot_is_not_for_a_gcc_that_has_its_own() -> None:
    made = make(GCC, ARM, only("/opt/arm-root/usr/include", "/usr/aarch64-linux-gnu/lib"))
    assert made.sysroot == ""
    assert made.library_root == "/usr/aarch64-linux-gnu"


def test_a_gcc_that_brings_the_c_library_runs_its_programs_with_it() -> None:
    made = make(GCC, ARM, only(f"{GCC.prefix}/aarch64-linux-gnu/lib", "/usr/aarch64-linux-gnu/lib"))
    assert made.library_root == f"{GCC.prefix}/aarch64-linux-gnu"


def test_mingw_compiles_resources() -> None:
    assert make(MINGW, WINDOWS).windres == ("/usr/bin/x86_64-w64-mingw32-windres",)


CLANGS = [
    pytest.param(
        ("/opt/arm-root/usr/include", "/usr/bin/ld.lld"),
        ("--target=aarch64-linux-gnu", "--sysroot=/opt/arm-root", "-fuse-ld=lld", "-Wno-unused-command-line-argument"),
        id="a root file system and lld",
    ),
    pytest.param(
        ("/usr/aarch64-linux-gnu/include", "/usr/bin/aarch64-linux-gnu-ld", "/usr/bin/ld.lld"),
        ("--target=aarch64-linux-gnu",),
        id="Debian's cross GCC",
    ),
]


@pytest.mark.parametrize(("present", "flags"), CLANGS)
def test_clang_is_told_its_target(present: tuple[str, ...], flags: tuple[str, ...]) -> None:
    made = make(CLANG, ARM, only(*present, "/usr/bin/llvm-ar", "/usr/bin/aarch64-linux-gnu-strip"))
    assert made.c == ("/usr/bin/clang-15", *flags)
    assert made.cxx == ("/usr/bin/clang++-15", *flags)
    assert made.ar == ("/usr/bin/llvm-ar",)
    assert made.strip == ("/usr/bin/aarch64-linux-gnu-strip",)


@pytest.mark.parametrize(
    ("present", "message"),
    [
        (("/usr/bin/ld.lld",), "C library is not here"),
        (("/usr/aarch64-linux-gnu/include",), "no linker for linux-arm64"),
    ],
)
def test_clang_without_what_it_needs_is_refused(present: tuple[str, ...], message: str) -> None:
    with pytest.raises(CkpmError, match=message):
        make(CLANG, ARM, only(*present))


def test_a_clang_in_a_folder_of_its_own_has_its_tools_there() -> None:
    home = "/usr/lib/llvm-16/bin"
    files = {"c": "/usr/bin/clang-16", "ar": f"{home}/llvm-ar", "linker": f"{home}/ld.lld"}
    made = make(entry("compiler.llvm", files=files), ARM, only("/opt/arm-root/usr/include", f"{home}/llvm-nm"))
    assert made.c[-2] == "-fuse-ld=lld"
    assert (made.ar, made.nm, made.strip) == ((f"{home}/llvm-ar",), (f"{home}/llvm-nm",), ("strip",))


@pytest.mark.parametrize(
    ("triple", "present", "flags"),
    [
        pytest.param(
            "x86_64-pc-linux-gnu", (), ("--target=aarch64-linux-gnu",), id="a configuration file says the rest"
        ),
        pytest.param(
            "x86_64-pc-linux-gnu",
            ("/usr/bin/ld.lld",),
            ("--target=aarch64-linux-gnu", "-fuse-ld=lld", "-Wno-unused-command-line-argument"),
            id="a C library where distributions put none",
        ),
        pytest.param("aarch64-unknown-linux-gnu", (), (), id="called by the target's name"),
    ],
)
def test_a_clang_that_states_the_target_is_believed(
    triple: str, present: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    clang = entry("compiler.llvm", files={"c": "/usr/bin/clang-16"}, triple=triple, emits=["linux-arm64"])
    assert make(clang, ARM, only(*present)).c == ("/usr/bin/clang-16", *flags)


def test_a_native_clang_is_told_nothing() -> None:
    document = TargetDocument(name="linux-x86_64", summary="", triples=("x86_64-linux-gnu",))
    assert make(CLANG, document).c == ("/usr/bin/clang-15",)


@pytest.mark.parametrize(("name", "level"), [("android-arm64", 24), ("android-arm64-21", 21), ("android-arm64-34", 34)])
def test_an_ndk_honours_the_api_level(name: str, level: int) -> None:
    made = make(NDK, ANDROID, name=name)
    assert made.c == (f"{BIN}/clang", f"--target=aarch64-linux-android{level}")
    assert (made.strip, made.nm) == ((f"{BIN}/llvm-strip",), (f"{BIN}/llvm-nm",))
    found = build_variables(made, {"c": "/t/cc"}, {}, scratch="/b", cache="/c")
    assert found["ANDROID_NDK_ROOT"] == found["ANDROID_NDK_HOME"] == found["ANDROID_NDK"] == "/opt/ndk"
    assert found["ANDROID_PLATFORM"] == f"android-{level}"


@pytest.mark.parametrize("name", ["android-arm64-19", "android-arm64-35"])
def test_an_ndk_refuses_other_api_levels(name: str) -> None:
    with pytest.raises(CkpmError, match="serves API levels 21 to 34"):
        make(NDK, ANDROID, name=name)


def test_the_environment_holds_these_names_and_no_others() -> None:
    scripts = {"c": "/t/cc", "cxx": "/t/c++", "ar": "/t/ar", "ranlib": "/t/ranlib", "strip": "/t/strip", "nm": "/t/nm"}
    tool = entry("tool.m4", "/store/m4", files={"program": "/store/m4/bin/m4"})
    roles = {"m4": tool, "make": entry("tool.make", files={"program": "/usr/bin/make"})}
    found = build_variables(make(GCC, ARM), scripts, roles, scratch="/b", cache="/c")
    assert found == {
        "PATH": "/store/m4/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/b",
        "TMPDIR": "/b",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": "315532800",
        "ZERO_AR_DATE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "ZIG_GLOBAL_CACHE_DIR": "/c/zig",
        "ZIG_LOCAL_CACHE_DIR": "/b/.zig-cache",
        "CC": "/t/cc",
        "CXX": "/t/c++",
        "AR": "/t/ar",
        "RANLIB": "/t/ranlib",
        "STRIP": "/t/strip",
        "NM": "/t/nm",
        "ARFLAGS": "crsD",
        "AR_FLAGS": "crsD",
        "CFLAGS": "-O2",
        "CXXFLAGS": "-O2",
        "PKG_CONFIG_LIBDIR": "",
    }


TOLD = entry("lib.png", "/opt/png", env=(Operation(op="prepend_path", var="PKG_CONFIG_PATH", value="/opt/png/pc"),))
SYSTEM = entry("lib.zstd", "/usr")
IN_SYSROOT = entry(
    "lib.png", "/opt/arm-root/usr", env=(Operation(op="prepend_path", var="PKG_CONFIG_PATH", value="/opt/arm-root/pc"),)
)
SYSTEM_FOLDERS = (
    "/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/lib/aarch64-unknown-linux-gnu/pkgconfig:/usr/lib/pkgconfig:"
    "/usr/lib64/pkgconfig:/usr/share/pkgconfig"
)
STORE = "/store/zlib/lib/pkgconfig:/store/zlib/lib64/pkgconfig:/store/zlib/share/pkgconfig"


@pytest.mark.parametrize(
    ("libraries", "folders", "sysroot"),
    [
        ([], "", None),
        ([ZLIB], STORE, None),
        ([TOLD, ZLIB], f"/opt/png/pc:{STORE}", None),
        (
            [SYSTEM],
            SYSTEM_FOLDERS,
            None,
        ),
        ([IN_SYSROOT], "/opt/arm-root/pc", "/opt/arm-root"),
        ([IN_SYSROOT, ZLIB], f"/opt/arm-root/pc:{STORE}", None),
    ],
    ids=["none", "made", "told", "system", "sysroot", "sysroot and made"],
)
def test_pkg_config_sees_the_resolved_libraries_alone(
    libraries: list[Entry], folders: str, sysroot: str | None
) -> None:
    made = make(CLANG, ARM, only("/opt/arm-root/usr/include", "/usr/bin/ld.lld"))
    found = pkg_config_variables(made, libraries)
    assert found["PKG_CONFIG_LIBDIR"] == folders
    assert found.get("PKG_CONFIG_SYSROOT_DIR") == sysroot


def test_pkg_config_itself_agrees(tmp_path: Path) -> None:
    """An empty ``PKG_CONFIG_LIBDIR`` hides the host's libraries, and a made one is seen."""
    program = shutil.which("pkg-config")
    if program is None:
        pytest.skip("no pkg-config here")
    folder = tmp_path / "share" / "pkgconfig"
    folder.mkdir(parents=True)
    (folder / "made.pc").write_text("Name: made\nDescription: made\nVersion: 1\nLibs: -lmade\n")

    def listed(*libraries: Entry) -> list[str]:
        variables = build_variables(
            make(GCC, ARM), {}, {str(n): e for n, e in enumerate(libraries)}, scratch="/b", cache="/c"
        )
        done = subprocess.run([program, "--list-all"], env=variables, capture_output=True, text=True, check=True)
        return sorted({line.split()[0] for line in done.stdout.splitlines()} - {"pkgconf", "pkg-config"})

    assert listed() == []
    assert listed(entry("lib.made", str(tmp_path))) == ["made"]


def test_the_emulator_is_the_resolved_one() -> None:
    made = make(GCC, ARM, only("/usr/aarch64-linux-gnu/lib"))
    assert emulator_command(made, {"qemu": QEMU}) == ("/usr/bin/qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu")
    assert emulator_command(made, {}) == ()
    assert emulator_command(make(NDK, ANDROID), {"qemu": QEMU}) == ()


@pytest.mark.parametrize(
    ("compiler", "document", "system", "processor"),
    [
        (GCC, ARM, "Linux", "aarch64"),
        (NDK, ANDROID, "Linux", "aarch64"),
        (MINGW, WINDOWS, "Windows", "AMD64"),
        (GCC, MAC, "Darwin", "arm64"),
    ],
    ids=["linux", "android", "windows", "macos"],
)
def test_cmake_is_told_the_system(compiler: Entry, document: TargetDocument, system: str, processor: str) -> None:
    text = cmake_toolchain(make(compiler, document), {"c": "/t/cc"}, (), scratch="/b")
    assert f"set(CMAKE_SYSTEM_NAME {system})\nset(CMAKE_SYSTEM_PROCESSOR {processor})\n" in text
    assert "set(CMAKE_C_COMPILER [==[/t/cc]==])" in text


def test_cmake_looks_for_libraries_of_the_target_and_programs_of_the_host() -> None:
    made = make(GCC, ARM, only("/usr/aarch64-linux-gnu/lib"))
    text = cmake_toolchain(made, {}, ("/store/zlib",), scratch="/b", emulator=("/q emu", "-L", "/x"))
    assert "set(CMAKE_CROSSCOMPILING_EMULATOR [==[/q emu]==] [==[-L]==] [==[/x]==])" in text
    assert "set(CMAKE_FIND_ROOT_PATH [==[/store/zlib]==] [==[/usr/aarch64-linux-gnu]==] [==[/b]==])" in text
    assert "set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)" in text
    for what in ("LIBRARY", "INCLUDE", "PACKAGE"):
        assert f"set(CMAKE_FIND_ROOT_PATH_MODE_{what} ONLY)" in text
    assert "MODE_LIBRARY BOTH" in cmake_toolchain(made, {}, ("/usr",), scratch="/b")


def test_cmake_looks_everywhere_when_the_target_is_the_host() -> None:
    document = TargetDocument(name="linux-x86_64", summary="", triples=("x86_64-linux-gnu",), toolchain=ARM.toolchain)
    text = cmake_toolchain(make(CLANG, document), {"c": "/t/cc"}, ("/store/zlib",), scratch="/b")
    assert "FIND_ROOT" not in text
    assert "SYSTEM_NAME" not in text
    assert "set(CMAKE_PREFIX_PATH [==[/store/zlib]==])" in text


def test_meson_is_told_the_target_and_where_libraries_are() -> None:
    made = make(GCC, ARM)
    text = machine_file(made, {"c": "/t/it's cc", "strip": "/t/strip"}, {"zlib": ZLIB, "qemu": QEMU})
    assert text == (
        "[binaries]\n"
        "c = '/t/it\\'s cc'\n"
        "strip = '/t/strip'\n"
        "pkg-config = 'pkg-config'\n"
        "pkgconfig = 'pkg-config'\n"
        "exe_wrapper = ['/usr/bin/qemu-aarch64-static']\n"
        "[properties]\n"
        "pkg_config_libdir = ['/store/zlib/lib/pkgconfig', '/store/zlib/lib64/pkgconfig', "
        "'/store/zlib/share/pkgconfig']\n"
        "[built-in options]\n"
        "cmake_prefix_path = ['/store/zlib']\n"
        "[host_machine]\n"
        "system = 'linux'\n"
        "endian = 'little'\n"
        "cpu_family = 'aarch64'\n"
        "cpu = 'aarch64'\n"
    )


def test_zig_is_not_asked_for_what_it_lacks() -> None:
    names = Names(cmake_system="Linux", cmake_processor="aarch64", zig="aarch64-linux-gnu.2.31")
    document = TargetDocument(name="linux-arm64", summary="", triples=("aarch64-linux-gnu",), toolchain=names)
    made = make(ZIG, document)
    assert made.c == ("/opt/zig/zig", "cc", "-target", "aarch64-linux-gnu.2.31")
    assert made.strip == made.nm == ()
