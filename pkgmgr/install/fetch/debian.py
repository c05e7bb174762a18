"""apt without root, for any architecture: configuration, lists and cache of its own. Starts apt.

All settings and package sources are the host's (proxies, mirrors, keys), except for hooks, which belong to a system
that is being changed. Lists are kept in the download cache and made anew when they are old or lack what is wanted.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pkgmgr.install.fetch.client import Said, find_client, is_no_network, run_client
from pkgmgr.install.fetch.failure import Refused, SourceFailure, Unreachable
from pkgmgr.install.fetch.job import Job
from pkgmgr.install.fetch.partial import CHUNK
from pkgmgr.install.locks import hold

FRESH = 6 * 3600.0
"""Seconds for which lists are taken as they are."""
_HINT = "apt: and apt-source: need a Debian or Ubuntu host; other sources do not"
_DROPPED = re.compile(r"(Dir|CommandLine|APT::Architectures?|APT::NeverAutoRemove)\b|.*Invoke", re.I)
_FOLDERS = ("state/lists/partial", "cache/archives/partial", "sources.list.d", "empty")
_SETTINGS = {
    "Acquire::Languages": "none",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "30",
    "Acquire::https::Timeout": "30",
    "APT::Sandbox::User": "root",
    "APT::Get::List-Cleanup": "true",
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A package of an exact version."""

    kind: Literal["deb", "deb-src"]
    name: str
    version: str
    architecture: str
    """Debian's name of it; empty: the host's."""


def obtain_package(wanted: Wanted, file: str, job: Job) -> None:
    """Let apt download a package, and take one file of it.

    :param file: its name; empty: the only one there is.
    """
    apt = find_client("apt-get", job.variables, hint=_HINT)
    settings = host_settings(job)
    architecture = wanted.architecture or settings.get("APT::Architecture", [""])[0]
    said = Said(exit_code=1, output="", errors="")
    for configuration, update in _configurations(wanted, architecture, settings, job):
        run = (apt, "-qq")
        variables = {"APT_CONFIG": str(configuration), "DEBIAN_FRONTEND": "noninteractive"}
        if update:
            said = run_client((*run, "update"), job, variables=variables)
        what = f"{wanted.name}={wanted.version}"
        verb = ("source", "--download-only") if wanted.kind == "deb-src" else ("download",)
        last = run_client((*run, *verb, what), job, variables=variables)
        if last.exit_code == 0:
            _take(file, job)
            return
        said = Said(exit_code=last.exit_code, output="", errors=said.errors + last.errors)
        if update and "not found" not in last.errors and "nable to" not in last.errors:
            break
    raise _failure(wanted, said)


def _configurations(
    wanted: Wanted, architecture: str, settings: Mapping[str, list[str]], job: Job
) -> Iterator[tuple[Path, bool]]:
    """Give configurations to try, cheapest first, and whether their lists are to be made anew."""
    folder = job.shelf / "apt" / f"{wanted.kind}-{architecture or 'host'}"
    if wanted.kind == "deb" and not wanted.architecture:
        yield _write_configuration(job.scratch / "host.conf", settings, {}), False
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder / "lock"):
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        copy_sources(folder, settings, kind=wanted.kind)
        private = _write_configuration(job.scratch / "private.conf", settings, _own(folder, architecture))
        stamp = folder / "updated"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < FRESH:
            yield private, False
        stamp.touch()
        yield private, True


def _own(folder: Path, architecture: str) -> dict[str, str]:
    """Give the settings that keep apt in its own folder."""
    own = {
        "Dir::State": f"{folder}/state",
        "Dir::State::status": f"{folder}/status",
        "Dir::Cache": f"{folder}/cache",
        "Dir::Etc::SourceList": f"{folder}/sources.list",
        "Dir::Etc::SourceParts": f"{folder}/sources.list.d",
    }
    return own | ({"APT::Architecture": architecture, "APT::Architectures": architecture} if architecture else {})


def host_settings(job: Job) -> dict[str, list[str]]:
    """Ask apt for the host's settings."""
    said = run_client((find_client("apt-config", job.variables, hint=_HINT), "dump"), job)
    settings: dict[str, list[str]] = {}
    for line in said.output.splitlines():
        match = re.fullmatch(r'(\S+) "(.*)";', line)
        if match:
            settings.setdefault(match[1], []).append(match[2])
    return settings


def _write_configuration(path: Path, settings: Mapping[str, list[str]], own: Mapping[str, str]) -> Path:
    """Write all settings into one file, which only we may read: it may hold the password of a proxy."""
    rows = [
        f'{key} "{value}";' for key, values in settings.items() if not _DROPPED.match(key) for value in values if value
    ]
    # Of the host's files nothing is read again, or its hooks would come back.
    own = {**_SETTINGS, "Dir::Etc::Main": "/dev/null", "Dir::Etc::Parts": "/dev/null", **own}
    rows += [f'{key} "{value}";' for key, value in own.items()]
    path.touch(mode=0o600)
    path.write_text("\n".join(rows) + "\n")
    return path


def copy_sources(folder: Path, settings: Mapping[str, list[str]], *, kind: str) -> None:
    """Copy the host's package sources, made to be of one kind: many hosts list no ``deb-src``."""
    etc = Path("/", settings.get("Dir", ["/"])[0], settings.get("Dir::Etc", ["etc/apt"])[0])
    main = etc / settings.get("Dir::Etc::sourcelist", ["sources.list"])[0]
    parts = etc / settings.get("Dir::Etc::sourceparts", ["sources.list.d"])[0]
    for old in (folder / "sources.list.d").iterdir():
        old.unlink()
    (folder / "sources.list").write_text(of_kind(_read(main), kind))
    for path in sorted(parts.glob("*")):
        if path.suffix == ".list":
            (folder / "sources.list.d" / path.name).write_text(of_kind(_read(path), kind))
        elif path.suffix == ".sources":
            text = re.sub(r"(?mi)^Types:.*$", f"Types: {kind}", _read(path))
            (folder / "sources.list.d" / path.name).write_text(text)


def of_kind(text: str, kind: str) -> str:
    """Turn one-line package sources into those of one kind, each once. Pure."""
    rows = (re.sub(r"^deb(-src)?\s", f"{kind} ", line.strip()) for line in text.splitlines())
    return "".join(f"{row}\n" for row in dict.fromkeys(row for row in rows if row.startswith("deb")))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _take(file: str, job: Job) -> None:
    """Take the downloaded file."""
    found = [job.scratch / file] if file else sorted(job.scratch.glob("*.deb"))
    if len(found) != 1 or not found[0].is_file():
        names = ", ".join(sorted(path.name for path in job.scratch.iterdir() if path.suffix not in (".conf", ".log")))
        raise Refused(f"the package has no file {file}; it has {names}")
    job.partial.restart()
    with found[0].open("rb") as content:
        while chunk := content.read(CHUNK):
            job.partial.write(chunk)


def _failure(wanted: Wanted, said: Said) -> SourceFailure:
    """Say why apt did not give it: a version that has moved on is not a network that is not there."""
    telling = _telling(said.errors.splitlines())
    if is_no_network(said.errors):
        return Unreachable("apt reached no mirror")
    if "not found" in telling or "nable to" in telling:
        return Refused(f"the mirrors have no {wanted.name} {wanted.version} any more, or not yet")
    return Refused(f"apt failed: {telling or f'exit code {said.exit_code}'}")


def _telling(lines: Sequence[str]) -> str:
    return next((line.removeprefix("E: ") for line in reversed(lines) if line.startswith("E: ")), "")
