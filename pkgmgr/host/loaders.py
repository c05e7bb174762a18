"""Which drivers OpenCL's and Vulkan's loaders would find on a machine.

`parse_vulkan_driver` is pure; the readers look at the documented folders through `Files` and load nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pkgmgr.host.ports import Files
from pkgmgr.host.text import read_text
from pkgmgr.model.entry import Value

_VULKAN_FOLDERS = ("/usr/local/etc", "/usr/local/share", "/etc", "/usr/share")
_MOST_FILES = 64


class _Icd(msgspec.Struct, frozen=True):
    library_path: str
    api_version: str = ""


class _Manifest(msgspec.Struct, frozen=True):
    ICD: _Icd


def parse_vulkan_driver(text: str) -> dict[str, Value] | None:
    """Read a driver's manifest: {"ICD": {"library_path": …, "api_version": …}}; None when it is none."""
    try:
        icd = msgspec.json.decode(text, type=_Manifest).ICD
    except msgspec.MsgspecError:
        return None
    return {"library": icd.library_path, "api_version": icd.api_version or None}


def read_vulkan(files: Files, variables: Mapping[str, str], home: str) -> list[Value]:
    """Give the Vulkan drivers, in the order of the loader's folders."""
    shared = variables.get("XDG_DATA_HOME") or f"{home}/.local/share"
    stated = variables.get("VK_DRIVER_FILES") or variables.get("VK_ICD_FILENAMES") or ""
    paths = [path for path in stated.split(":") if path]
    if not paths:
        folders = [f"{folder}/vulkan/icd.d" for folder in (*_VULKAN_FOLDERS, shared)]
        paths = [f"{folder}/{name}" for folder in folders for name in files.names(folder) if name.endswith(".json")]
    found: list[Value] = []
    for path in paths[:_MOST_FILES]:
        driver = parse_vulkan_driver(read_text(files, path))
        if driver is not None:
            found.append({"file": path, **driver})
    return found


def read_opencl(files: Files, variables: Mapping[str, str]) -> list[Value]:
    """Give the OpenCL drivers: each ``.icd`` file holds the name of one library."""
    folder = variables.get("OCL_ICD_VENDORS") or "/etc/OpenCL/vendors"
    found: list[Value] = []
    for name in files.names(folder)[:_MOST_FILES]:
        library = read_text(files, f"{folder}/{name}", 4096).strip()
        if name.endswith(".icd") and library and "\n" not in library:
            found.append({"file": f"{folder}/{name}", "library": library})
    return found
