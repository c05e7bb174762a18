"""Ask NVIDIA's libraries, and print what they said as one line of JSON. Run as a program of its own.

A broken driver hangs or crashes whoever loads its library, so nobody imports this: `pkgmgr.host.nvidia` runs it with a
time limit. Function names and structures: nvml.h and cuda.h.
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

NVML_NAMES = ("libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1", "nvml.dll")
CUDA_NAMES = ("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "nvcuda.dll", "libcuda.dylib")

_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*
_LONGEST = 96


class _Memory(ctypes.Structure):
    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


class _Pci(ctypes.Structure):
    _fields_ = [
        ("legacy", ctypes.c_char * 16),
        ("domain", ctypes.c_uint),
        ("bus", ctypes.c_uint),
        ("device", ctypes.c_uint),
        ("ids", ctypes.c_uint * 2),
        ("bus_id", ctypes.c_char * 32),
    ]


def load(names: Iterable[str]) -> ctypes.CDLL | None:
    """Load the first library that is there."""
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _call(library: ctypes.CDLL, name: str, *arguments: Any) -> bool:
    function: Callable[..., int] | None = getattr(library, name, None)  # older drivers lack some
    return function is not None and function(*arguments) == 0


def _string(library: ctypes.CDLL, name: str, *arguments: Any) -> str | None:
    buffer = ctypes.create_string_buffer(_LONGEST)
    return buffer.value.decode("utf-8", "replace") if _call(library, name, *arguments, buffer, _LONGEST) else None


def cuda_version(number: int) -> str:
    """Write 12020 as CUDA's own documents do: 12.2."""
    return f"{number // 1000}.{number % 1000 // 10}"


def ask_nvml(nvml: ctypes.CDLL) -> dict[str, Any] | None:
    """Give driver, CUDA version and devices; None when the library finds no driver."""
    if not _call(nvml, "nvmlInit_v2"):
        return None
    number, count = ctypes.c_int(), ctypes.c_uint()
    cuda = _call(nvml, "nvmlSystemGetCudaDriverVersion_v2", ctypes.byref(number))
    if not _call(nvml, "nvmlDeviceGetCount_v2", ctypes.byref(count)):
        count.value = 0
    return {
        "source": "nvml",
        "driver": _string(nvml, "nvmlSystemGetDriverVersion"),
        "cuda": cuda_version(number.value) if cuda else None,
        "devices": [row for index in range(count.value) if (row := _nvml_device(nvml, index)) is not None],
    }


def _nvml_device(nvml: ctypes.CDLL, index: int) -> dict[str, Any] | None:
    handle = ctypes.c_void_p()
    if not _call(nvml, "nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(handle)):
        return None
    memory, pci, major, minor = _Memory(), _Pci(), ctypes.c_int(), ctypes.c_int()
    mode, pending = ctypes.c_uint(), ctypes.c_uint()
    row: dict[str, Any] = {"name": _string(nvml, "nvmlDeviceGetName", handle)}
    if _call(nvml, "nvmlDeviceGetMemoryInfo", handle, ctypes.byref(memory)):
        row["memory"] = memory.total
    if _call(nvml, "nvmlDeviceGetPciInfo_v3", handle, ctypes.byref(pci)):
        row["pci"] = pci.bus_id.decode("ascii", "replace")
    if _call(nvml, "nvmlDeviceGetCudaComputeCapability", handle, ctypes.byref(major), ctypes.byref(minor)):
        row["capability"] = f"{major.value}.{minor.value}"
    if _call(nvml, "nvmlDeviceGetMigMode", handle, ctypes.byref(mode), ctypes.byref(pending)):
        row["mig"] = bool(mode.value)
    return row


def ask_cuda(cuda: ctypes.CDLL) -> dict[str, Any] | None:
    """Give CUDA version and devices where there is no NVML, as on Jetson; None without a usable driver."""
    number, count = ctypes.c_int(), ctypes.c_int()
    if not _call(cuda, "cuInit", ctypes.c_uint(0)) or not _call(cuda, "cuDeviceGetCount", ctypes.byref(count)):
        return None
    known = _call(cuda, "cuDriverGetVersion", ctypes.byref(number))
    return {
        "source": "libcuda",
        "driver": None,
        "cuda": cuda_version(number.value) if known else None,
        "devices": [_cuda_device(cuda, index) for index in range(count.value)],
    }


def _cuda_device(cuda: ctypes.CDLL, index: int) -> dict[str, Any]:
    device, total, buffer = ctypes.c_int(), ctypes.c_size_t(), ctypes.create_string_buffer(_LONGEST)
    row: dict[str, Any] = {}
    if not _call(cuda, "cuDeviceGet", ctypes.byref(device), index):
        return row
    if _call(cuda, "cuDeviceGetName", buffer, _LONGEST, device):
        row["name"] = buffer.value.decode("utf-8", "replace")
    if _call(cuda, "cuDeviceTotalMem_v2", ctypes.byref(total), device):
        row["memory"] = total.value
    parts = [ctypes.c_int(), ctypes.c_int()]
    wanted = zip(parts, (_MAJOR, _MINOR), strict=True)
    if all(_call(cuda, "cuDeviceGetAttribute", ctypes.byref(part), name, device) for part, name in wanted):
        row["capability"] = f"{parts[0].value}.{parts[1].value}"
    return row


def main() -> int:
    """Print what the first library with an answer says; exit with 1 when none has one."""
    for names, ask in ((NVML_NAMES, ask_nvml), (CUDA_NAMES, ask_cuda)):
        library = load(names)
        said = ask(library) if library is not None else None
        if said is not None:
            print(json.dumps(said))
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
