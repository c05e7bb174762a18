"""The machine that ckpm runs on, as a `Host`. The edge: `os.environ` is read here."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping

from pkgmgr.host.files import LocalFiles
from pkgmgr.host.ports import Host
from pkgmgr.host.process import DEFAULT_TIMEOUT, LocalRunner
from pkgmgr.model.target import ARCH_SYNONYMS, OS_SYNONYMS


def local_host(*, timeout: float = DEFAULT_TIMEOUT, variables: Mapping[str, str] | None = None) -> Host:
    """Give this machine.

    :param timeout: seconds for each probe.
    :param variables: in place of the process's environment.
    """
    known = dict(os.environ if variables is None else variables)
    files = LocalFiles()
    return Host(
        files=files,
        runner=LocalRunner(known, timeout=timeout),
        variables=known,
        target=local_target(files),
        home=os.path.expanduser("~"),
    )


def local_target(files: LocalFiles) -> str:
    """Name the target that this machine is, from `uname` and the loader that is there."""
    os_name = OS_SYNONYMS.get(sys.platform.rstrip("0123456789"), sys.platform)
    machine = platform.machine().lower()
    arch = ARCH_SYNONYMS.get(machine, machine)
    if os_name == "linux" and hasattr(sys, "getandroidapilevel"):
        os_name = "android"
    is_musl = os_name == "linux" and any(name.startswith("ld-musl-") for name in files.names("/lib"))
    has_glibc = any(files.stat(f"{folder}/libc.so.6") for folder in (f"/lib/{machine}-linux-gnu", "/lib64", "/lib"))
    return f"{os_name}-{arch}" + ("-musl" if is_musl and not has_glibc else "")
