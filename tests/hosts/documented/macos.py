"""A MacBook Pro with M1 Pro: macOS 14.4, Xcode 15.3, Homebrew.

Words from: Apple's release notes and manual pages, public transcripts of what Xcode's tools print, Homebrew's
documentation (prefixes, keg-only formulas) and its formulas.
"""

from __future__ import annotations

from tests.hosts.documented.machine import MACHO_LIBRARY, Machine, python_question

NOTE = """Made from Apple's and Homebrew's documentation and public transcripts, run by nobody: an M1 Pro with macOS
14.4.1, Xcode 15.3 and Homebrew in /opt/homebrew.""".replace("\n", " ")
XCODE = "/Applications/Xcode.app/Contents/Developer"
TOOLCHAIN = f"{XCODE}/Toolchains/XcodeDefault.xctoolchain/usr/bin"
SDK = f"{XCODE}/Platforms/MacOSX.platform/Developer/SDKs/MacOSX.sdk"
BREW = "/opt/homebrew"
SYSCTL = (
    *("/usr/sbin/sysctl", "-i", "machdep.cpu.brand_string", "machdep.cpu.vendor", "machdep.cpu.features"),
    *("machdep.cpu.leaf7_features", "machdep.cpu.extfeatures", "hw.ncpu", "hw.physicalcpu", "hw.memsize"),
    *("hw.l1dcachesize", "hw.l1icachesize", "hw.l2cachesize", "hw.l3cachesize"),
)
KERNEL = """machdep.cpu.brand_string: Apple M1 Pro
hw.ncpu: 10
hw.physicalcpu: 10
hw.memsize: 34359738368
hw.l1dcachesize: 65536
hw.l1icachesize: 131072
hw.l2cachesize: 4194304
"""
DISPLAYS = """{"SPDisplaysDataType": [{"_name": "kHW_AppleM1ProItem",
"spdisplays_mtlgpufamilysupport": "spdisplays_metal3", "spdisplays_vendor": "sppci_vendor_Apple",
"sppci_bus": "spdisplays_builtin", "sppci_cores": "16", "sppci_device_type": "spdisplays_gpu",
"sppci_model": "Apple M1 Pro"}]}
"""
APPLE = f"""Apple clang version 15.0.0 (clang-1500.3.9.4)
Target: arm64-apple-darwin23.4.0
Thread model: posix
InstalledDir: {TOOLCHAIN}
"""
HOMEBREW_CLANG = f"""Homebrew clang version 17.0.6
Target: arm64-apple-darwin23.4.0
Thread model: posix
InstalledDir: {BREW}/opt/llvm/bin
"""
GCC = """Using built-in specs.
COLLECT_GCC=gcc-13
COLLECT_LTO_WRAPPER=/opt/homebrew/Cellar/gcc/13.2.0/bin/../libexec/gcc/aarch64-apple-darwin23/13/lto-wrapper
Target: aarch64-apple-darwin23
Configured with: ../configure --prefix=/opt/homebrew/opt/gcc --with-pkgversion='Homebrew GCC 13.2.0'
Thread model: posix
Supported LTO compression algorithms: zlib zstd
gcc version 13.2.0 (Homebrew GCC 13.2.0)
"""
SWIFT = """swift-driver version: 1.90.11.1 Apple Swift version 5.10 (swiftlang-5.10.0.13 clang-1500.3.9.4)
Target: arm64-apple-macosx14.0
"""
CURL = """curl 8.4.0 (x86_64-apple-darwin23.0) libcurl/8.4.0 (SecureTransport) LibreSSL/3.3.6 zlib/1.2.12 nghttp2/1.58.0
Release-Date: 2023-10-11
"""


def make() -> Machine:
    """Put the Mac together."""
    mac = Machine(
        target="macos-arm64",
        home="/Users/person",
        note=NOTE,
        release="23.4.0",
        variables={
            "PATH": f"{BREW}/bin:{BREW}/sbin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": "/Users/person",
        },
    )
    for path, arguments, out in (
        ("/usr/bin/sw_vers", ("-productVersion",), "14.4.1\n"),
        (SYSCTL[0], SYSCTL[1:], KERNEL),
        ("/usr/sbin/system_profiler", ("SPDisplaysDataType", "-json"), DISPLAYS),
    ):
        mac.program(path)
        mac.says(path, *arguments, out=out)
    _apple(mac)
    _homebrew(mac)
    return mac


