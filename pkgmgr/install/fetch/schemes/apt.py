"""``apt:NAME=VERSION[:ARCH]`` and ``apt-source:NAME=VERSION#FILE``: from the host's Debian mirrors, without root.

apt works in a folder of its own, with the host's lists of mirrors; the host's package database is not touched.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from pkgmgr.install.fetch.errors import SourceFailed
from pkgmgr.install.fetch.schemes.tools import run_client
from pkgmgr.model.package import Source

_ADDRESS = re.compile(
    r"(?P<kind>apt|apt-source):(?P<name>[a-z0-9.+-]+)=(?P<version>[\w.+~:-]+?)(?::(?P<arch>[a-z0-9]+))?(?:#(?P<file>.+))?$"
)
_SOURCES = Path("/etc/apt")
_DEBIAN_KEYS = ("debian", "ubuntu")


def fetch(address: str, path: Path, *, source: Source, advance: Callable[[int], None]) -> None:
    """Download a binary package, or one file of a source package."""
    found = _ADDRESS.match(address)
    if found is None:
        raise SourceFailed("write apt:NAME=VERSION[:ARCH] or apt-source:NAME=VERSION#FILE", is_network=False)
    if shutil.which("apt-get") is None:
        raise SourceFailed("apt-get is not there to ask", is_network=False)
    is_source = found["kind"] == "apt-source"
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".apt-") as scratch:
        folder = Path(scratch)
        options = _private_apt(folder, is_source=is_source, arch=found["arch"])
        run_client(["apt-get", *options, "update", "-qq"], folder)
        wanted = f"{found['name']}={found['version']}"
        if is_source:
            run_client(["apt-get", *options, "source", "--download-only", "-qq", wanted], folder)
            archives = [folder / found["file"]] if found["file"] else []
        else:
            if found["arch"]:
                wanted = wanted.replace("=", f":{found['arch']}=", 1)
            run_client(["apt-get", *options, "download", "-qq", wanted], folder)
            archives = list(folder.glob("*.deb"))
        if len(archives) != 1 or not archives[0].is_file():
            raise SourceFailed("apt gave no such file", is_network=False)
        shutil.move(archives[0], path)
    advance(path.stat().st_size)


def _private_apt(folder: Path, *, is_source: bool, arch: str | None) -> list[str]:
    """Make apt's folders below ``folder`` and give the options that keep it there."""
    for name in ("state/lists/partial", "cache/archives/partial", "parts"):
        (folder / name).mkdir(parents=True)
    kind = "deb-src" if is_source else "deb"
    rows = []
    for place in [_SOURCES / "sources.list", *sorted((_SOURCES / "sources.list.d").glob("*"))]:
        try:
            text = place.read_text()
        except (OSError, UnicodeDecodeError):
            continue
        if place.suffix == ".sources":
            stanzas = [item for item in re.split(r"\n\s*\n", text) if _is_distribution(item)]
            body = re.sub(r"(?m)^Types:.*$", f"Types: {kind}", "\n\n".join(stanzas))
            (folder / "parts" / place.name).write_text(body + "\n")
        else:
            rows += [re.sub(r"^deb(-src)?\b", kind, line) for line in text.splitlines() if line.startswith("deb ")]
    (folder / "sources.list").write_text("\n".join(row for row in rows if _is_distribution(row)) + "\n")
    options = {
        "Dir::State": folder / "state",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": folder / "parts",
        "APT::Sandbox::User": "root",
    }
    if not is_source:
        options["Dir::State::status"] = folder / "state/status"
        (folder / "state/status").touch()
    if arch:
        options |= {"APT::Architecture": arch, "APT::Architectures": arch}
    return [part for key, value in options.items() for part in ("-o", f"{key}={value}")]


def _is_distribution(row: str) -> bool:
    """Leave out third parties' repositories: they have no sources, and fail where there is only a mirror."""
    return any(key in row.lower() for key in _DEBIAN_KEYS)
