"""How a machine is shown."""

from __future__ import annotations

import pytest

from pkgmgr.cli.facts import platform_text, size_text
from pkgmgr.model.platform import Device, Platform

NODE = Platform(
    os="linux",
    arch="x86_64",
    target="linux-x86_64",
    libc="glibc",
    libc_version="2.35",
    kernel="5.15.0",
    distribution="ubuntu",
    distribution_version="22.04",
    cpu="AMD EPYC 7763 64-Core Processor",
    microarchitecture="zen3",
    feature_level="x86_64_v3",
    features=(*(f"f{number}" for number in range(20)), "avx2", "fma"),
    cpus=128,
    usable_cpus=16,
    memory_bytes=256 << 30,
    usable_memory_bytes=64 << 30,
    drivers={"nvidia": "550.54.15", "cuda": "12.4"},
    devices=(
        Device(
            kind="gpu",
            vendor="nvidia",
            name="NVIDIA A100-SXM4-80GB",
            attributes={"compute_capability": "8.0", "memory_bytes": 80 << 30, "pci": "0000:07:00.0"},
        ),
        Device(kind="npu", vendor="google", name="Coral Edge TPU", attributes={"node": "/dev/apex_0"}),
    ),
    facts={"caches": [{"level": 1, "kind": "data", "bytes": 32768}, "odd"], "vulkan": [{"library": "l", "file": "f"}]},
)
SHOWN = """system     linux-x86_64, ubuntu 22.04, kernel 5.15.0, glibc 2.35
processor  AMD EPYC 7763 64-Core Processor, zen3 in x86_64_v3, 16 of 128 processors usable
features   avx2 fma … (22 in all; -v shows them)
caches     L1d 32 KiB
memory     256 GiB, 64 GiB of it usable
drivers    serves CUDA up to 12.4
           nvidia 550.54.15
gpu        NVIDIA A100-SXM4-80GB, compute capability 8.0, 80 GiB, 0000:07:00.0
npu        google Coral Edge TPU, /dev/apex_0
Vulkan     l, f
stated     CKPM_OVERRIDE_CPUS=128
"""


def test_a_node_is_shown_line_by_line() -> None:
    assert platform_text(NODE, stated={"CKPM_OVERRIDE_CPUS": "128", "PATH": "/bin"}) == SHOWN


def test_what_is_not_established_is_not_shown() -> None:
    unknown = Platform(os="linux", arch="arm64", target="linux-arm64")
    assert platform_text(unknown, stated={}) == "system  linux-arm64\n"


def test_every_feature_is_shown_when_asked_for() -> None:
    assert "f0 f1 f2" in platform_text(NODE, stated={}, verbose=True)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (32768, "32 KiB"),
        (1536, "1.5 KiB"),
        (25276502016, "23.5 GiB"),
        (5 << 50, "5120 TiB"),
    ],
)
def test_sizes_are_written_as_people_do(count: int, text: str) -> None:
    assert size_text(count) == text