def _apple(mac: Machine) -> None:
    mac.program("/usr/bin/xcode-select")
    mac.says("/usr/bin/xcode-select", "-p", out=f"{XCODE}\n")
    mac.program("/usr/bin/xcrun")
    for arguments, out in ((("--show-sdk-path",), SDK), (("--find", "clang"), f"{TOOLCHAIN}/clang")):
        mac.says("/usr/bin/xcrun", *arguments, out=f"{out}\n")
    for folder in ("/usr/bin", TOOLCHAIN):
        # What lies in /usr/bin starts the chosen Xcode's tool of the same name.
        for name in ("clang", "clang++", "cc", "c++", "gcc", "g++"):
            mac.program(f"{folder}/{name}")
            mac.says(f"{folder}/{name}", "--version", out=APPLE)
            mac.says(f"{folder}/{name}", "-v", err=APPLE)
        mac.program(f"{folder}/swift")
        mac.says(f"{folder}/swift", "--version", out=SWIFT)
        mac.program(f"{folder}/swiftc")
        mac.says(f"{folder}/swiftc", "--version", out=SWIFT)
    for name, out in (
        ("git", "git version 2.39.3 (Apple Git-146)\n"),
        (
            "make",
            "GNU Make 3.81\nCopyright (C) 2006  Free Software Foundation, Inc.\n",
        ),
        ("curl", CURL),
        ("tar", "bsdtar 3.5.3 - libarchive 3.5.3 zlib/1.2.12 liblzma/5.4.3 bz2lib/1.0.8 \n"),
    ):
        mac.program(f"/usr/bin/{name}")
        mac.says(f"/usr/bin/{name}", "--version", out=out)
    framework = f"{SDK}/System/Library/Frameworks/Accelerate.framework"
    stub = "--- !tapi-tbd\ntbd-version:     4\ntargets:         [ x86_64-macos, arm64-macos, arm64e-macos ]\n"
    mac.text(f"{framework}/Accelerate.tbd", stub)
    mac.text(f"{framework}/Headers/Accelerate.h")
    mac.text(f"{SDK}/usr/lib/libz.tbd", stub)
    mac.text(f"{SDK}/usr/include/zlib.h", '#define ZLIB_VERSION "1.2.12"\n')
    mac.text(f"{SDK}/usr/include/zconf.h")


def _homebrew(mac: Machine) -> None:
    mac.script(f"{BREW}/bin/brew", "#!/bin/bash -p\n")
    mac.says(f"{BREW}/bin/brew", "--version", out="Homebrew 4.2.18\n")
    for formula, version, name, arguments, out in (
        (
            "cmake",
            "3.29.2",
            "cmake",
            ("--version",),
            "cmake version 3.29.2\n\nCMake suite maintained and supported by Kitware\n",
        ),
        ("ninja", "1.12.0", "ninja", ("--version",), "1.12.0\n"),
        ("git", "2.44.0", "git", ("--version",), "git version 2.44.0\n"),
        ("gcc", "13.2.0", "gcc-13", ("-v",), ""),
    ):
        cellar = f"{BREW}/Cellar/{formula}/{version}"
        mac.program(f"{cellar}/bin/{name}", f"{BREW}/bin/{name}")
        mac.links[f"{BREW}/opt/{formula}"] = cellar
        for path in (f"{cellar}/bin/{name}", f"{BREW}/bin/{name}", f"{BREW}/opt/{formula}/bin/{name}"):
            mac.says(path, *arguments, out=out, err=GCC if formula == "gcc" else "")
    for name in ("g++-13", "gfortran-13"):
        mac.program(f"{BREW}/Cellar/gcc/13.2.0/bin/{name}", f"{BREW}/bin/{name}")
    _kegs(mac)
    _python(mac)


def _kegs(mac: Machine) -> None:
    """Formulas that are not linked into the shared folders: macOS has another build of the same."""
    llvm = f"{BREW}/Cellar/llvm/17.0.6_1"
    mac.links[f"{BREW}/opt/llvm"] = llvm
    mac.program(f"{llvm}/bin/clang-17", f"{llvm}/bin/clang", f"{llvm}/bin/clang++")
    for folder in (f"{llvm}/bin", f"{BREW}/opt/llvm/bin"):
        for name in ("clang-17", "clang", "clang++"):
            mac.says(f"{folder}/{name}", "--version", out=HOMEBREW_CLANG)
    zlib = f"{BREW}/Cellar/zlib/1.3.1"
    mac.links[f"{BREW}/opt/zlib"] = zlib
    mac.binary(f"{zlib}/lib/libz.1.3.1.dylib", MACHO_LIBRARY)
    mac.links[f"{zlib}/lib/libz.dylib"] = f"{zlib}/lib/libz.1.3.1.dylib"
    mac.text(f"{zlib}/include/zlib.h", '#define ZLIB_VERSION "1.3.1"\n')
    mac.text(f"{zlib}/include/zconf.h")
    mac.text(
        f"{zlib}/lib/pkgconfig/zlib.pc", f"prefix={zlib}\nName: zlib\nVersion: 1.3.1\nLibs: -L${{prefix}}/lib -lz\n"
    )


def _python(mac: Machine) -> None:
    root = f"{BREW}/Cellar/python@3.12/3.12.3"
    home = f"{root}/Frameworks/Python.framework/Versions/3.12"
    mac.program(f"{home}/bin/python3.12", f"{root}/bin/python3.12", f"{BREW}/bin/python3.12", f"{BREW}/bin/python3")
    mac.links[f"{BREW}/opt/python@3.12"] = root
    prefix = f"{BREW}/opt/python@3.12/Frameworks/Python.framework/Versions/3.12"
    said = f"version=3.12.3\nimplementation=CPython\nprefix={prefix}\nbase={prefix}\nabi=cpython-312-darwin\nbits=64\n"
    for path in (f"{home}/bin/python3.12", f"{BREW}/opt/python@3.12/bin/python3.12"):
        mac.says(path, *python_question(), out=said)
    site = f"{BREW}/lib/python3.12/site-packages"
    mac.links[f"{home}/lib/python3.12/site-packages"] = site
    mac.text(f"{site}/numpy-1.26.4.dist-info/METADATA", "Metadata-Version: 2.1\nName: numpy\nVersion: 1.26.4\n")
