"""From requirements to pinned wheels, by uv or pip. Touches: processes, the index that pip or uv is configured for."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pkgmgr.host.temporary import temporary_folder
from pkgmgr.install.store import Store
from pkgmgr.install.venv.clients import Ran, find_pip, find_uv, run_client, uv_index_settings
from pkgmgr.install.venv.tags import best_wheel, marker_values, pip_platforms, supported_tags, uv_platform
from pkgmgr.install.venv.wanted import file_of_url, wheel_named
from pkgmgr.model.errors import CkpmError, ConflictError, NetworkError, UsageError
from pkgmgr.model.lock import LockedWheel
from pkgmgr.model.target import Target

_SOLVE_PIP = Path(__file__).with_name("pip_solve.py")
_NO_SOLUTION = ("no solution found", "resolutionimpossible", "no matching distribution", "conflicting dependencies")
_NO_NETWORK = (
    "name resolution",
    "failed to establish a new connection",
    "could not connect",
    "dns error",
    "error sending request",
    "network is unreachable",
    "network connectivity is disabled",
    "connection refused",
    "read timed out",
)
_MALFORMED = ("invalid requirement", "couldn't parse requirement", "failed to parse")
_LAST_LINES = 12


class NoSolution(ConflictError):
    """The index has nothing that meets all requirements with this interpreter.

    :param said: the client's name and its own words: "pip said:" and its last lines.
    """

    def __init__(self, job: Job, said: str) -> None:
        asked = ", ".join(job.requirements)
        super().__init__(f"no common solution for {asked} with Python {job.version} on {job.target}; {said}")
        self.said = said
        self.python = job.version


@dataclass(frozen=True, kw_only=True)
class Job:
    """One question to the index."""

    requirements: Sequence[str]
    interpreter: str
    version: str
    """The interpreter's."""
    target: Target
    libc_version: str | None = None
    """Of the machine that the result is for, where that is known."""
    is_foreign: bool = False
    """True: the result is for another machine than this one."""
    keep: Sequence[LockedWheel] = ()
    """What an earlier lock says; it stays where it fits."""
    variables: Mapping[str, str]
    offline: bool = False
    store: Store | None = None
    """Where uv may be installed."""


def solve(job: Job) -> tuple[LockedWheel, ...]:
    """Give one wheel for each distribution that the requirements come to, sorted by name.

    :raises NoSolution: when there is no set that meets all of them.
    :raises NetworkError: when the index can't be reached.
    """
    if job.keep:
        try:
            return _solve(job, [f"{wheel.name}=={wheel.version}" for wheel in job.keep])
        except NoSolution:
            pass  # what was locked does not fit any more: it is solved anew
    return _solve(job, [])


def _solve(job: Job, constraints: Sequence[str]) -> tuple[LockedWheel, ...]:
    uv = find_uv(job.variables, job.store)
    with temporary_folder("ckpm-solve-") as folder:
        wanted, kept = Path(folder, "requirements.txt"), Path(folder, "constraints.txt")
        wanted.write_text("".join(f"{row}\n" for row in job.requirements), encoding="utf-8")
        kept.write_text("".join(f"{row}\n" for row in constraints), encoding="utf-8")
        wheels = _by_uv(uv, job, wanted, kept) if uv is not None else _by_pip(job, wanted, kept)
    return tuple(sorted(wheels, key=lambda wheel: wheel.name))


def _by_uv(uv: str, job: Job, wanted: Path, kept: Path) -> list[LockedWheel]:
    index = uv_index_settings(job.variables)
    argv = [uv, "pip", "compile", "--quiet", "--no-header", "--only-binary", ":all:", "--format", "pylock.toml"]
    argv += ["--python", job.interpreter, "--constraints", str(kept), *index.options]
    if job.is_foreign:
        argv += ["--python-platform", uv_platform(job.target), "--python-version", _minor(job.version)]
    if job.offline:
        argv.append("--offline")
    done = run_client([*argv, str(wanted)], {**job.variables, **index.variables})
    if done.code != 0:
        raise _failure(done, job, "uv")
    return read_pylock(done.out, supported_tags(job.version, job.target, job.libc_version))


