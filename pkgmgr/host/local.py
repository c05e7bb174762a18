"""The machine that ckpm runs on, as a `Host`. The edge: `os.environ` is read here.

Every start of ckpm comes through here: no process, no archspec, and neither `platform` nor `pathlib` (10 ms each).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pkgmgr.host.files import LocalFiles
from pkgmgr.host.ports import DEFAULT_TIMEOUT, Answer, Host, Kernel
from pkgmgr.model.target import ARCH_SYNONYMS, OS_SYNONYMS, parse_target

if TYPE_CHECKING:
    from pkgmgr.host.process import LocalRunner


class Runner:
    """A `LocalRunner` that is made, and whose module is imported, when a program is first run.

    :param variables: the environment of the person.
    :param timeout: seconds for each program, unless a call says otherwise.
    :param may_touch: tells which folders can be looked at without waiting for ever.
    """

    def __init__(self, variables: Mapping[str, str], *, timeout: float, may_touch: Callable[[str], bool]) -> None:
        self._variables, self._timeout, self._may_touch = variables, timeout, may_touch

    @property
    def started(self) -> int:
        """Processes started so far."""
        return self._runner.started if "_runner" in vars(self) else 0

    @cached_property
    def _runner(self) -> LocalRunner:
        from pkgmgr.host.process import LocalRunner  # 5 ms with threads and signals

        return LocalRunner(self._variables, timeout=self._timeout, may_touch=self._may_touch)

    def run(
        self, argv: Sequence[str], *, timeout: float | None = None, variables: Mapping[str, str] | None = None
    ) -> Answer:
        """Run a program and give what it said."""
        return self._runner.run(argv, timeout=timeout, variables=variables)

    def close(self) -> None:
        """End what probes left running and remove the folders they ran in; done at exit otherwise."""
        if "_runner" in vars(self):
            self._runner.close()


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
        runner=Runner(known, timeout=timeout, may_touch=files.may_touch),
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
