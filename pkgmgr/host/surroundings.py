"""Which C library a Linux machine has, and whether it is a container or WSL.

The parsers are pure; the readers look at files and ask musl's loader, through the ports.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pkgmgr.host.ports import Files, Host
from pkgmgr.host.text import read_text

_GLIBC_FOLDERS = ("/lib/{triple}", "/lib64", "/lib", "/usr/lib/{triple}", "/usr/lib64", "/usr/lib")
_GLIBC_BANNER = re.compile(rb"GNU C Library [^\n]{0,80}?(?:release|development) version (\d+\.\d+(?:\.\d+)?)")
_TRIPLES = {"x86_64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu", "riscv64": "riscv64-linux-gnu"}
_LARGEST_LIBC = 16 << 20


def parse_musl_version(said: str) -> str | None:
    """Read what musl's loader says when it is called without arguments: it names itself and exits with 1."""
    found = re.search(r"^musl libc.*?^Version (\S+)", said, re.MULTILINE | re.DOTALL)
    return found[1] if found else None


def parse_glibc_banner(content: bytes) -> str | None:
    """Read the version from the banner that ``libc.so.6`` holds."""
    found = _GLIBC_BANNER.search(content)
    return found[1].decode() if found else None


def read_libc(host: Host) -> tuple[str | None, str | None]:
    """Give the name and version of the C library."""
    system, _, arch = host.target.partition("-")
    if system == "android":
        return "bionic", None
    if system != "linux":
        return None, None
    name, _, version = host.kernel.libc.partition(" ")
    if name == "glibc" and version:
        return "glibc", version
    loader = next((item for item in host.files.names("/lib") if item.startswith("ld-musl-")), None)
    if loader is not None:
        return "musl", parse_musl_version(host.runner.run([f"/lib/{loader}"]).both)
    return _read_glibc(host.files, arch.partition("-")[0])


def _read_glibc(files: Files, arch: str) -> tuple[str | None, str | None]:
    triple = _TRIPLES.get(arch, f"{arch}-linux-gnu")
    for folder in _GLIBC_FOLDERS:
        content = files.read(f"{folder.format(triple=triple)}/libc.so.6", _LARGEST_LIBC)
        if content is not None:
            return "glibc", parse_glibc_banner(content)
    return None, None


def parse_wsl(version: str) -> str | None:
    """Tell ``1`` or ``2`` from ``/proc/version``; None when the kernel is not Microsoft's.

    WSL 2: ``Linux version 5.15.90.1-microsoft-standard-WSL2 …``; WSL 1: ``4.4.0-19041-Microsoft``.
    """
    if "microsoft" not in version.lower():
        return None
    return "1" if re.search(r"-Microsoft\b", version) else "2"


def parse_container(cgroup: str, mountinfo: str) -> str | None:
    """Name the container that control groups or mounts show."""
    for name, sign in (
        ("kubernetes", r"/kubepods|/var/lib/kubelet/pods/"),
        ("podman", r"/libpod[-_]|/containers/storage/overlay"),
        ("docker", r"/docker[-/]|/var/lib/docker/(?:containers|overlay2)/"),
        ("lxc", r"/lxc(?:\.payload)?[./]|\blxcfs\b"),
    ):
        if re.search(sign, f"{cgroup}\n{mountinfo}"):
            return name
    return None


def read_container(files: Files, variables: Mapping[str, str]) -> str | None:
    """Name the container that this machine is, the most telling sign first; None when none was seen."""
    if variables.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    for variable, name in (("APPTAINER_CONTAINER", "apptainer"), ("SINGULARITY_CONTAINER", "singularity")):
        if variables.get(variable):
            return name
    if files.stat("/run/.containerenv") is not None:
        return "podman"
    if files.stat("/.dockerenv") is not None:
        return "docker"
    shown = parse_container(read_text(files, "/proc/self/cgroup"), read_text(files, "/proc/self/mountinfo"))
    if shown is not None:
        return shown
    if parse_wsl(read_text(files, "/proc/version")) is not None:
        return "wsl"
    # systemd-nspawn, LXC and podman set it: https://systemd.io/CONTAINER_INTERFACE
    return variables.get("container") or None