def _by_pip(job: Job, wanted: Path, kept: Path) -> list[LockedWheel]:
    report = wanted.with_name("report.json")
    options = ["install", "--dry-run", "--ignore-installed", "--only-binary", ":all:", "--no-input", "--no-color"]
    options += ["--disable-pip-version-check", "--requirement", str(wanted), "--constraint", str(kept)]
    options += ["--report", str(report)]
    if job.offline:
        options.append("--no-index")
    if job.is_foreign:
        for tag in pip_platforms(job.target, job.libc_version):
            options += ["--platform", tag]
        options += ["--python-version", _minor(job.version), "--implementation", "cp", "--target", str(wanted.parent)]
        argv = [job.interpreter, "-B", str(_SOLVE_PIP), json.dumps(marker_values(job.version, job.target)), *options]
    else:
        argv = [*find_pip(job.interpreter, job.variables), "--python", job.interpreter, *options]
    done = run_client(argv, job.variables)
    if done.code != 0:
        raise _failure(done, job, "pip")
    return read_report(report.read_text(encoding="utf-8"))


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def read_report(text: str) -> list[LockedWheel]:
    """Read pip's installation report. Pure."""
    report: dict[str, Any] = json.loads(text)
    found = []
    for row in report["install"]:
        origin, metadata = row["download_info"], row["metadata"]
        sha256 = origin.get("archive_info", {}).get("hashes", {}).get("sha256", "")
        file = file_of_url(origin["url"])
        wheel = wheel_named(metadata["name"], metadata["version"], file, sha256)
        found.append(_direct(wheel, origin["url"]) if row.get("is_direct") else wheel)
    return [_checked(wheel) for wheel in found]


def read_pylock(text: str, tags: Sequence[str]) -> list[LockedWheel]:
    """Read a ``pylock.toml`` (PEP 751) and take of each package the wheel that fits best. Pure."""
    found = []
    for row in tomllib.loads(text).get("packages", ()):
        direct = row.get("archive")
        files = [direct] if direct else row.get("wheels", [])
        names = {file.get("name") or file_of_url(file.get("url") or file["path"]): file for file in files}
        name = best_wheel(list(names), tags)
        if name is None:
            raise ConflictError(f"{row['name']} {row.get('version', '')} has no wheel for this machine")
        file = names[name]
        sha256 = file.get("hashes", {}).get("sha256", "")
        wheel = wheel_named(row["name"], row.get("version") or name.split("-")[1], name, sha256)
        found.append(_direct(wheel, direct["url"]) if direct and "url" in direct else wheel)
    return [_checked(wheel) for wheel in found]


def _direct(wheel: LockedWheel, url: str) -> LockedWheel:
    """Keep the address of what a requirement names by its address."""
    return msgspec.structs.replace(wheel, urls=(url.replace("file://", "file:", 1).split("#")[0],))


def _checked(wheel: LockedWheel) -> LockedWheel:
    if not wheel.file.endswith(".whl"):
        raise ConflictError(
            f"{wheel.name} {wheel.version} has no wheel: {wheel.file} would have to be built",
            hint="ask for a version that has one, or write a package for it",
        )
    if not re.fullmatch(r"[0-9a-f]{64}", wheel.sha256):
        raise CkpmError(f"the index gives no sha256 for {wheel.file}")
    return wheel


def pip_conflict(out: str) -> list[str]:
    """Give the lines in which pip says which requirements exclude each other; it does so among its progress. Pure."""
    found = re.search(r"^The conflict is caused by:\n(?:    .*\n?)+", out, re.M)
    return found[0].splitlines()[: _LAST_LINES + 1] if found is not None else []


def _by_name(line: str, requirements: Sequence[str]) -> str:
    """Put a requirement in the place of its line in the file that pip read."""

    def name(found: re.Match[str]) -> str:
        number = int(found[1])
        return requirements[number - 1] if 0 < number <= len(requirements) else found[0]

    return re.sub(r"-r \S+requirements\.txt \(line (\d+)\)", name, line)


def _failure(done: Ran, job: Job, client: str) -> CkpmError:
    """Word what pip or uv said."""
    said = [line for line in done.errors.strip().splitlines() if not line.startswith("WARNING: Location")]
    said = [*said[-_LAST_LINES:], *pip_conflict(done.out)]
    # pip lists every version that there is: hundreds of them tell nothing.
    last = "\n".join(f"  {_by_name(line, job.requirements)[:300]}" for line in said)
    text = done.errors.lower()
    asked = ", ".join(job.requirements)
    if any(words in text for words in _MALFORMED):
        return UsageError(f"{client} can't read one of {asked}:\n{last}")
    if any(words in text for words in _NO_NETWORK) or (job.offline and client == "pip"):
        return NetworkError(f"{asked} can't be solved without the index; {client} said:\n{last}")
    if any(words in text for words in _NO_SOLUTION):
        return NoSolution(job, f"{client} said:\n{last}")
    return CkpmError(f"{client} failed on {asked}:\n{last}")
