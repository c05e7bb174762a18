"""A PC with Windows 11: Visual Studio's Build Tools 2022, LLVM, CMake, Git, an NVIDIA card.

Words from: Microsoft's documentation of vswhere, the folders of Visual Studio and what cl prints, of the CIM classes,
NVIDIA's of nvidia-smi, Git for Windows's and LLVM's release notes.
"""

from __future__ import annotations

import json

from pkgmgr.host.windows import question
from tests.hosts.documented.machine import IMPORT_X64, PE_X64, Machine, python_question

NOTE = """Made from Microsoft's, NVIDIA's and others' documentation, run by nobody: Windows 11 with Visual Studio Build
Tools 2022 (17.9), LLVM 18, CMake, Git, Python from python.org and an RTX 4060.""".replace("\n", " ")
FILES, FILES86 = "C:/Program Files", "C:/Program Files (x86)"
VS = f"{FILES86}/Microsoft Visual Studio/2022/BuildTools"
MSVC = f"{VS}/VC/Tools/MSVC/14.39.33519"
REPORT = {
    "os": [{"Version": "10.0.22631", "Caption": "Microsoft Windows 11 Pro"}],
    "cpu": [{"Name": "13th Gen Intel(R) Core(TM) i7-13700H", "NumberOfLogicalProcessors": 20}],
    "machine": [{"TotalPhysicalMemory": 34054725632}],
    "gpu": [
        {
            "Name": "NVIDIA GeForce RTX 4060 Laptop GPU",
            "DriverVersion": "31.0.15.5222",
            "PNPDeviceID": "PCI\\VEN_10DE&DEV_28E0&SUBSYS_14F31043&REV_A1\\4&1A2B",
        }
    ],
}
NVML = {
    "source": "nvml",
    "driver": "552.22",
    "cuda": "12.4",
    "devices": [
        {
            "name": "NVIDIA GeForce RTX 4060 Laptop GPU",
            "memory": 8585740288,
            "pci": "00000000:01:00.0",
            "capability": "8.9",
        }
    ],
}
VSWHERE = [
    {
        "instanceId": "d5ab1e3c",
        "installationName": "VisualStudio/17.9.6+34728.123",
        "installationPath": VS.replace("/", "\\"),
        "installationVersion": "17.9.34728.123",
        "productId": "Microsoft.VisualStudio.Product.BuildTools",
        "isComplete": True,
        "isLaunchable": True,
        "displayName": "Visual Studio Build Tools 2022",
    }
]
CL = """Microsoft (R) C/C++ Optimizing Compiler Version 19.39.33523 for {arch}
Copyright (C) Microsoft Corporation.  All rights reserved.

usage: cl [ option... ] filename... [ /link linkoption... ]
"""
LINK = """Microsoft (R) Incremental Linker Version 14.39.33523.0
Copyright (C) Microsoft Corporation.  All rights reserved.
"""
CLANG = """clang version 18.1.3
Target: x86_64-pc-windows-msvc
Thread model: posix
InstalledDir: C:\\Program Files\\LLVM\\bin
"""


def make() -> Machine:
    """Put the PC together."""
    folders = ["C:/Windows/System32", "C:/Windows", f"{FILES}/Git/cmd", f"{FILES}/CMake/bin", f"{FILES}/LLVM/bin"]
    pc = Machine(
        target="windows-x86_64",
        home="C:/Users/person",
        note=NOTE,
        variables={
            "PATH": ";".join(folder.replace("/", "\\") for folder in folders),
            "PROGRAMFILES": FILES.replace("/", "\\"),
            "PROGRAMFILES(X86)": FILES86.replace("/", "\\"),
            "LOCALAPPDATA": "C:\\Users\\person\\AppData\\Local",
            "SYSTEMROOT": "C:\\Windows",
            "PATHEXT": ".COM;.EXE;.BAT;.CMD",
            "USERPROFILE": "C:\\Users\\person",
        },
    )
    argv = question()
    pc.program(argv[0])
    pc.says(argv[0], *argv[1:], out=json.dumps(REPORT))
    pc.binary("C:/Windows/System32/nvml.dll", PE_X64)
    pc.says("{python}", "-I", "-S", "{ckpm}/host/nvml_probe.py", out=json.dumps(NVML))
    _visual_studio(pc)
    _tools(pc)
    return pc


def _visual_studio(pc: Machine) -> None:
    vswhere = f"{FILES86}/Microsoft Visual Studio/Installer/vswhere.exe"
    pc.program(vswhere)
    for arguments in (
        ("-products", "*", "-format", "json", "-utf8"),
        ("-all", "-products", "*", "-format", "json", "-utf8"),
        ("-all", "-prerelease", "-products", "*", "-format", "json", "-utf8"),
    ):
        pc.says(vswhere, *arguments, out=json.dumps(VSWHERE))
    pc.text(f"{VS}/VC/Auxiliary/Build/Microsoft.VCToolsVersion.default.txt", "14.39.33519\n")
    pc.text(f"{VS}/VC/Auxiliary/Build/vcvarsall.bat", "@echo off\n")
    for host, target, arch in (("Hostx64", "x64", "x64"), ("Hostx64", "x86", "x86"), ("Hostx64", "arm64", "ARM64")):
        folder = f"{MSVC}/bin/{host}/{target}"
        for name, said in (("cl.exe", CL.format(arch=arch)), ("link.exe", LINK)):
            pc.program(f"{folder}/{name}")
            pc.says(f"{folder}/{name}", err=said)
            pc.says(f"{folder}/{name}", "/?", err=said)
    pc.binary(f"{MSVC}/lib/x64/msvcrt.lib", b"!<arch>\n" + b"x.obj/".ljust(48) + b"8".ljust(10) + b"`\n" + IMPORT_X64)
    pc.text(f"{MSVC}/include/vcruntime.h")
    pc.text(f"{FILES86}/Windows Kits/10/Include/10.0.22621.0/ucrt/stdio.h")


def _tools(pc: Machine) -> None:
    for path, arguments, out in (
        (f"{FILES}/Git/cmd/git.exe", ("--version",), "git version 2.44.0.windows.1\n"),
        (
            f"{FILES}/CMake/bin/cmake.exe",
            ("--version",),
            "cmake version 3.29.2\n\nCMake suite maintained and supported by Kitware\n",
        ),
        (f"{FILES}/LLVM/bin/clang.exe", ("--version",), CLANG),
        (f"{FILES}/LLVM/bin/clang-cl.exe", ("--version",), CLANG),
        (
            "C:/Windows/System32/curl.exe",
            ("--version",),
            "curl 8.4.0 (Windows) libcurl/8.4.0 Schannel WinIDN\nRelease-Date: 2023-10-11\n",
        ),
        (
            "C:/Windows/System32/tar.exe",
            ("--version",),
            "bsdtar 3.6.2 - libarchive 3.6.2 zlib/1.2.5.f-ipp bz2lib/1.0.6 \n",
        ),
    ):
        pc.program(path)
        pc.says(path, *arguments, out=out)
    pc.program(f"{FILES}/LLVM/bin/clang++.exe")
    root = "C:/Users/person/AppData/Local/Programs/Python/Python312"
    pc.program(f"{root}/python.exe")
    said = "version=3.12.3\nimplementation=CPython\n" + "".join(
        f"{key}={root.replace('/', chr(92))}\n" for key in ("prefix", "base")
    )
    pc.says(f"{root}/python.exe", *python_question(), out=f"{said}abi=\nbits=64\n")
    pc.text(
        f"{root}/Lib/site-packages/numpy-1.26.4.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: numpy\nVersion: 1.26.4\n",
    )
