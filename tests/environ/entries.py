"""Entries as detection gives them, for the formats that describe tools."""

from __future__ import annotations

from pkgmgr.model.entry import Entry
from pkgmgr.model.operation import Operation

GCC = Entry(
    id="compiler.gcc-12.2.0-3fa9c1d2",
    soft="compiler.gcc",
    version="12.2.0",
    prefix="/usr",
    target="linux-x86_64",
    origin="system",
    files={"c": "/usr/bin/gcc", "cxx": "/usr/bin/g++"},
    attributes={"emits": ["linux-x86_64"]},
    env=(Operation(op="set", var="CC", value="/usr/bin/gcc"),),
)
ZIG = Entry(
    id="compiler.zig-0.13.0-00000001",
    soft="compiler.zig",
    version="0.13.0",
    prefix="/opt/zig's home",
    target="linux-x86_64",
    origin="package",
    attributes={"commands": {"c": ["/opt/zig's home/zig", "cc"], "ar": ["/opt/zig's home/zig", "ar"]}},
)
CLANG = Entry(
    id="compiler.llvm-16.0.6-00000004",
    soft="compiler.llvm",
    version="16.0.6",
    prefix="/usr/lib/llvm-16",
    target="linux-x86_64",
    origin="system",
    files={"c": "/usr/bin/clang-16", "cxx": "/usr/bin/clang++-16", "linker": "/usr/lib/llvm-16/bin/ld.lld"},
    attributes={
        "triple": "x86_64-pc-linux-gnu",
        "triples": {"linux-arm64": "aarch64-linux-gnu"},
        "emits": ["linux-x86_64", "linux-arm64"],
    },
    env=(
        Operation(op="set", var="CC", value="/usr/bin/clang-16"),
        Operation(op="set", var="OTHER", value="/usr/bin/clang"),
    ),
)
NDK = Entry(
    id="compiler.android-ndk-26.3.11579264-00000002",
    soft="compiler.android-ndk",
    version="26.3.11579264",
    prefix="/opt/ndk",
    target="linux-x86_64",
    origin="search-path",
    files={"c": "/opt/ndk/bin/clang", "cxx": "/opt/ndk/bin/clang++", "ar": "/opt/ndk/bin/llvm-ar"},
)
ZLIB = Entry(
    id="lib.zlib-1.3.1-00000003",
    soft="lib.zlib",
    version="1.3.1",
    prefix="/home/me/.ckpm/it's zlib",
    target="linux-x86_64",
    origin="package",
)
