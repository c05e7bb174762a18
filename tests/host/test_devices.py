"""Accelerators: recorded output, a driver made for the test, and files as the kernel shows them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pkgmgr.host import nvml_probe
from pkgmgr.host.accelerators import Found
from pkgmgr.host.devices import find_devices, merge
from pkgmgr.host.loaders import parse_vulkan_driver, read_opencl, read_vulkan
from pkgmgr.host.nvidia import (
    NvidiaProbe,
    find_nvidia,
    normal_pci,
    parse_gpu_information,
    parse_nvrm_version,
    parse_report,
    parse_smi_banner,
    parse_smi_rows,
)
from pkgmgr.host.ports import Host
from pkgmgr.host.process import LocalRunner
from pkgmgr.host.recorded import RecordedFiles, RecordedRunner
from pkgmgr.host.sysfs_devices import (
    find_amd,
    find_drm,
    find_npus,
    parse_amd_name,
    parse_gfx,
    parse_pci_name,
    pci_address,
)
from pkgmgr.model.platform import Device


@pytest.mark.parametrize(
    ("text", "drivers"),
    [
        pytest.param(
            "| NVIDIA-SMI 535.161.08             Driver Version: 535.161.08   CUDA Version: 12.2     |",
            {"nvidia": "535.161.08", "cuda": "12.2"},
            id="535",
        ),
        pytest.param(
            "| NVIDIA-SMI 610.43.02              KMD Version: 610.43.02     CUDA UMD Version: 13.3     |",
            {"nvidia": "610.43.02", "cuda": "13.3"},
            id="610",
        ),
        pytest.param(
            "| NVIDIA-SMI 450.66       Driver Version: 418.67       CUDA Version: 10.1     |",
            {"nvidia": "418.67", "cuda": "10.1"},
            id="a tool of another driver",
        ),
        pytest.param(
            "| NVIDIA-SMI 396.24                 Driver Version: 396.24                    |",
            {"nvidia": "396.24"},
            id="396",
        ),
        pytest.param(
            "| NVIDIA-SMI 550.1  Driver Version: 550.1  CUDA Version: N/A |", {"nvidia": "550.1"}, id="no libcuda"
        ),
        pytest.param("Failed to initialize NVML: Driver/library version mismatch\n", {}, id="mismatch"),
        pytest.param("", {}, id="empty"),
    ],
)
def test_the_banner_of_nvidia_smi(text: str, drivers: dict[str, str]) -> None:
    assert parse_smi_banner(text) == drivers


def test_the_rows_of_nvidia_smi() -> None:
    rows = ["NVIDIA H100 80GB HBM3, 535.161.08, 81559, 00000001:00:00.0, 9.0", "Tesla K80, 470.1, [N/A], [N/A], [N/A]"]
    text = "\n".join([*rows, "", "No devices were found", ""])
    first, second = parse_smi_rows(text)
    assert first.name == "NVIDIA H100 80GB HBM3"
    assert first.attributes == {"compute_capability": "9.0", "memory_bytes": 81559 << 20, "pci": "0001:00:00.0"}
    assert (second.name, second.attributes) == ("Tesla K80", {})


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  384.98  Thu Oct 26 15:16:01 PDT 2017\nGCC: 7.2.0\n",
            "384.98",
        ),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  555.58  Release Build  (portage@localhost)\n",
            "555.58",
        ),
        ("GCC version:  gcc version 12.2.0\n", None),
        ("", None),
    ],
    ids=["proprietary", "open", "something else", "empty"],
)
def test_the_version_of_the_kernel_module(text: str, version: str | None) -> None:
    assert parse_nvrm_version(text) == version


def test_what_the_kernel_module_tells_of_a_card() -> None:
    text = "Model: \t\t NVIDIA GeForce RTX 3090\nIRQ:   \t\t 95\nGPU UUID: \t GPU-1\nBus Location: \t 0000:0a:00.0\n"
    device = parse_gpu_information(text)
    assert device is not None
    assert (device.name, device.attributes) == ("NVIDIA GeForce RTX 3090", {"pci": "0000:0a:00.0"})
    assert parse_gpu_information("garbage") is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("00000000:4F:00.0", "0000:4f:00.0"),
        ("00000001:00:00.0", "0001:00:00.0"),
        ("0000:0a:00.0", "0000:0a:00.0"),
        ("X", "x"),
    ],
)
def test_addresses_are_written_as_the_kernel_does(text: str, address: str) -> None:
    assert normal_pci(text) == address


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"devices": 3}'])
def test_what_is_no_report_is_none(text: str) -> None:
    assert parse_report(text) is None


FAKE_DRIVER = r"""
#include <string.h>
#include <unistd.h>
typedef struct { unsigned long long total, free, used; } memory;
typedef struct { char legacy[16]; unsigned domain, bus, device, ids[2]; char bus_id[32]; } pci;
int nvmlInit_v2(void) { %s return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { strncpy(text, "550.54.15", size); return 0; }
int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 12040; return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  *device = (void *)(long)(index + 1); return index > 1; }
int nvmlDeviceGetName(void *device, char *text, unsigned size) { strncpy(text, "NVIDIA H200", size); return 0; }
int nvmlDeviceGetMemoryInfo(void *device, memory *found) { found->total = 150754820096ULL; return 0; }
int nvmlDeviceGetPciInfo_v3(void *device, pci *found) {
  strcpy(found->bus_id, device == (void *)1 ? "00000000:1B:00.0" : "00000000:43:00.0"); return 0; }
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) { *major = 9; *minor = 0; return 0; }
int nvmlDeviceGetMigMode(void *device, unsigned *now, unsigned *next) { *now = *next = 0; return 3; }
"""
FAKE_CUDA = r"""
#include <string.h>
int cuInit(unsigned flags) { return 0; }
int cuDriverGetVersion(int *version) { *version = 11040; return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGet(int *device, int index) { *device = index; return 0; }
int cuDeviceGetName(char *text, int size, int device) { strncpy(text, "Orin", size); return 0; }
int cuDeviceTotalMem_v2(unsigned long *size, int device) { *size = 32000000000UL; return 0; }
int cuDeviceGetAttribute(int *value, int name, int device) { *value = name == 75 ? 8 : 7; return 0; }
"""


def build(folder: Path, name: str, source: str) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("no C compiler to make a driver with")
    (folder / "driver.c").write_text(source)
    subprocess.run([compiler, "-shared", "-fPIC", "-w", "-o", folder / name, folder / "driver.c"], check=True)


def ask(folder: Path, *, timeout: float = 20.0) -> Found:
    version = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.40  x"
    host = Host(
        files=RecordedFiles(files={"/dev/nvidiactl": "", "/proc/driver/nvidia/version": version}),
        runner=LocalRunner(os.environ),
        variables={},
        target="linux-x86_64",
        home="/",
    )
    return find_nvidia(host, NvidiaProbe(variables={"LD_LIBRARY_PATH": str(folder)}, timeout=timeout))


def test_nvml_is_asked_in_a_process_of_its_own(tmp_path: Path) -> None:
    build(tmp_path, "libnvidia-ml.so.1", FAKE_DRIVER % "")
    found = ask(tmp_path)
    assert found.drivers == {"nvidia": "550.54.15", "cuda": "12.4"}
    assert [device.attributes["pci"] for device in found.devices] == ["0000:1b:00.0", "0000:43:00.0"]
    assert found.devices[0].attributes == {
        "compute_capability": "9.0",
        "memory_bytes": 150754820096,
        "pci": "0000:1b:00.0",
    }


def test_libcuda_is_asked_where_there_is_no_nvml(tmp_path: Path) -> None:
    if nvml_probe.load(nvml_probe.NVML_NAMES) is not None:
        pytest.skip("a real NVML is here")
    build(tmp_path, "libcuda.so.1", FAKE_CUDA)
    found = ask(tmp_path)
    assert found.drivers == {"nvidia": "550.40", "cuda": "11.4"}
    assert found.devices == (
        Device(
            kind="gpu",
            vendor="nvidia",
            name="Orin",
            attributes={"compute_capability": "8.7", "memory_bytes": 32000000000},
        ),
    )


@pytest.mark.parametrize("fault", ["sleep(60);", "*(volatile int *)0 = 1;"], ids=["hangs", "crashes"])
def test_a_broken_driver_harms_nobody(tmp_path: Path, fault: str) -> None:
    build(tmp_path, "libnvidia-ml.so.1", FAKE_DRIVER % fault)
    start = time.monotonic()
    found = ask(tmp_path, timeout=1.0)
    assert time.monotonic() - start < 5
    assert (found.devices, found.drivers) == ((), {"nvidia": "550.40"})


def recorded(
    files: dict[str, str | bytes], prints: dict[str, str] | None = None, exits: dict[str, int] | None = None
) -> Host:
    return Host(
        files=RecordedFiles(files=files),
        runner=RecordedRunner(prints=prints or {}, exits=exits),
        variables={},
        target="linux-x86_64",
        home="/home/person",
    )


SMI = "nvidia-smi --query-gpu=name,driver_version,memory.total,pci.bus_id{} --format=csv,noheader,nounits"
BANNER = "| NVIDIA-SMI 470.182.03   Driver Version: 470.182.03   CUDA Version: 11.4     |"


def test_nvidia_smi_is_asked_where_the_libraries_do_not_answer() -> None:
    prints = {"nvidia-smi": BANNER, SMI.format(""): "Tesla V100, 470.182.03, 16160, 00000000:00:1E.0\n"}
    refused = SMI.format(",compute_cap")
    prints[refused] = 'Field "compute_cap" is not a valid field to query.\n'
    found = find_nvidia(recorded({"/dev/nvidiactl": "", "/usr/bin/nvidia-smi": ""}, prints, {refused: 2}))
    assert found.drivers == {"nvidia": "470.182.03", "cuda": "11.4"}
    assert [device.attributes["memory_bytes"] for device in found.devices] == [16160 << 20]


def test_the_kernel_module_alone_tells_the_rest() -> None:
    files: dict[str, str | bytes] = {
        "/proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  384.98  Thu\n",
        "/proc/driver/nvidia/gpus/0000:0a:00.0/information": "Model: \t NVIDIA A10\nBus Location: \t 0000:0a:00.0\n",
    }
    found = find_nvidia(recorded(files))
    assert (found.drivers, [device.name for device in found.devices]) == ({"nvidia": "384.98"}, ["NVIDIA A10"])


def test_without_a_driver_nothing_is_started() -> None:
    host = recorded({"/usr/bin/nvidia-smi": ""})
    assert find_devices(host) == Found()
    assert getattr(host.runner, "started") == 0  # noqa: B009 - the port has no such attribute


KFD = "/sys/class/kfd/kfd/topology/nodes"
MI200: dict[str, str | bytes] = {
    f"{KFD}/0/properties": "cpu_cores_count 64\nsimd_count 0\ngfx_target_version 0\n",
    f"{KFD}/1/properties": "simd_count 440\ncu_count 110\ngfx_target_version 90010\nvendor_id 4098\ndevice_id 29704\n"
    "location_id 49408\ndomain 0\ndrm_render_minor 128\n",
    f"{KFD}/1/mem_banks/0/properties": "heap_type 1\nsize_in_bytes 68702699520\nflags 0\n",
    f"{KFD}/1/mem_banks/1/properties": "heap_type 4\nsize_in_bytes 65536\n",
    "/sys/class/drm/renderD128/device/revision": "0x01\n",
    "/usr/share/libdrm/amdgpu.ids": "# List\n1.0.0\n7408,\t00,\tAMD Instinct MI250X\n7408,\t01,\tAMD Instinct MI210\n",
    "/sys/module/amdgpu/version": "6.7.0\n",
}


def test_amd_tells_by_kfd() -> None:
    found = find_amd(RecordedFiles(files=MI200))
    assert found.drivers == {"amdgpu": "6.7.0"}
    assert found.devices == (
        Device(
            kind="gpu",
            vendor="amd",
            name="AMD Instinct MI210",
            attributes={"gfx": "gfx90a", "memory_bytes": 68702699520, "pci": "0000:c1:00.0", "compute_units": 110},
        ),
    )


@pytest.mark.parametrize(
    ("version", "name"),
    [
        (90010, "gfx90a"),
        (90402, "gfx942"),
        (100300, "gfx1030"),
        (110003, "gfx1103"),
        (90006, "gfx906"),
        (120001, "gfx1201"),
    ],
)
def test_gfx_versions(version: int, name: str) -> None:
    assert parse_gfx(version) == name


def test_tables_of_names() -> None:
    table = (
        "10de  NVIDIA\n\t1eb8  TU104GL [Tesla T4]\n\t\t10de 12a2  sub\n"
        "8086  Intel Corporation\n# x\n\t56a0  DG2 [Arc A770]\n8087  Other\n\t56a1  no\n"
    )
    assert parse_pci_name(table, "8086", "56a0") == "DG2 [Arc A770]"
    assert parse_pci_name(table, "10de", "1eb8") == "TU104GL [Tesla T4]"
    assert [
        parse_pci_name(table, "8086", "56a1"),
        parse_pci_name("", "8086", "1"),
        parse_pci_name(table, "8086", ""),
    ] == [None] * 3
    assert parse_amd_name("73BF,\tC0,\tAMD Radeon RX 6900 XT", "73bf", "0xc0\n") == "AMD Radeon RX 6900 XT"
    assert parse_amd_name("garbage", "73BF", "") is None
    assert pci_address(1, 0x4B08) == "0001:4b:01.0"


def card(number: int, text: str) -> dict[str, str | bytes]:
    return {f"/sys/class/drm/card{number}/device/uevent": text, f"/sys/class/drm/card{number}-HDMI-A-1/status": "x"}


def test_cards_are_found_by_their_driver() -> None:
    files = {
        **card(0, "DRIVER=i915\nPCI_CLASS=30000\nPCI_ID=8086:56A0\nPCI_SLOT_NAME=0000:03:00.0\n"),
        **card(1, "DRIVER=ast\nPCI_ID=1A03:2000\nPCI_SLOT_NAME=0000:04:00.0\n"),
        **card(2, "DRIVER=virtio-pci\nPCI_ID=1AF4:1050\n"),
        **card(3, "DRIVER=panfrost\nOF_COMPATIBLE_0=arm,mali-g52\n"),
        **card(4, ""),
        "/usr/share/misc/pci.ids": "8086  Intel Corporation\n\t56a0  DG2 [Arc A770]\n",
    }
    found = find_drm(RecordedFiles(files=files)).devices
    assert [(device.vendor, device.name) for device in found] == [("intel", "DG2 [Arc A770]"), ("arm", "arm,mali-g52")]
    assert found[0].attributes == {"driver": "i915", "pci": "0000:03:00.0", "pci_id": "8086:56a0"}


def test_npus_are_found() -> None:
    files: dict[str, str | bytes] = {
        "/sys/class/accel/accel0/device/uevent": "DRIVER=intel_vpu\nPCI_SLOT_NAME=0000:00:0b.0\n",
        "/sys/class/accel/accel1/device/uevent": "DRIVER=somebody\n",
        "/sys/bus/usb/devices/2-1/idVendor": "18d1\n",
        "/sys/bus/usb/devices/2-1/idProduct": "9302\n",
        "/sys/bus/usb/devices/1-1/idVendor": "046d\n",
        "/dev/apex_0": "",
        "/dev/hailo0": "",
        "/dev/null": "",
        "/sys/bus/pci/devices/0000:00:04.0/vendor": "0x1ae0\n",
        "/sys/bus/pci/devices/0000:00:04.0/device": "0x0063\n",
        "/sys/bus/pci/devices/0000:00:05.0/vendor": "0x1ae0\n",
        "/sys/bus/pci/devices/0000:00:05.0/device": "0x0042\n",
        "/sys/bus/pci/devices/0000:00:06.0/vendor": "0x8086\n",
    }
    names = [device.name for device in find_npus(RecordedFiles(files=files)).devices]
    assert names == ["Intel NPU", "Coral Edge TPU", "Hailo NPU", "Coral USB Accelerator", "Cloud TPU v5e"]


def test_a_card_seen_twice_is_one() -> None:
    told = Device(kind="gpu", vendor="nvidia", name="NVIDIA A10", attributes={"pci": "0000:01:00.0"})
    drawn = Device(kind="gpu", vendor="nvidia", name="GA102GL", attributes={"pci": "0000:01:00.0", "driver": "nvidia"})
    twin = Device(kind="gpu", vendor="x", name="y")
    found = merge(
        [Found(devices=(told,), drivers={"a": "1"}), Found(devices=(drawn, twin, twin), drivers={"a": "2", "b": "3"})]
    )
    assert found.devices == (told, twin, twin)
    assert found.drivers == {"a": "1", "b": "3"}


VULKAN = '{"file_format_version": "1.0.1", "ICD": {"library_path": "libGLX_nvidia.so.0", "api_version": "1.3.277"}}'


def test_vulkan_drivers_are_those_of_the_loader() -> None:
    files: dict[str, str | bytes] = {
        "/usr/share/vulkan/icd.d/nvidia.json": VULKAN,
        "/usr/share/vulkan/icd.d/broken.json": "{",
        "/etc/vulkan/icd.d/README": VULKAN,
        "/home/person/.local/share/vulkan/icd.d/own.json": VULKAN.replace("libGLX_nvidia.so.0", "/own.so"),
        "/stated.json": VULKAN,
    }
    found = read_vulkan(RecordedFiles(files=files), {}, "/home/person")
    assert [row["library"] for row in found if isinstance(row, dict)] == ["libGLX_nvidia.so.0", "/own.so"]
    stated = read_vulkan(RecordedFiles(files=files), {"VK_DRIVER_FILES": "/stated.json:/missing.json"}, "/home/person")
    assert [row["file"] for row in stated if isinstance(row, dict)] == ["/stated.json"]
    assert parse_vulkan_driver('{"ICD": {}}') is None


def test_opencl_drivers_are_those_of_the_loader() -> None:
    files: dict[str, str | bytes] = {
        "/etc/OpenCL/vendors/nvidia.icd": "libnvidia-opencl.so.1\n",
        "/etc/OpenCL/vendors/pocl.icd": "/usr/lib/libpocl.so.2\n",
        "/etc/OpenCL/vendors/empty.icd": "",
        "/etc/OpenCL/vendors/README": "text",
    }
    found = read_opencl(RecordedFiles(files=files), {})
    assert [row["library"] for row in found if isinstance(row, dict)] == [
        "libnvidia-opencl.so.1",
        "/usr/lib/libpocl.so.2",
    ]
