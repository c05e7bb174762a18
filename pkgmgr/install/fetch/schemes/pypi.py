"""``pypi:NAME==VERSION#FILE``: a wheel from the index that pip is configured for."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from pkgmgr.install.fetch.errors import SourceFailed
from pkgmgr.install.fetch.schemes.tools import run_client
from pkgmgr.model.package import Source

_ADDRESS = re.compile(r"pypi:(?P<name>[\w.-]+)==(?P<version>[\w.+!-]+)#(?P<file>[\w.+!-]+\.whl)$")
_WHEEL = re.compile(r"(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl$")


def fetch(address: str, path: Path, *, source: Source, advance: Callable[[int], None]) -> None:
    """Download a wheel, also one of another platform, without running anything of it."""
    found = _ADDRESS.match(address)
    if found is None:
        raise SourceFailed(
            "write pypi:NAME==VERSION#FILE.whl: only wheels are taken, for they run no code", is_network=False
        )
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".pip-") as scratch:
        folder = Path(scratch)
        options = [*wheel_options(found["file"]), "--dest", scratch, f"{found['name']}=={found['version']}"]
        run_client([*_pip(), "download", "--no-deps", "--quiet", "--disable-pip-version-check", *options], folder)
        wheels = list(folder.glob("*.whl"))
        if [wheel.name for wheel in wheels] != [found["file"]]:
            got = ", ".join(wheel.name for wheel in wheels) or "nothing"
            raise SourceFailed(f"the index gave {got} in place of {found['file']}", is_network=False)
        shutil.move(wheels[0], path)
    advance(path.stat().st_size)


def wheel_options(name: str) -> list[str]:
    """Give pip's options that make it choose exactly a wheel of this name."""
    found = _WHEEL.search(name)
    if found is None:
        raise SourceFailed(f"{name} is not named as a wheel is", is_network=False)
    options = ["--only-binary=:all:"]
    if found["platform"] != "any":
        for platform in found["platform"].split("."):
            options += ["--platform", platform]
    python = found["python"].split(".")[-1]
    if found["abi"] not in ("none", "abi3") or python.startswith("cp"):
        options += ["--implementation", "cp", "--python-version", _dotted(python[2:])]
        for abi in found["abi"].split("."):
            options += ["--abi", abi]
    return options


def _dotted(digits: str) -> str:
    return digits if len(digits) < 2 else f"{digits[0]}.{digits[1:]}"


def _pip() -> list[str]:
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    for name in ("pip3", "pip"):
        program = shutil.which(name)
        if program is not None:
            return [program]
    raise SourceFailed("there is no pip to ask", is_network=False)
