"""What the files of a `dist-info` folder say of a Python distribution. Pure.

The formats: core metadata (`METADATA`, `PKG-INFO`), `WHEEL`, `RECORD`, `direct_url.json`, `pyvenv.cfg`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

import msgspec

from pkgmgr.model.target import find_target

_FOLDER = re.compile(r"(?P<name>.+?)(?:-(?P<version>[^-]+))?(?:-py[\d.]+)?(?P<form>\.dist-info|\.egg-info|\.egg)$")
_REMAINS = re.compile(r"[~][-~.=%0-9]*")
"""How pip renames what it is about to remove: the first letters become ``~`` and the like (``~orch``)."""
_CUDA_RUNTIME = re.compile(r"nvidia-cuda-runtime(?:-cu\d+)?\s*\(?==\s*(?P<version>[\d.]+)")


class FolderName(msgspec.Struct, frozen=True, kw_only=True):
    """What the name of a folder or file of metadata tells."""

    name: str
    version: str | None
    form: str
    """``dist-info``, ``egg-info`` or ``egg``."""


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """The few fields of core metadata that matter here."""

    name: str | None = None
    version: str | None = None
    licence: str | None = None
    requires_python: str | None = None
    requires: tuple[str, ...] = ()


def normalized(name: str) -> str:
    """Normalize a distribution's name as PEP 503 says."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse_folder_name(name: str) -> FolderName | None:
    """Read ``torch-2.1.0+cu121.dist-info``, ``PyYAML-6.0-py3.11.egg-info``, ``thing.egg-info``; None for others."""
    found = _FOLDER.match(name)
    if found is None or name.startswith("."):
        return None
    return FolderName(name=found["name"], version=found["version"], form=found["form"].removeprefix("."))


def is_remains_of(name: str, wanted: str) -> bool:
    """Tell whether a name is what pip leaves when it is stopped while it removes ``wanted``: ``~orch`` of torch."""
    marks = _REMAINS.match(name)
    if marks is None:
        return False
    rest = normalized(name[marks.end() :])
    return bool(rest) and normalized(wanted).endswith(rest) and len(name) == len(wanted)


def parse_metadata(text: str) -> Metadata:
    """Read the header fields of core metadata; the description behind them is left alone."""
    fields: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.strip():
            break
        key, colon, value = line.partition(":")
        if colon and not line[0].isspace():
            fields.setdefault(key.lower(), []).append(value.strip())
    licence = _first(fields, "license-expression") or _short(_first(fields, "license"))
    return Metadata(
        name=_first(fields, "name"),
        version=_first(fields, "version"),
        licence=licence,
        requires_python=_first(fields, "requires-python"),
        requires=tuple(fields.get("requires-dist", ())),
    )


def _short(licence: str | None) -> str | None:
    """Keep a licence's name; older distributions put its whole text here."""
    is_name = licence is not None and len(licence) <= 40 and not re.match(r"(?i)unknown$|copyright|see ", licence)
    return licence if is_name else None


def _first(fields: dict[str, list[str]], key: str) -> str | None:
    return next((value for value in fields.get(key, ()) if value), None)


def accelerator(name: str, version: str, requires: Sequence[str]) -> str | None:
    """Say what a build computes on, as far as its metadata tells: ``cpu``, ``cuda 12.6``, ``rocm 6.2``.

    The local part of the version tells (``+cu126``), the name (``tensorflow-cpu``), or the CUDA runtime that the
    distribution requires.
    """
    local = version.partition("+")[2]
    if found := re.match(r"cu(?P<major>\d+)(?P<minor>\d)(?:\b|_)", local):
        return f"cuda {found['major']}.{found['minor']}"
    if found := re.match(r"rocm(?P<version>\d+(?:\.\d+)?)", local):
        return f"rocm {found['version']}"
    if local in ("cpu", "xpu"):
        return local
    for requirement in requires:
        if "extra ==" not in requirement and (found := _CUDA_RUNTIME.match(requirement)):
            return f"cuda {'.'.join(found['version'].split('.')[:2])}"
    if found := re.search(r"-cuda(\d+)x$|-cu(\d+)$", normalized(name)):
        return f"cuda {found[1] or found[2]}"
    flavour = normalized(name).rpartition("-")[2]
    return {"gpu": "cuda", "cpu": "cpu", "rocm": "rocm", "directml": "directml"}.get(flavour)


def wheel_tags(text: str) -> tuple[str, ...]:
    """Give the tags in a ``WHEEL`` file: ``cp311-cp311-manylinux_2_17_x86_64``."""
    return tuple(line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Tag:"))


def tags_target(tags: Sequence[str]) -> str | None:
    """Give the target that wheel tags name; None for pure Python, or for several."""
    found = {target for tag in tags if (target := _platform_target(tag.rpartition("-")[2])) is not None}
    return found.pop() if len(found) == 1 else None


def _platform_target(platform: str) -> str | None:
    if platform.startswith(("manylinux", "musllinux", "linux_")):
        arch = re.sub(r"^(?:manylinux(?:_\d+_\d+|\d+)|musllinux_\d+_\d+|linux)_", "", platform)
        detail = "-musl" if platform.startswith("musllinux") else ""
        target = find_target(f"linux-{arch}{detail}")
    elif found := re.match(r"macosx_\d+_\d+_(\w+)$", platform):
        target = find_target(f"macos-{found[1]}") if found[1] != "universal2" else None
    elif platform.startswith("win"):
        target = find_target({"win32": "windows-x86", "win_amd64": "windows-x86_64"}.get(platform, "windows-arm64"))
    else:
        return None
    return str(target) if target is not None else None


def tags_abi(tags: Sequence[str]) -> str | None:
    """Give the ABI that a wheel is built for, ``cp311`` or ``abi3``; None for pure Python."""
    abis = dict.fromkeys(parts[1] for tag in tags if len(parts := tag.split("-")) == 3 and parts[1] != "none")
    return next(iter(abis), None)


def record_paths(text: str, *, most: int) -> list[tuple[str, int | None]]:
    """Give the path and size of the first files that a ``RECORD`` lists, metadata and bytecode left out."""
    rows: list[tuple[str, int | None]] = []
    for line in text.splitlines():
        path, _, rest = line.rpartition(",sha256=")
        size = rest.rpartition(",")[2]
        path = path.strip('"')
        if not path or ".dist-info/" in path or path.endswith(".pyc") or path.startswith(("/", "..")):
            continue
        rows.append((path, int(size) if size.isdigit() else None))
        if len(rows) >= most:
            break
    return rows


class _DirectUrl(msgspec.Struct):
    url: str = ""
    dir_info: dict[str, object] = {}


def editable_source(text: bytes) -> str | None:
    """Give the folder of an editable installation from ``direct_url.json``; None for any other."""
    try:
        told = msgspec.json.decode(text, type=_DirectUrl)
    except msgspec.MsgspecError:
        return None
    address = urlsplit(told.url)
    return unquote(address.path) if address.scheme == "file" and told.dir_info.get("editable") is True else None


def parse_pyvenv(text: str) -> dict[str, str]:
    """Read ``pyvenv.cfg``: ``home``, ``version``, ``include-system-site-packages``, …"""
    rows = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, equals, value in rows if equals}
