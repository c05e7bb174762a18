"""The machine that ckpm runs on, as a `Host`. The edge: `os.environ` is read here.

Every start of ckpm comes through here: no process, no archspec, and neither `platform` nor `pathlib` (10 ms each).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from pkgmgr.host.files import LocalFiles
from pkgmgr.host.ports import Host, Kernel
from pkgmgr.host.process import DEFAULT_TIMEOUT, LocalRunner
from pkgmgr.model.target import ARCH_SYNONYMS, OS_SYNONYMS, parse_target


def local_host(*, timeout: float = DEFAULT_TIMEOUT, variables: Mapping[str, str] | None = None) -> Host:
    """Give this machine.

    :param timeout: seconds for each probe.
    :param variables: in place of the process's environment.
    """
    known = dict(os.environ if variables is None else variables)
    files = LocalFiles()
    here = local_target(files)
    return Host(
        files=files,
        runner=LocalRunner(known, timeout=timeout, may_touch=files.may_touch),
        variables=known,
        target=stated_target(known) or here,
        home=known.get("HOME") or os.path.expanduser("~"),
        kernel=read_kernel(here),
    )


def read_kernel(target: str) -> Kernel:
    """Ask the system that we run on.

    :param target: that it is.
    """
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):  # Windows, musl
        libc = ""
    return Kernel(release=os.uname().release if hasattr(os, "uname") else "", libc=libc, target=target)


def stated_target(variables: Mapping[str, str]) -> str | None:
    """Give the target that ``CKPM_OVERRIDE_TARGET`` says this machine is; None when it says nothing.

    :raises UsageError: when the variable holds no target.
    """
    stated = variables.get("CKPM_OVERRIDE_TARGET")
    return str(parse_target(stated)) if stated else None


def local_target(files: LocalFiles) -> str:
    """Name the target that this machine is, from the kernel, this interpreter and the loader that is there."""
    os_name = OS_SYNONYMS.get(sys.platform.rstrip("0123456789"), sys.platform)
    machine = _machine()
    arch = ARCH_SYNONYMS.get(machine, machine)
    if os_name == "linux" and hasattr(sys, "getandroidapilevel"):
        os_name = "android"
    if sys.maxsize < 1 << 32:
        # A 32-bit userland below a 64-bit kernel (Raspberry Pi OS, i386 containers): what runs is 32-bit.
        arch = {"x86_64": "x86", "arm64": "arm"}.get(arch, arch)
    is_musl = os_name == "linux" and not _has_glibc(files, machine) and _has_musl(files)
    return f"{os_name}-{arch}" + ("-musl" if is_musl else "")


def _machine() -> str:
    if hasattr(os, "uname"):
        return os.uname().machine.lower()
    return os.environ.get("PROCESSOR_ARCHITEW6432", os.environ.get("PROCESSOR_ARCHITECTURE", "")).lower()


def _has_musl(files: LocalFiles) -> bool:
    return any(name.startswith("ld-musl-") for name in files.names("/lib"))


def _has_glibc(files: LocalFiles, machine: str) -> bool:
    """Look where its loader must be: the path is compiled into every program."""
    loaders = (f"/lib/{machine}-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/lib/libc.so.6", "/usr/lib/libc.so.6")
    return any(files.stat(path) is not None for path in loaders)
